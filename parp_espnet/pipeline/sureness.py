"""How sure a search is of what it finds, beside what was right of it in a validation set."""

from collections.abc import Mapping

import numpy as np

from parp_espnet.decoding.alignment import align
from parp_espnet.decoding.confidence import Span, judge
from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.decoding.platt import Platt, fit
from parp_espnet.decoding.whole_set import Transcripts
from parp_espnet.recognition.labels import spans
from parp_espnet.scoring.alignment import Phones, which_are_right
from parp_espnet.scoring.merge import merge


def calibrate(
    logprobs: LogProbs,
    heard: Transcripts,
    said: Mapping[str, Phones],
    merges: Mapping[str, str],
) -> Platt:
    """Return what makes confidences in tokens of a search the shares of them that are right.

    Args:
        logprobs: what the model says of each utterance.
        heard: the tokens that were found in each of them.
        said: those that are in it.
        merges: tokens that count as another.
    """
    numbers = {token: number for number, token in enumerate(logprobs.tokens)}
    confidences: list[float] = []
    are_right: list[bool] = []
    references = merge(merges, said)
    hypotheses = merge(merges, heard)
    for name, frames in logprobs.utterances.items():
        if not heard[name]:
            continue
        path = align(frames, [numbers[token] for token in heard[name]])
        found = [Span(*span) for span in spans(path.tolist())]
        confidences += [judgement.confidence for judgement in judge(frames, found, others=0)]
        are_right += which_are_right(references[name], hypotheses[name])
    return fit(np.array(confidences), are_right)
