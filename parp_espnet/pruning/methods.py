"""The methods, as rows of one table. Nothing else branches on a method's name.

A method is choices: where the first mask comes from, what happens to it, how sparsity moves over
the run, and what becomes of the weights meanwhile.
"""

from dataclasses import dataclass
from enum import Enum

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError

HOW = ("union", "intersection", "majority")
"""How several masks become one."""


class Source(Enum):
    """Where the first mask comes from when no mask file is given. A mask file takes its place."""

    NOTHING = "nothing is pruned"
    PRETRAINED = "magnitudes of the pre-trained weights"
    RANDOM = "magnitudes of weights drawn at random, as before pretraining"
    UNIFORM = "a uniform draw in each tensor"
    FINETUNED = "magnitudes of the finetuned weights"
    ITERATED = (
        "magnitudes after rounds of short finetuning, ten points sparser each, rewound each time"
    )
    FILE = "a mask file"
    FIRST = "the first units of each layer"

    @property
    def in_training(self) -> bool:
        """Whether training itself makes this mask, of the weights that it begins with; others come
        as files.
        """
        return self in (Source.NOTHING, Source.PRETRAINED, Source.FIRST)

    def runs_before(self, sparsity: float) -> int:
        """How many finetunings this mask costs before the one that it is for."""
        return {Source.FINETUNED: 1, Source.ITERATED: len(rounds(sparsity))}.get(self, 0)


ROUND = 0.1
"""How much sparser each round of IMP is than the one before."""


def rounds(sparsity: float) -> list[float]:
    """Return the sparsities after each of IMP's rounds: 0.1, 0.2, …, and the last is `sparsity`."""
    if sparsity <= 0:
        return []
    whole = [round(ROUND * number, 10) for number in range(1, 10)]
    return [*(earlier for earlier in whole if earlier < sparsity - 1e-9), sparsity]


class Change(Enum):
    """What happens to the mask while weights train."""

    FIXED = "it stays"
    WEIGHTS = "weights regrow: what was pruned trains too, and all are ranked afresh"
    GRADIENTS = "gradients regrow: the smallest weights go, those with the largest gradients come"
    SCORES = "scores move: each weight has one, which training learns, and they are ranked afresh"


class Weights(Enum):
    """What becomes of the weights."""

    MASKED = "they train, and what is pruned is zero"
    BESIDE = "they train and are kept beside; the model has them masked"
    KEPT = "they stay as they are, and are kept beside; the model has them masked"
    ADAPTED = "they stay as they are, and are kept beside; the model has adapters added to them"

    @property
    def stay(self) -> bool:
        """Whether they stay as they are, so that the head and the norms train beside them alone."""
        return self in (Weights.KEPT, Weights.ADAPTED)


@dataclass(frozen=True)
class Method:
    """One row: where the first mask comes from, what happens to it, whether sparsity grows over
    the run, and what becomes of the weights.
    """

    summary: str
    first_mask: Source
    change: Change = Change.FIXED
    grows: bool = False
    reference: bool = False
    """Whether a study compares every other method with it."""
    rival: bool = False
    """Whether it compares those with it whose masks move by other rules than PARP's."""
    weights: Weights = Weights.MASKED
    from_finetuned: bool = False
    """Whether training begins with the weights that `dense` ends with, which is a finetuning more.
    """
    score_lr: float | None = None
    """How many times faster than weights scores learn, where they move, unless told."""
    alpha: float | None = None
    """The share of the kept weights that goes at first, where gradients regrow, unless told."""

    @property
    def adjusts(self) -> bool:
        """Whether the mask moves."""
        return self.change is not Change.FIXED

    @property
    def learns(self) -> bool:
        """Whether scores are learned, which weights are then ranked by."""
        return self.change is Change.SCORES

    @property
    def prunes(self) -> bool:
        """Whether anything is pruned at all."""
        return self.first_mask is not Source.NOTHING

    @property
    def adapts(self) -> bool:
        """Whether adapters train in the place of weights."""
        return self.weights is Weights.ADAPTED

    def runs_before(self, source: Source, sparsity: float) -> int:
        """How many finetunings it costs before its own, where its first mask is of `source`."""
        own = int(self.from_finetuned and source is not Source.FINETUNED)
        return own + source.runs_before(sparsity)

    @property
    def moves_otherwise(self) -> bool:
        """Whether its mask moves by another rule than PARP's."""
        return self.adjusts and (
            self.change is not Change.WEIGHTS or self.weights is not Weights.MASKED
        )

    @property
    def is_one_run(self) -> bool:
        """Whether it costs one finetuning, at any sparsity, and prunes."""
        return self.prunes and not self.given and not self.runs_before(self.first_mask, 0.5)

    @property
    def is_ready(self) -> bool:
        """Whether its mask and its weights are there before anything trains."""
        trains = self.first_mask in (Source.FINETUNED, Source.ITERATED) or self.from_finetuned
        return not trains and not self.adjusts and not self.adapts

    @property
    def given(self) -> bool:
        """Whether its mask is always one from elsewhere, which stays as it is."""
        return self.first_mask is Source.FILE and not self.adjusts


METHODS = {
    "dense": Method("finetune, prune nothing", Source.NOTHING, reference=True),
    "rp": Method("random pruning", Source.RANDOM),
    "mpi": Method(
        "magnitude pruning at pre-trained initialisation", Source.PRETRAINED, reference=True
    ),
    "omp": Method(
        "one-shot magnitude pruning of finetuned weights, rewound",
        Source.FINETUNED,
        reference=True,
    ),
    "imp": Method(
        "iterative magnitude pruning, the lottery ticket", Source.ITERATED, reference=True
    ),
    "parp": Method("prune, adjust, re-prune", Source.PRETRAINED, Change.WEIGHTS),
    "parp-p": Method(
        "the same from a lower sparsity, which grows",
        Source.PRETRAINED,
        Change.WEIGHTS,
        grows=True,
        rival=True,
    ),
    "transfer": Method("the mask of another language or task, as it is", Source.FILE),
    "parp-ste": Method(
        "parp, but pruned weights keep their value, straight through the mask",
        Source.PRETRAINED,
        Change.WEIGHTS,
        weights=Weights.BESIDE,
    ),
    "rigl": Method(
        "the smallest weights go, those with the largest gradients come (Evci et al. 2020)",
        Source.PRETRAINED,
        Change.GRADIENTS,
        alpha=0.3,
    ),
    "movement": Method(
        "weights and scores train, scores by how weights move (Sanh et al. 2020)",
        Source.PRETRAINED,
        Change.SCORES,
        weights=Weights.BESIDE,
        score_lr=1e6,
    ),
    "movement-p": Method(
        "the same from a lower sparsity, which grows",
        Source.PRETRAINED,
        Change.SCORES,
        grows=True,
        weights=Weights.BESIDE,
        score_lr=1e6,
    ),
    "router": Method(
        "scores alone train, beside the head and norms; weights stay (S3-Router, Fu et al. 2022)",
        Source.PRETRAINED,
        Change.SCORES,
        weights=Weights.KEPT,
        score_lr=10.0,
    ),
    "router-p": Method(
        "the same of the weights that dense ends with",
        Source.FINETUNED,
        Change.SCORES,
        weights=Weights.KEPT,
        from_finetuned=True,
        score_lr=10.0,
    ),
    "small": Method(
        "a smaller model from the start: the first units of each layer, whatever they are",
        Source.FIRST,
    ),
    "lora": Method(
        "adapters train, beside the head and norms; weights stay (LoRA, Hu et al. 2022)",
        Source.NOTHING,
        rival=True,
        weights=Weights.ADAPTED,
    ),
}


UNPRUNED = next(name for name, row in METHODS.items() if not row.prunes)
"""The method that prunes nothing."""
UNKNOWN = Method("of another version", Source.FILE, Change.WEIGHTS)
"""Stands for a method that a result names and this version does not have."""


def row_of(name: str) -> Method:
    """Return the row of a method, `UNKNOWN` for one that this version does not have."""
    return METHODS.get(name, UNKNOWN)


def find_method(name: str) -> Method:
    """Return the row of a method. Raises `UserError` that suggests the nearest name."""
    if name not in METHODS:
        raise UserError(f"method: {describe_unknown(name, METHODS)}")
    return METHODS[name]
