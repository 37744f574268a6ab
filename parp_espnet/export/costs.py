"""What each way of leaving with a model weighs, takes, and gets wrong, on one thread.

A model is exported to a place of its own, hears its whole test set, and the export is removed: what
is left is `exports.json` in the experiment's directory.
"""

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parp_espnet.errors import UserError, describe
from parp_espnet.export.formats import places
from parp_espnet.files import read_json, write_json
from parp_espnet.pruning.patterns import Units, find_pattern, is_pattern
from parp_espnet.scoring.result import RESULT
from parp_espnet.upstreams.starts import RECOGNISER

if TYPE_CHECKING:
    from parp_espnet.export.runtimes import Runtime
    from parp_espnet.export.test_set import TestSet
    from parp_espnet.export.trained import Trained

EXPORTS = "exports.json"
FORMAT = 1


@dataclass(frozen=True)
class Measured:
    """One file of an export."""

    format: str
    precision: str
    bytes: int
    milliseconds: float
    """Of one thread, for a second of speech."""
    error_rate: float
    """On the test set, in the metric of the experiment's result."""
    utterances: int
    processor: str

    @property
    def name(self) -> str:
        """What it is called in tables and figures."""
        return f"{self.format} {self.precision}"


@dataclass(frozen=True)
class Model:
    """A file of an export, and what runs it."""

    format: str
    precision: str
    bytes: int
    runtime: "Runtime"


def measure(experiment: Path, formats: Sequence[str]) -> list[Measured]:
    """Measure an experiment's exports, and leave `exports.json`; what was measured of the same
    result before is not measured again.

    What was pruned by whole units is measured without them, in the formats that can hold what is
    left.

    Raises `UserError` where the experiment is unfinished, its test set is gone, or a format cannot
    hold it.
    """
    beside = experiment / EXPORTS
    if is_measured(experiment, formats):
        return read_measured(beside)
    told = _of_what(experiment, formats)
    # What is of another result is nobody's, whatever comes.
    beside.unlink(missing_ok=True)
    # They take seconds to import, which what is complete does not need.
    import torch  # noqa: PLC0415

    from parp_espnet.export.formats import Options, export  # noqa: PLC0415
    from parp_espnet.export.test_set import find_test_set  # noqa: PLC0415
    from parp_espnet.export.trained import load_trained  # noqa: PLC0415

    torch.set_num_threads(1)
    trained = load_trained(experiment)
    parts = _parts(trained, formats)
    tests = find_test_set(trained)
    if tests is None:
        raise UserError(
            f"{experiment}: expected the test set that it was decoded on, to measure its exports, "
            f"found none; run the recipe's stages 3 and 12 again"
        )
    measured = []
    with tempfile.TemporaryDirectory() as place:
        for number, (model, named) in enumerate(parts):
            folder = Path(place) / str(number)
            export(model, folder, named, Options())
            for name, part in places(folder, named).items():
                for file in _models(name, part, model):
                    measured.append(_hear(file, model, tests))
    write_json(beside, {**told, "files": [asdict(one) for one in measured]})
    return measured


def _is_of_units(result: object) -> bool:
    """Whether a result says that whole units were pruned."""
    options = result.get("options") if isinstance(result, dict) else None
    scope = (options or {}).get("scope")
    return is_pattern(scope) and isinstance(find_pattern(scope), Units)


def _parts(trained: "Trained", formats: Sequence[str]) -> list[tuple["Trained", Sequence[str]]]:
    """What is exported, and as what: without its units, where whole ones are pruned."""
    from parp_espnet.export.cut import STOCK, cut  # noqa: PLC0415  # as above
    from parp_espnet.pruning.settings import PruneSettings  # noqa: PLC0415

    settings = PruneSettings.parse(trained.config.get("prune_conf"))
    if not settings.sparsity or not isinstance(settings.ranking.form, Units):
        return [(trained, formats)]
    smaller = [name for name in formats if name not in STOCK]
    whole = [name for name in formats if name in STOCK]
    parts: list[tuple[Trained, Sequence[str]]] = []
    if smaller:
        parts.append((cut(trained, smaller), smaller))
    if whole:
        parts.append((trained, whole))
    return parts


def is_measured(experiment: Path, formats: Sequence[str]) -> bool:
    """Whether an experiment's exports in these formats were measured, of its present result."""
    beside = experiment / EXPORTS
    if not beside.is_file():
        return False
    before = read_json(beside)
    return isinstance(before, dict) and {**before, **_of_what(experiment, formats)} == before


def measured_of(experiment: Path) -> list[Measured]:
    """What was measured of the exports of an experiment's present result, by a study; nothing where
    nothing was.
    """
    beside = experiment / EXPORTS
    if not beside.is_file() or not (experiment / RESULT).is_file():
        return []
    found = read_measured(beside)
    digest = read_json(beside).get("result_sha256")
    return found if digest == _of_what(experiment, [])["result_sha256"] else []


def is_measured_cut(experiment: Path) -> bool:
    """Whether what was measured is without units, as far as formats can hold what is left."""
    return "cut" in read_json(experiment / EXPORTS)


def _of_what(experiment: Path, formats: Sequence[str]) -> dict[str, object]:
    """What `exports.json` says of what it is of."""
    digest = hashlib.sha256((experiment / RESULT).read_bytes()).hexdigest()
    told: dict[str, object] = {"format": FORMAT, "formats": list(formats), "result_sha256": digest}
    if _is_of_units(read_json(experiment / RESULT)):
        # What was measured before it was cut is measured again.
        told["cut"] = True
    return told


def read_measured(path: Path) -> list[Measured]:
    """Read an `exports.json`. Raises `UserError` where it is damaged, or of another version."""
    found = read_json(path)
    try:
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}")
        return [Measured(**values) for values in found["files"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: expected what a study measures of exports ({describe(error)}); remove "
            f"it, and run the study again"
        ) from None


def _models(name: str, folder: Path, trained: "Trained") -> Iterator[Model]:
    """The files of an export, each in the runtime that it is for, on one thread."""
    if name in ("onnx", "openvino"):
        from parp_espnet.export.exported import RUNTIMES  # noqa: PLC0415

        told = read_json(folder / RECOGNISER)
        for precision, of_file in told["files"].items():
            runtime = RUNTIMES[told["format"]](folder / of_file["file"], threads=1)
            yield Model(name, precision, of_file["bytes"], runtime)
        return
    from parp_espnet.export import sparse_folder  # noqa: PLC0415
    from parp_espnet.export.bundle import WEIGHTS, load_bundle  # noqa: PLC0415
    from parp_espnet.export.sparse import load_sparse  # noqa: PLC0415

    if name == "sparse":
        path, precision = folder / sparse_folder.WEIGHTS, "fp16"
        weights = load_sparse(path)
    else:
        path, precision = folder / WEIGHTS, "fp32"
        weights = {key: tensor.numpy() for key, tensor in load_bundle(folder).weights.items()}
    torch_runtime = sparse_folder.TorchRuntime(trained, weights)
    yield Model(name, precision, path.stat().st_size, torch_runtime)


def _hear(model: Model, trained: "Trained", tests: "TestSet") -> Measured:
    """Recognise a test set, an utterance at a time, and count time and errors."""
    from parp_espnet.export.judged import tokens_in  # noqa: PLC0415
    from parp_espnet.machine import processor  # noqa: PLC0415
    from parp_espnet.recognition.audio import RATE, read  # noqa: PLC0415

    waves = {utterance: read(path) for utterance, path in sorted(tests.recordings.items())}
    # What only a first call takes.
    tokens_in(model.runtime, next(iter(waves.values())), trained.tokens)
    heard = {}
    # The processor's own time: what else runs on the machine is not in it.
    started = time.process_time()
    for utterance, samples in waves.items():
        heard[utterance] = tokens_in(model.runtime, samples, trained.tokens)
    spent = time.process_time() - started
    seconds = sum(len(samples) for samples in waves.values()) / RATE
    return Measured(
        format=model.format,
        precision=model.precision,
        bytes=model.bytes,
        milliseconds=1000 * spent / seconds,
        error_rate=_error_rate(trained, tests, heard),
        utterances=len(waves),
        processor=processor(),
    )


def _error_rate(trained: "Trained", tests: "TestSet", heard: dict[str, tuple[str, ...]]) -> float:
    """The errors in what was heard, counted as the experiment's result counts them."""
    from parp_espnet.scoring.merge import merge  # noqa: PLC0415
    from parp_espnet.scoring.per import count_errors, total  # noqa: PLC0415
    from parp_espnet.scoring.transcripts import read_text  # noqa: PLC0415
    from parp_espnet.scoring.words import Metric, units  # noqa: PLC0415

    assert trained.result is not None
    table = trained.result.merges
    said = read_text(tests.place / "text")
    references, hypotheses = units(
        Metric(trained.result.metric), merge(table, said), merge(table, heard)
    )
    return total(count_errors(references, hypotheses)).error_rate
