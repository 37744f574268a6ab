"""What tables and figures call an experiment."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from parp_espnet.pruning.methods import METHODS, find_method
from parp_espnet.scoring.result import Result

MADE = "_mask.safetensors"
"""Ends the name of a mask that the template makes (local/masks.sh), after where it comes from."""
COMBINED = Path("exp/masks")
"""Has the masks that a study combines of several languages'."""


class Rate(NamedTuple):
    """What an error rate is called."""

    short: str
    long: str


RATES = {
    "per": Rate("PER", "phone error rate"),
    "wer": Rate("WER", "word error rate"),
    "cer": Rate("CER", "character error rate"),
}
JOINT = "joint run"
"""Ends what a method is called in one run for several languages."""
MODELS = " with "
"""Stands before the language models of a decoding."""
TEXT = Rate("1 − score", "error rate, 1 − score")


def rate_of(results: Sequence[Result]) -> Rate:
    """Return what the error rates of results are called, those of text tasks all alike."""
    found = {RATES.get(result.metric, TEXT) for result in results}
    return found.pop() if len(found) == 1 else Rate("error rate", "error rate")


def is_text(results: Sequence[Result]) -> bool:
    """Whether there are results and all are of text tasks."""
    return bool(results) and all(result.metric not in RATES for result in results)


def scores_of(result: Result) -> str:
    """Return the scores of a text task in words; nothing of speech."""
    return ", ".join(f"{name} {score:.4f}" for name, score in (result.scores or {}).items())


def decoding_of(result: Result) -> str:
    """Return how speech was decoded, and with which language models; nothing of text tasks.

    Weights are left out: each experiment tunes its own.
    """
    if result.metric not in RATES:
        return ""
    models = [name for name, file in (("n-gram", result.ngram), ("LM", result.lm)) if file is not None]
    # Greedy decoding has not always said its name.
    return f"{result.decoding or 'greedy'}{MODELS if models else ''}{' and '.join(models)}"


def decodings(results: Sequence[Result]) -> list[str]:
    """Return how the results were decoded, each way once; none of text tasks."""
    return list(dict.fromkeys(filter(None, map(decoding_of, results))))


def conditions(result: Result, but: str | None = None) -> tuple[object, ...]:
    """Return what two results have to have in common to be compared, the field `but` left out."""
    data = ("language", "dataset", "train_minutes", "train_examples")
    names = (*data, "upstream", "seed", "freeze_updates", "metric")
    return (*(getattr(result, name) for name in names if name != but), decoding_of(result))


def amounts(results: Sequence[Result]) -> str:
    """Return on how much was trained, such as "10, 60 minutes of speech"."""
    minutes = dict.fromkeys(f"{one.train_minutes:g}" for one in results if one.train_minutes is not None)
    examples = dict.fromkeys(str(one.train_examples) for one in results if one.train_examples is not None)
    told = {"minutes of speech": minutes, "examples": examples}
    return " and ".join(f"{', '.join(found)} {unit}" for unit, found in told.items() if found)


def method_of(result: Result) -> str:
    """Return what tables call the method: with where the mask is from, unless it was made for the experiment."""
    if is_joint(result):
        return f"{result.method}, {JOINT}"
    if result.initial_mask is None:
        return result.method
    # A mask of a recipe is at egs2/<corpus>/<language>/exp/<tag>/<source>_mask.safetensors.
    mask = Path(result.initial_mask)
    if mask.is_relative_to(result.recipe) and mask.name.endswith(MADE):
        own, source = find_method(result.method).first_mask.name.lower(), mask.name.removesuffix(MADE)
        return result.method if source == own else f"{result.method}, {source} mask"
    return f"{result.method}, mask of {_foreign(mask)}"


def combined_mask(how: str, arm: str, languages: Sequence[str], sparsity: float, seed: int) -> Path:
    """Return where the mask is, from the project's directory, that combines those of an arm in several languages."""
    return COMBINED / f"{'_'.join([how, arm, *languages, f's{sparsity:g}', f'seed{seed}'])}.safetensors"


def _foreign(mask: Path) -> str:
    """What a mask from elsewhere is called: by its language, and unless it is OMP's by its run's method as well."""
    if mask.is_relative_to(COMBINED):
        how, *of, _, _ = mask.stem.split("_")
        return f"{how} of {' '.join(of)}"
    if mask.parts[:1] != ("egs2",):
        return mask.stem
    # A run ends with a mask of its own; its directory is named by the template, method second.
    method = [word for word in mask.parent.name.split("_")[1:2] if word in METHODS and not mask.name.endswith(MADE)]
    return " ".join([mask.parts[2], *method])


def bare(method: str) -> str:
    """Return the method alone of what `method_of` calls it."""
    return method.split(",", maxsplit=1)[0]


def is_joint(result: Result) -> bool:
    """Whether one run was for several languages, of which the result is one or all."""
    return Path(result.recipe).name == "joint"


def is_total(result: Result) -> bool:
    """Whether the result is of all languages of a joint run together."""
    return is_joint(result) and " " in (result.language or "")


def whose(result: Result) -> str:
    """Return whose a mask is: the language's, or the joint run's."""
    return JOINT if is_joint(result) else result.language or ""


def source_of(result: Result) -> str:
    """Return the language whose mask a result begins with, or what else the mask is called; "" where it is its own."""
    return mask_in(method_of(result))


def mask_in(method: str) -> str:
    """Return what a mask from elsewhere is called in what `method_of` calls a method; "" where it has none."""
    return method.partition(", mask of ")[2]
