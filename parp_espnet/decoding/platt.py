"""Confidences that are right as often as they say: a line on log-odds, fitted to what was
recognised of a validation set (Platt 1999, "Probabilistic outputs for support vector machines";
Guo et al. 2017, "On calibration of modern neural networks").
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.json_numbers import number

NEAREST = 1e-4
"""No confidence is nearer to 0 or 1 than this before it is calibrated: log-odds have no end."""


@dataclass(frozen=True)
class Platt:
    """Log-odds of a confidence times `slope`, plus `offset`. Raises `ValueError` for numbers that
    would make none of it, or turn the order of confidences round.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.offset) and self.slope >= 0):
            raise ValueError(f"a calibration of {self.slope} and {self.offset}")

    def __call__(self, confidences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return confidences, (phones,), as often right as they say."""
        if self == AS_THEY_ARE:
            return confidences
        scores = self.slope * log_odds(confidences) + self.offset
        return _from_log_odds(scores)

    @classmethod
    def from_json(cls, read: Any) -> "Platt":
        """Return what `asdict` has made of one; None leaves confidences as they are.

        Raises `KeyError`, `TypeError` or `ValueError` for anything else.
        """
        if read is None:
            return AS_THEY_ARE
        return cls(number(read["slope"]), number(read["offset"]))


AS_THEY_ARE = Platt()


def fit(confidences: NDArray[np.float64], are_right: Sequence[bool]) -> Platt:
    """Return the calibration of the highest likelihood, of confidences, (phones,), and whether each
    of them is right.

    Right and wrong are (n + 1) / (n + 2) and 1 / (n + 2), by their numbers n, as Platt has it: of
    a handful of phones that are all right no confidence of 1 follows. Of no phone they are left as
    they are.
    """
    from scipy.optimize import minimize  # noqa: PLC0415  # a third of a second

    right = np.asarray(are_right, dtype=bool)
    if not len(right):
        return AS_THEY_ARE
    scores = log_odds(confidences)
    count = int(right.sum())
    is_right = (count + 1) / (count + 2)
    is_wrong = 1 / (len(right) - count + 2)
    targets = np.where(right, is_right, is_wrong)

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        found = line[0] * scores + line[1]
        # -(t log p + (1 - t) log(1 - p)), of p = 1 / (1 + exp(-found))
        mean = float((np.logaddexp(0.0, found) - targets * found).mean())
        apart = _from_log_odds(found) - targets
        return mean, np.array([(apart * scores).mean(), apart.mean()])

    found = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
    )
    slope, offset = found.x.tolist()
    return Platt(round(slope, 6), round(offset, 6))


def log_odds(confidences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log p / (1 - p), of confidences that are kept away from 0 and 1."""
    inside = np.clip(confidences, NEAREST, 1.0 - NEAREST)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _from_log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-score)), without an overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scores)))
