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
from parp_espnet.pipeline.kept import finetuning_runs_of, load_text
from parp_espnet.pipeline.made import languages_of
from parp_espnet.pipeline.paths import ROOT, from_root
from parp_espnet.pipeline.trained import trained
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.scoring.result import RESULT, Result, digest_of, git_revision, versions
from parp_espnet.upstreams.starts import SUMMARY

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
    model = load_classifier(place, task, pattern=settings.prune_pattern)
    tokenizer = load_tokenizer(place)
    scores: dict[str, float] = {}
    labels: dict[str, Values] = {}
    predictions: dict[str, Values] = {}
    started = time.perf_counter()
    for name in tests:
        examples = read(Path("data", f"{name}.tsv"), task)
        labels[name] = np.array([example.label for example in examples])
        predictions[name] = predict(model, tokenizer, examples, settings)
        file = exp / "predictions" / f"{name}.tsv"
        write_predictions(file, examples, predictions[name], settings)
        part = "" if len(tests) == 1 else f"/{name}"
        for metric in task.metrics:
            scores[f"{metric}{part}"] = METRICS[metric].score(labels[name], predictions[name])
    seconds = time.perf_counter() - started
    first, main = tests[0], METRICS[task.metrics[0]]
    write_text(
        exp / PREDICTIONS, (exp / "predictions" / f"{first}.tsv").read_text(encoding="utf-8")
    )
    result = Result(
        **(_setting(settings, exp) | trained(exp)), dataset=first, metric=task.metrics[0],
        scores=scores,
        error_rate=1 - main.score(labels[first], predictions[first]),
        ci95=error_interval(main, labels[first], predictions[first]), sub=None, del_=None, ins=None,
        reference_length=len(labels[first]), reference_sha256=_digest(first, task), pfer=None,
        decode_seconds=seconds, audio_seconds=None,
        versions=versions(), git=git_revision(ROOT),
    )  # fmt: skip
    result.write(exp / RESULT)
    return result


def write_predictions(
    path: Path, examples: Sequence[Example], predictions: Values, settings: Settings
) -> None:
    """Write the label and the prediction of each example, a line each."""
    task = settings.definition
    text = "\t".join(HEAD) + "\n"
    for example, value in zip(examples, predictions, strict=True):
        prediction = f"{value:.6g}" if task.labels is None else task.labels[int(value)]
        text += f"{example.id}\t{label_name(example.label, task)}\t{prediction}\n"
    write_text(path, text)


def compare(file: Path, other: Path, metric: str, seed: int = 0) -> Paired:
    """Compare two experiments by what they predicted of the same examples.

    Args:
        file, other: their `predictions.tsv`.
        metric: of `metrics.METRICS`.
        seed: of the samples that are drawn.

    Raises:
        UserError: a file is missing or damaged, or they are not of the same examples.
    """
    ids, labels, first = zip(*read_predictions(file), strict=True)
    other_ids, other_labels, second = zip(*read_predictions(other), strict=True)
    if (ids, labels) != (other_ids, other_labels):
        raise UserError(
            f"{file} and {other}: expected predictions of the same examples; score both again "
            f"(stage 5)"
        )
    # Classes get numbers in the order of their names, in which for two classes the second is the
    # positive one.
    names = sorted(set(labels).union(first, second))
    number = float if metric in ("pearson", "spearman") else names.index

    def numbers(column: Sequence[str]) -> Values:
        return np.array(list(map(number, column)), np.float64)

    return METRICS[metric].compare(numbers(labels), numbers(first), numbers(second), seed)


def read_predictions(path: Path) -> list[list[str]]:
    """Return the id, label and prediction of each example. Raises `UserError` when the file is
    missing or damaged.
    """
    try:
        lines = regular(path).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: no such file; score again (stage 5)") from None
    head, *rows = [line.split("\t") for line in lines] or [[]]
    if tuple(head) != HEAD or set(map(len, rows)) != {len(HEAD)}:
        raise UserError(
            f"{path}: expected the columns {' '.join(HEAD)} and a line for each example; score "
            f"again"
        )
    return rows


def _digest(name: str, task: Task) -> str:
    """Of a set's examples, their labels among them."""
    rows = []
    for example in read(Path("data", f"{name}.tsv"), task):
        rows.append((example.id, example.sentence1, example.sentence2, str(example.label)))
    return digest_of(rows)


def _setting(settings: Settings, exp: Path) -> dict[str, Any]:
    told = read_json(exp / SUMMARY)
    return {
        "recipe": from_root(settings.recipe),
        "language": settings.task,
        "train_minutes": None,
        "train_examples": len(read(Path(f"data/{settings.train_set}.tsv"), settings.definition)),
        "upstream": settings.upstream_label,
        "finetuning_runs": finetuning_runs_of(settings, exp),
        "interval": settings.interval,
        "options": told.get("options") if isinstance(told, dict) else None,
        "train_languages": languages_of(settings),
        "train_sha256": _digest(settings.train_set, settings.definition),
    }
