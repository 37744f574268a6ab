"""A search for the best tokens of an utterance, and when each of them is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.alignment import align
from parp_espnet.decoding.platt import AS_THEY_ARE, Platt
from parp_espnet.decoding.prefix_search import search
from parp_espnet.decoding.whole_set import Models, Weights


@dataclass(frozen=True)
class Search:
    """A prefix beam search with its language models."""

    beam: int
    weights: Weights
    models: Models
    calibration: Platt = AS_THEY_ARE
    """Of how sure it is of what it finds."""

    def tokens(self, logprobs: NDArray[np.float32]) -> tuple[int, ...]:
        """Return the tokens of an utterance, from natural logarithms, (frames, labels)."""
        arrays = [logprobs.astype(np.float64)]
        (best,) = search(
            arrays, self.beam, self.weights.penalty, self.models.weighted(self.weights)
        )
        self.models.release()
        return self.models.finished(best.tokens)

    def labels(self, logprobs: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the likeliest path of labels, (frames,), that spells the best tokens."""
        return align(logprobs, self.tokens(logprobs))
