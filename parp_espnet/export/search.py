"""Which search a recogniser makes: what a user asks for, or the best that was tuned."""

from collections.abc import Sequence
from dataclasses import replace

from parp_espnet.decoding.binary import read_ngram
from parp_espnet.decoding.platt import AS_THEY_ARE
from parp_espnet.decoding.whole_set import Models, Weights
from parp_espnet.decoding.word_list import OPTION, read_lexicon
from parp_espnet.errors import UserError
from parp_espnet.export.asked import Asked
from parp_espnet.export.decodings import Tuned
from parp_espnet.progress import say
from parp_espnet.recognition.search import Search

USUAL_BEAM = 12
OTHERWISE = "choose another search: --greedy, --ngram FILE, or a weight of 0"


def choose(
    asked: Asked, tuned: Sequence[Tuned], tokens: Sequence[str]
) -> tuple[Search | None, str]:
    """Return the search, None where it is greedy, and what is said of it.

    Args:
        tuned: searches that were tuned on the validation set, the best one first.
        tokens: the recogniser's.

    Raises `UserError` where a language model that it needs is missing, or of other tokens.
    """
    asked.check()
    if asked.is_greedy or not (tuned or asked.anything):
        return None, "greedy"
    best = tuned[0] if tuned else None
    if best is not None and not asked.anything:
        best.check(OTHERWISE)
        return _search(best, tokens), f"{best.name.removeprefix('decode_')}: {best.told}"
    start = best or Tuned("asked", USUAL_BEAM, Weights(), "nothing", 0.0)
    lost = start.lost_lm
    without = ""
    if lost is not None and asked.ngram is not None and asked.lm_weight is None:
        # Whoever gives a language model can do without the one that was tuned.
        start = replace(start, lm=None, weights=replace(start.weights, lm_weight=0.0))
        without = f", without the language model that was tuned: {lost} is gone"
    changed = _changed(start, asked)
    ours = changed if asked.ngram is None else replace(changed, ngram=None)
    ours.check(OTHERWISE)
    told = changed.told.partition(" (tuned")[0]
    search = _search(changed, tokens)
    if asked.lexicon is not None:
        lexicon, left_out = read_lexicon(asked.lexicon, tokens)
        if left_out:
            say(f"{OPTION} {asked.lexicon}: left out {left_out}")
        search = replace(search, models=replace(search.models, lexicon=lexicon))
        told += f", words of {asked.lexicon.name}"
    return search, f"as asked for: {told}{without}"


def _changed(start: Tuned, asked: Asked) -> Tuned:
    """A search with what a user asks for in place of what was tuned."""
    weights = start.weights
    given = {
        name: value
        for name in ("ngram_weight", "lm_weight", "penalty")
        if (value := getattr(asked, name)) is not None
    }
    ngram = asked.ngram or start.ngram
    if asked.ngram is not None and asked.ngram_weight is None and not weights.ngram_weight:
        given["ngram_weight"] = 0.5
    if given.get("ngram_weight") and ngram is None:
        raise UserError("--ngram_weight: there is no n-gram to weigh; give --ngram FILE")
    if given.get("lm_weight") and start.lm is None:
        raise UserError("--lm_weight: there is no language model of ESPnet's here to weigh")
    changed = replace(
        start,
        beam=asked.beam_size or start.beam,
        weights=replace(weights, **given),
        ngram=ngram,
    )
    if changed == start and asked.lexicon is None:
        return start
    # What confidences are worth was found out for the search that was tuned.
    return replace(changed, calibration=AS_THEY_ARE)


def _search(tuned: Tuned, tokens: Sequence[str]) -> Search:
    """The search with its models loaded; what has no weight is not."""
    lm = ngram = None
    if tuned.lm is not None and tuned.weights.lm_weight:
        from parp_espnet.espnet.neural import NeuralModel  # noqa: PLC0415  # seconds of imports

        lm = NeuralModel(tuned.lm, tokens)
    if tuned.ngram is not None and tuned.weights.ngram_weight:
        ngram = read_ngram(tuned.ngram, tokens)
    return Search(tuned.beam, tuned.weights, Models(lm, ngram), tuned.calibration)
