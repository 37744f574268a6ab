"""Collect the results of a study's experiments into one file."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.export.costs import EXPORTS, read_measured
from parp_espnet.files import read_json, write_json
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.score import BY_LANGUAGE
from parp_espnet.scoring.result import Result
from parp_espnet.study.complete import is_result
from parp_espnet.study.experiment import Experiment


@dataclass(frozen=True)
class Done:
    """A complete experiment, as a whole or in one of its several languages."""

    experiment: Experiment
    result: Result
    folder: Path
    """Has the `result.json`, and the `utterances.tsv` that belongs to it."""
    whole: bool = True


def collect(experiments: Sequence[Experiment], root: Path, out: Path) -> list[Done]:
    """Write `out`, the list of the results that are there, in the experiments' order; return them.

    Args:
        root: the project's directory, from which experiments are named.

    Raises:
        UserError: none is there, or that of one of several languages is no result.
    """
    done: list[Done] = []
    for experiment in experiments:
        done += _done(experiment, root)
    need_any(done, experiments)
    write_json(out, [run.result.as_json() for run in done])
    return done


def need_any(done: Sequence[object], experiments: Sequence[Experiment]) -> None:
    """Raise `UserError` where none of some experiments is done."""
    if not done:
        raise UserError(
            f"none of {len(experiments)} experiments has a result yet, such as "
            f"{experiments[0].result}"
        )


def _done(experiment: Experiment, root: Path) -> Iterator[Done]:
    file = root / experiment.result
    if is_result(file):
        result = _with_exports(_complete(Result.read(file), experiment), file.parent / EXPORTS)
        yield Done(experiment, result, file.parent)
        for part in sorted(file.parent.glob(f"{BY_LANGUAGE}/*/{file.name}")):
            yield Done(
                experiment, _complete(Result.read(part), experiment), part.parent, whole=False
            )


def _complete(result: Result, experiment: Experiment) -> Result:
    """A result of before says nothing of its options; the study's file does."""
    if result.options is not None:
        return result
    return replace(result, options=options_of(experiment.settings))


def _with_exports(result: Result, file: Path) -> Result:
    """The same with what its exports weigh and take, where that was measured."""
    if not file.is_file():
        return result
    return replace(result, exports=[asdict(measured) for measured in read_measured(file)])


def read_results(path: Path) -> list[Result]:
    """Read a study's `results.json`. Raises `UserError` when it is missing, damaged or empty."""
    entries = read_json(path)
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path}: expected a list of results; collect them again")
    results = []
    for number, entry in enumerate(entries, start=1):
        results.append(Result.of(entry, where=f"{path}, result {number}"))
    return results
