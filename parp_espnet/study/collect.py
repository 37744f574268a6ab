"""Collect the results of a study's experiments into one file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.export.costs import EXPORTS, read_measured
from parp_espnet.files import read_json, write_json
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.score import BY_LANGUAGE
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import is_joint
from parp_espnet.study.complete import is_result
from parp_espnet.study.experiment import Experiment

UNDETERMINED = "und"
"""The code of a language that is not known."""


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

    Where a study has several recipes of one language, or one of a language that nobody named, each
    is called as the study calls it.

    Args:
        root: the project's directory, from which experiments are named.

    Raises:
        UserError: none is there, or that of one of several languages is no result.
    """
    done: list[Done] = []
    for experiment in experiments:
        done += _done(experiment, root)
    done = _told_apart(done)
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


def _told_apart(done: Sequence[Done]) -> list[Done]:
    """The same, languages of several corpora, and one that nobody named, by the study's own names:
    what has another name is neither compared, averaged nor drawn as one.
    """
    by_language: dict[str | None, dict[str, str]] = {}
    for run in done:
        if not is_joint(run.result):
            recipes = by_language.setdefault(run.result.language, {})
            recipes[run.result.recipe] = run.experiment.language
    names: dict[tuple[object, object], str] = {}
    for language, recipes in by_language.items():
        if len(recipes) > 1 or language == UNDETERMINED:
            names |= {(recipe, language): name for recipe, name in recipes.items()}
    return [replace(run, result=_renamed(run.result, names)) for run in done]


def _renamed(result: Result, names: Mapping[tuple[object, object], str]) -> Result:
    """A result whose language, and that of the mask which it was given, have the study's names."""
    language = names.get((result.recipe, result.language), result.language)
    origin = result.mask_origin
    if origin is not None:
        of_mask = names.get((origin.get("recipe"), origin.get("language")))
        if of_mask is not None:
            origin = origin | {"language": of_mask}
    return replace(result, language=language, mask_origin=origin)


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
