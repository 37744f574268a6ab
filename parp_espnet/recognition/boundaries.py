"""Where one phone ends and the next begins, to a few milliseconds.

CTC learns the order of phones and not their borders: it hears a phone in a frame or two, somewhere
within it, and has a blank as the best label elsewhere. Two other things tell where the border lies
between two such frames. Of the two phones, whichever the model takes for the likelier in a frame,
however likely a blank is there. And what is heard changes there more than within a phone: a phone
is a stretch of spectra that are near to their mean. All borders of an utterance are found at once,
as those for which the sum of both is the best (dynamic programming over the borders' places, each
of which is between the frames of its phones).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from parp_espnet.recognition.spectra import STEP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLACES = 120
"""A border has at most so many possible places."""


@dataclass(frozen=True)
class Weights:
    """What counts how much, per spectrum of `STEP` samples.

    Attributes:
        model: the logarithm of the probability that the model gives a phone among all phones.
        spectra: the squared distance of a spectrum from the mean of its phone.
        loud: what a pause costs where it is not quiet.
        least: logarithms of probabilities are no lower; that a model is sure says little of when.
    """

    model: float = 1.0
    spectra: float = 0.25
    loud: float = 2.0
    least: float = -8.0


USUAL = Weights()


@dataclass(frozen=True)
class Frames:
    """Where a model's frames are: the middle of the first one, and from one to the next, in
    samples.
    """

    middle: float
    stride: int


@dataclass(frozen=True)
class Part:
    """A stretch of a recording that is to be placed: a token, or a pause (None), which may
    be empty.

    Attributes:
        first: a spectrum that lies in it for certain.
        last: the last such one.
    """

    token: int | None
    first: int
    last: int


def find_borders(
    parts: Sequence[Part],
    begin: int,
    end: int,
    phones: NDArray[np.floating],
    spectra: NDArray[np.floating],
    quiet: NDArray[np.bool_],
    frames: Frames,
    weights: Weights = USUAL,
) -> list[int]:
    """Return where each part begins, and where the last one ends, in spectra.

    Args:
        parts: in order, and so are their spectra.
        begin: the first spectrum of all.
        end: the one after the last.
        phones: natural logarithms of the probabilities of labels, without that of the blank,
            (frames, labels).
        spectra: (spectra, coefficients).
        quiet: which spectra are, (spectra,); others are hardly a pause.
        frames: where those of `phones` are.
    """
    loud = np.concatenate([[0.0], np.cumsum(~quiet, dtype=np.float64)])
    places = [np.array([begin])]
    for before, after in pairwise(parts):
        places.append(_between(before.last, after.first))
    places.append(np.array([end]))
    totals = np.zeros(1)
    came: list[Ints] = []
    for number, part in enumerate(parts):
        left, right = places[number], places[number + 1]
        if part.token is None:
            gains = -weights.loud * (loud[right] - loud[left][:, None])
        else:
            gains = _model_gains(part.token, left, right, phones, frames, weights)
        gains -= weights.spectra * _scatter(left, right, spectra)
        least = 0 if part.token is None else 1
        scores = totals[:, None] + np.where(right - left[:, None] >= least, gains, -np.inf)
        came.append(scores.argmax(0))
        totals = scores.max(0)
    borders = [end]
    at = 0
    for number in range(len(parts) - 1, -1, -1):
        at = int(came[number][at])
        borders.append(int(places[number][at]))
    return borders[::-1]


def _between(last: int, first: int) -> Ints:
    """Where the border may be: behind the last spectrum of a part, before the first of the next."""
    count = max(1, first - last)
    if count <= PLACES:
        return np.arange(last + 1, last + 1 + count)
    return np.unique(np.linspace(last + 1, first, PLACES).astype(np.int64))


def _scatter(left: Ints, right: Ints, spectra: NDArray[np.floating]) -> Floats:
    """Squared distances of spectra from their means, of all stretches from a place in `left` to one
    in `right`, (left, right).
    """
    first = int(left[0])
    here = spectra[first : int(right[-1])].astype(np.float64)
    sums = np.concatenate([np.zeros((1, here.shape[1])), np.cumsum(here, 0)])
    squares = np.concatenate([[0.0], np.cumsum((here**2).sum(1))])
    left, right = left - first, right - first
    sizes = np.maximum(1, right - left[:, None])
    moved = sums[right] - sums[left][:, None]
    spread = squares[right] - squares[left][:, None] - (moved**2).sum(2) / sizes
    scatter: Floats = np.maximum(0.0, spread)
    return scatter


def _model_gains(
    token: int,
    left: Ints,
    right: Ints,
    phones: NDArray[np.floating],
    frames: Frames,
    weights: Weights,
) -> Floats:
    """What the model says of the same stretches, (left, right)."""
    first = int(left[0])
    samples = np.arange(first, right[-1]) * STEP
    at = (samples - frames.middle) / frames.stride
    begin = max(0, min(len(phones) - 1, int(at[0])))
    column = np.maximum(weights.least, phones[begin : max(begin, int(at[-1])) + 2, token])
    heard = np.interp(at, begin + np.arange(len(column)), column)
    gained = np.concatenate([[0.0], np.cumsum(heard)]) * weights.model
    return np.asarray(gained[right - first] - gained[left - first][:, None])
