"""The scores that weights are ranked by, as rows of one table. Nothing else branches on a score's
name.

A score is a short function and a row of `SCORES`. The function gets the weights of one tensor and
what was measured of them, and returns a number for each, at least 0: the smallest are pruned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

MAGNITUDE = "magnitude"
"""The score of the paper."""
LEARNED = "learned"
"""The score that training learns, of the methods that do; no option says it."""


class Need(Enum):
    """What a score has to know of a weight beside the weight; `measures` measures it."""

    NOTHING = "nothing"
    INPUTS = "what comes to the weights over some batches"
    SECOND_MOMENTS = "the second moments of the gradients that Adam keeps"
    LEARNING = "what a training learns of each weight"


@dataclass(frozen=True)
class Score:
    """One row.

    Attributes:
        summary: what it is, in words.
        function: of the weights of a tensor, float32 of any shape, and of what was measured of
            them, which broadcasts to that shape; 1 where nothing is needed.
        needs: what is measured.
    """

    summary: str
    function: "Callable[[Tensor, Tensor], Tensor]"
    needs: Need = Need.NOTHING


def magnitude(weights: "Tensor", _: "Tensor") -> "Tensor":
    """|w|."""
    return weights.abs()


def activation(weights: "Tensor", mean_squares: "Tensor") -> "Tensor":
    """|w| · ‖x‖, of Wanda (Sun et al. 2024, arXiv 2306.11695).

    The norm is divided by the root of how many inputs there were, which changes nothing within a
    tensor, and makes those comparable that saw different numbers of them.
    """
    return (weights * mean_squares.sqrt()).abs_()


def moment(weights: "Tensor", second_moments: "Tensor") -> "Tensor":
    """|w| · √v: what the loss would grow by, to the second order, if the weight were 0.

    That is w² · v / 2 with the squared gradient for the curvature (the diagonal of Fisher's matrix:
    LeCun et al. 1990, Theis et al. 2018). Its root has the same order, and does not underflow.
    """
    # In place: memory that is new costs as much time as to compute what is put there.
    return second_moments.sqrt().mul_(weights).abs_()


def learned(_: "Tensor", scores: "Tensor") -> "Tensor":
    """What training has learned; see `movers`."""
    return scores


SCORES = {
    MAGNITUDE: Score("|w|", magnitude),
    "activation": Score("|w| times the norm of the weight's input", activation, Need.INPUTS),
    "moment": Score("|w| times the root of Adam's second moment", moment, Need.SECOND_MOMENTS),
    LEARNED: Score("what training has learned of the weight", learned, Need.LEARNING),
}


def choices() -> list[str]:
    """The scores that a method may be given; the other is of methods that learn it."""
    return [name for name in SCORES if name != LEARNED]


def find_score(name: object) -> Score:
    """Return the row of a score. Raises `UserError` that suggests the nearest name."""
    row = SCORES.get(str(name))
    if row is None:
        raise UserError(f"score: {describe_unknown(str(name), choices())}")
    return row
