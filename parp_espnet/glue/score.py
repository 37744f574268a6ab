"""Score a finetuned model, and write down everything that a later table needs."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, regular, write_text
from parp_espnet.glue.examples import Example, label_name, read
from parp_espnet.glue.metrics import METRICS, Values, error_interval
from parp_espnet.glue.settings import MODEL, Settings
from parp_espnet.glue.tasks import Task
from parp_espnet.pipeline.kept import load_text
from parp_espnet.pipeline.made import languages_of
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.trained import SUMMARY, trained
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.scoring.result import Result, digest_of, git_revision, versions

PREDICTIONS = "predictions.tsv"
"""Of the set that is reported on, beside `result.json`; of all sets, in `predictions/`."""
HEAD = ("id", "label", "prediction")


def score(exp: Path) -> Result:
    """Predict the sets that are reported on; write `result.json` and the predictions; return the
    result.

    `error_rate` is 1 − the first of the task's metrics on the first of these sets; `scores` has all
    metrics on all.

    Raises:
        UserError: a file is missing or damaged.
    """
    # Imported here: torch takes seconds, and who compares predictions needs none of it.
    from parp_espnet.glue.finetune import predict  # noqa: PLC0415
    from parp_espnet.glue.models import load_classifier, load_tokenizer  # noqa: PLC0415

    settings = load_text(exp)
    task, tests = settings.definition, settings.sets[2:]
    place = str((exp / MODEL).parent.resolve())
    model, tokenizer = (
        load_classifier(place, task, pattern=settings.prune_pattern),
        load_tokenizer(place),
    )
    scores: dict[str, float] = {}
    labels: dict[str, Values] = {}
    found: dict[str, Values] = {}
    started = time.perf_counter()
    for name in tests:
        examples = read(Path("data", f"{name}.tsv"), task)
        labels[name] = np.array([one.label for one in examples])
        found[name] = predict(model, tokenizer, examples, settings)
        write_predictions(exp / "predictions" / f"{name}.tsv", examples, found[name], settings)
        part = "" if len(tests) == 1 else f"/{name}"
        scores |= {
            f"{metric}{part}": METRICS[metric].score(labels[name], found[name])
            for metric in task.metrics
        }
    seconds = time.perf_counter() - started
    first, metric = tests[0], METRICS[task.metrics[0]]
    write_text(
        exp / PREDICTIONS, (exp / "predictions" / f"{first}.tsv").read_text(encoding="utf-8")
    )
    result = Result(
        **_setting(settings, exp), **trained(exp), dataset=first, metric=task.metrics[0],
        scores=scores,
        error_rate=1 - metric.score(labels[first], found[first]),
        ci95=error_interval(metric, labels[first], found[first]), sub=None, del_=None, ins=None,
        reference_length=len(labels[first]), reference_sha256=_digest(first, task), pfer=None,
        decode_seconds=seconds, audio_seconds=None,
        versions=versions(), git=git_revision(ROOT),
    )  # fmt: skip
    result.write(exp / "result.json")
    return result


def write_predictions(
    path: Path, examples: Sequence[Example], found: Values, settings: Settings
) -> None:
    """Write the label and the prediction of each example, a line each."""
    task = settings.definition
    rows = [
        (
            one.id,
            label_name(one.label, task),
            f"{value:.6g}" if task.labels is None else task.labels[int(value)],
        )
        for one, value in zip(examples, found, strict=True)
    ]
    write_text(path, "".join("\t".join(row) + "\n" for row in (HEAD, *rows)))


def compare(one: Path, other: Path, metric: str) -> Paired:
    """Compare two experiments by what they predicted of the same examples.

    Args:
        one, other: their `predictions.tsv`.
        metric: of `metrics.METRICS`.

    Raises:
        UserError: a file is missing or damaged, or they are not of the same examples.
    """
    first, second = read_predictions(one), read_predictions(other)
    if [row[:2] for row in first] != [row[:2] for row in second]:
        raise UserError(
            f"{one} and {other}: expected predictions of the same examples; score both again "
            f"(stage 5)"
        )
    # Classes get numbers in the order of their names, in which for two classes the second is the
    # positive one.
    words = {word for row in [*first, *second] for word in row[1:]}
    names = {name: number for number, name in enumerate(sorted(words))}
    regression = metric in ("pearson", "spearman")

    def numbers(rows: list[list[str]], column: int) -> Values:
        return np.array(
            [float(row[column]) if regression else names[row[column]] for row in rows],
            dtype=np.float64,
        )

    return METRICS[metric].compare(numbers(first, 1), numbers(first, 2), numbers(second, 2))


def read_predictions(path: Path) -> list[list[str]]:
    """Return the id, label and prediction of each example. Raises `UserError` when the file is
    missing or damaged.
    """
    try:
        head, *rows = [
            line.split("\t") for line in regular(path).read_text(encoding="utf-8").splitlines()
        ] or [[]]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; score again (stage 5)") from None
    if tuple(head) != HEAD or not rows or any(len(row) != len(HEAD) for row in rows):
        raise UserError(
            f"{path}: expected the columns {' '.join(HEAD)} and a line for each example; score "
            f"again"
        )
    return rows


def _digest(name: str, task: Task) -> str:
    """Of a set's examples, their labels among them."""
    rows = (
        (one.id, one.sentence1, one.sentence2, str(one.label))
        for one in read(Path("data", f"{name}.tsv"), task)
    )
    return digest_of(rows)


def _setting(settings: Settings, exp: Path) -> dict[str, Any]:
    told = read_json(exp / SUMMARY)
    return {
        "recipe": from_root(settings.recipe),
        "language": settings.task,
        "train_minutes": None,
        "train_examples": len(read(Path("data/train.tsv"), settings.definition)),
        "upstream": settings.upstream_label,
        "finetuning_runs": settings.finetuning_runs,
        "interval": settings.interval,
        "options": told.get("options") if isinstance(told, dict) else None,
        "train_languages": languages_of(settings),
        "train_sha256": _digest("train", settings.definition),
    }
