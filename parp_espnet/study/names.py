"""What tables and figures call an experiment."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from parp_espnet.errors import printable
from parp_espnet.names import plain_name
from parp_espnet.scoring.result import Result
from parp_espnet.study import older
from parp_espnet.study.arms import JOINT, arm_of, is_joint
from parp_espnet.study.comparable import shared_options


class Rate(NamedTuple):
    """What an error rate is called."""

    short: str
    long: str


RATES = {
    "per": Rate("PER", "phone error rate"),
    "wer": Rate("WER", "word error rate"),
    "cer": Rate("CER", "character error rate"),
}
SPARSITY = re.compile(r"s0?\.\d+")
"""A sparsity in the name of an experiment."""
MODELS = " with "
"""Stands before the language models of a decoding."""
TEXT = Rate("1 − score", "error rate, 1 − score")


def rate_of(results: Sequence[Result]) -> Rate:
    """Return what the error rates of results are called, those of text tasks all alike."""
    rates = {RATES.get(result.metric, TEXT) for result in results}
    return rates.pop() if len(rates) == 1 else Rate("error rate", "error rate")


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
    models = []
    if result.ngram is not None:
        models.append("n-gram")
    if result.lm is not None:
        models.append("LM")
    # Greedy decoding has not always said its name.
    decoding = result.decoding or "greedy"
    if not models:
        return decoding
    return f"{decoding}{MODELS}{' and '.join(models)}"


def decodings(results: Sequence[Result]) -> list[str]:
    """Return how the results were decoded, each way once; none of text tasks."""
    return list(dict.fromkeys(filter(None, map(decoding_of, results))))


def conditions(
    result: Result, but: str | None = None, aside: Iterable[str] = ()
) -> tuple[object, ...]:
    """Return what two results have to have in common to be compared, the field `but` left out, and
    the options `aside`.
    """
    compared = {
        "language": result.language,
        "dataset": result.dataset,
        "train_minutes": result.train_minutes,
        "train_examples": result.train_examples,
        "upstream": result.upstream,
        "seed": result.seed,
        "freeze_updates": result.freeze_updates,
        "metric": result.metric,
    }
    if but is not None:
        del compared[but]
    return (
        *compared.values(),
        decoding_of(result),
        tuple(sorted(result.merges.items())),
        shared_options(result, aside),
    )


def upstream_names(upstreams: Iterable[str]) -> dict[str, str]:
    """Return what figures call each upstream: one that is an experiment, which results name by its
    path, by its recipe and method, such as "from cldr/joint (parp-p s0.9)".

    Where that is not its own, all keep their paths.
    """
    labels = list(dict.fromkeys(upstreams))
    names = {label: _upstream_name(label) for label in labels}
    if len(set(names.values())) < len(labels):
        return {label: label for label in labels}
    return names


def _upstream_name(label: str) -> str:
    *folders, run = [part for part in label.split("/") if part != ".."]
    kind, *words = run.split("_")
    if not folders or kind != "phn" or not words:
        return label
    if folders[-1] == "exp":
        folders.pop()
    sparsity = [word for word in words[1:2] if SPARSITY.fullmatch(word)]
    return f"from {'/'.join(folders)} ({' '.join([words[0], *sparsity])})"


def amounts(results: Sequence[Result]) -> str:
    """Return on how much was trained, such as "10, 60 minutes of speech"."""
    minutes: dict[str, None] = {}
    examples: dict[str, None] = {}
    for result in results:
        if result.train_minutes is not None:
            minutes[f"{result.train_minutes:g}"] = None
        if result.train_examples is not None:
            examples[str(result.train_examples)] = None
    told = []
    if minutes:
        unit = "minute" if list(minutes) == ["1"] else "minutes"
        told.append(f"{', '.join(minutes)} {unit} of speech")
    if examples:
        told.append(f"{', '.join(examples)} examples")
    return " and ".join(told)


def made_by(results: Sequence[Result]) -> str:
    """Return the versions and devices that the results depend on, and the commits of the code: each
    once.
    """
    environments = dict.fromkeys(result.environment for result in results)
    commits = dict.fromkeys(result.git or "unknown" for result in results)
    commit = "commit" if len(commits) == 1 else "commits"
    return printable(f"{'; or '.join(environments)}; {commit} {', '.join(commits)}")


def method_of(result: Result) -> str:
    """Return what tables call the method: with where the mask is from, unless it was made for the
    experiment.
    """
    return arm_of(result).name


def combined_mask(how: str, arm: str, languages: Sequence[str], sparsity: float, seed: int) -> Path:
    """Return where the mask is, from the project's directory, that combines those of an arm in
    several languages.
    """
    words = [how, arm, *languages, f"s{sparsity:g}", f"seed{seed}"]
    # A name of the study's file is never a path.
    words = [plain_name(word) if "/" in word else word for word in words]
    return older.COMBINED / f"{'_'.join(words)}.safetensors"


def whose(result: Result) -> str:
    """Return whose a mask is: the language's, or the joint run's."""
    return JOINT if is_joint(result) else result.language or ""


def spoken(results: Sequence[Result]) -> dict[str, tuple[str, ...]]:
    """Return what is spoken in each of a study's languages, where that is known: a study with
    several corpora of one language has names of its own for them.
    """
    heard = {}
    for result in results:
        if result.train_languages is not None and not is_joint(result):
            heard[result.language or ""] = tuple(result.train_languages)
    return heard


def source_of(result: Result) -> str:
    """Return what the mask is called that a result was given; "" where it has its own."""
    return arm_of(result).given
