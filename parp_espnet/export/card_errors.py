"""The errors on a model card: which decoding each rate is of, and which a folder decodes with."""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.export.decodings import Tuned
from parp_espnet.export.trained import Trained
from parp_espnet.scoring.result import GREEDY, RESULT, Result


def scores_of(trained: Trained) -> list[Result]:
    """Return the experiment's result, and those of its other decodings of the same test set, by the
    same metric and on the same references; nothing where nothing was scored. Raises `UserError`
    where one is damaged.
    """
    result = trained.result
    if result is None:
        return []
    scores = [result]
    told = {told_of(result)}
    for path in sorted(trained.folder.glob(f"decode_*/{result.dataset}/score/{RESULT}")):
        score = Result.read(path)
        if _compares(score, result) and told_of(score) not in told:
            scores.append(score)
            told.add(told_of(score))
    return scores


def _compares(score: Result, result: Result) -> bool:
    """Whether a score is of the same model and counts the same errors."""
    own = (score.metric, score.merges, score.reference_sha256, score.mask_sha256)
    return own == (result.metric, result.merges, result.reference_sha256, result.mask_sha256)


def told_of(result: Result) -> str:
    """Return how it was decoded, in words: with which language models, words and weights."""
    parts = [result.decoding or "not said"]
    if result.lm is not None:
        parts.append(_weighed("ESPnet's LM", result.lm_weight))
    if result.ngram is not None:
        parts.append(_weighed(Path(result.ngram).name, result.ngram_weight))
    if lexicon := _lexicon(result):
        parts.append(f"words of {Path(lexicon).name}")
    if result.penalty is not None:
        parts.append(f"penalty {result.penalty:g}")
    return ", ".join(parts)


def _weighed(name: str, weight: float | None) -> str:
    return name if weight is None else f"{name} × {weight:g}"


def _lexicon(result: Result) -> str:
    return str((result.options or {}).get("lexicon", ""))


def by_default(scores: Sequence[Result], search: Tuned | None) -> Result | None:
    """Return the score of what a folder decodes with where nothing else is asked for; None where
    there is none.

    Args:
        scores: as of `scores_of`.
        search: the tuned search that it has; None where it decodes greedily.
    """
    for score in scores:
        if _is_of(score, search):
            return score
    return None


def _is_of(score: Result, search: Tuned | None) -> bool:
    if search is None:
        # What is older than the field was decoded greedily.
        return score.decoding in (None, GREEDY)
    weights = search.weights
    if score.decoding != f"beam {search.beam}" or _lexicon(score):
        return False
    if bool(score.ngram) != bool(search.ngram) or bool(score.lm) != bool(search.lm):
        return False
    weighed = (score.lm_weight or 0.0, score.ngram_weight or 0.0, score.penalty or 0.0)
    return weighed == (weights.lm_weight, weights.ngram_weight, weights.penalty)
