"""What a study knows besides its results: plain values in `evidence.json`, of which figures and
claims are made.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_type_hints

from parp_espnet.errors import UserError, excerpt
from parp_espnet.files import read_json, write_json
from parp_espnet.scoring.result import fits
from parp_espnet.study.arms import Arm
from parp_espnet.study.older import fields_of_label, in_words_of_now

SHOWN = 5
"""Missing files that are named."""
LEVEL = 0.05
"""Of p, below which two experiments are told apart."""


class Called:
    """What has a method's name, and, unless it is of before, fields that say what the name does."""

    method: str
    arm: Arm | None
    conditions: str
    """What else differs in the study, in words."""

    @property
    def who(self) -> Arm:
        """The arm, of whichever sparsity."""
        arm = self.arm or Arm.of(fields_of_label(self.method))
        return arm.at_any_sparsity

    @property
    def line(self) -> str:
        """What a line or point of its own is called."""
        return ", ".join(filter(None, (self.method, self.who.variant, self.conditions)))


@dataclass(frozen=True)
class Cost(Called):
    """What an experiment costs with all finetunings that its method needs, as if it
    were run alone.
    """

    language: str
    method: str
    sparsity: float
    seed: int
    freeze_updates: int
    error_rate: float
    updates: int
    finetuning_runs: int
    seconds: float | None
    """Estimated from the pace of its own finetuning."""
    arm: Arm | None = None
    conditions: str = ""


@dataclass(frozen=True)
class Training(Called):
    """Validation at the end of each epoch."""

    language: str
    method: str
    sparsity: float
    seed: int
    updates: list[int]
    valid_per: list[float]
    valid_loss: list[float]
    freeze_updates: int = 0
    upstream: str = ""
    arm: Arm | None = None
    conditions: str = ""


@dataclass(frozen=True)
class Overlap:
    """IOU of the weights that two masks keep."""

    sparsity: float
    upstream: str
    freeze_updates: int
    one: str
    """A language, whose mask it is, or `mpi`."""
    other: str
    iou: float
    by_layer: dict[str, float]
    conditions: str = ""
    """What else differs in the study, in words."""
    method: str = ""
    """By which the masks were learned; "" of OMP's."""
    by_kind: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Anatomy(Called):
    """Where a final mask prunes: sparsity by layer, by kind of weight."""

    language: str
    method: str
    sparsity: float
    table: dict[str, dict[str, float]]
    arm: Arm | None = None
    conditions: str = ""
    overlap: dict[str, dict[str, float]] = field(default_factory=dict)
    """IOU with the first mask, likewise; nothing where that is gone, or stays."""


@dataclass(frozen=True)
class Adjusting(Called):
    """How a mask moved: after how many updates how many weights changed sides, and the IOU with the
    first mask.
    """

    language: str
    method: str
    sparsity: float
    interval: int
    seed: int
    steps: list[int]
    flips: list[int]
    iou_initial: list[float]
    arm: Arm | None = None
    conditions: str = ""
    ends: list[int] = field(default_factory=list)
    """Updates at which parts of the training end, of which it is known where weights moved."""
    by_layer: dict[str, list[float]] = field(default_factory=dict)
    """Changes of sides in each of them, as a share of a layer's weights."""
    by_kind: dict[str, list[float]] = field(default_factory=dict)
    """The same of a kind of weight."""


@dataclass(frozen=True)
class Comparison:
    """Two experiments on the same utterances; positive differences mean that `one` has
    more errors.
    """

    language: str
    sparsity: float
    seed: int
    freeze_updates: int
    one: str
    other: str
    difference: float
    difference_interval: tuple[float, float]
    ratio: float | None
    ratio_interval: tuple[float, float] | None
    p: float
    decoding: str = ""
    """How both were decoded; nothing of text tasks, and where it is not known."""
    one_arm: Arm | None = None
    other_arm: Arm | None = None
    conditions: str = ""
    """What else differs in the study, in words."""
    upstream: str = ""
    """Of `one`, and of `other` unless their names say it; "" in evidence of before."""
    train_minutes: float | None = None
    """Of speech; None of text tasks, and in evidence of before."""

    @property
    def first(self) -> Arm:
        """What `one` is, of whichever sparsity."""
        arm = self.one_arm or Arm.of(fields_of_label(self.one))
        return arm.at_any_sparsity

    @property
    def second(self) -> Arm:
        """What `other` is, of whichever sparsity."""
        arm = self.other_arm or Arm.of(fields_of_label(self.other))
        return arm.at_any_sparsity

    @property
    def apart(self) -> bool:
        """Whether the 95 % interval of the difference tells them apart."""
        return self.p < LEVEL


@dataclass(frozen=True)
class Confused:
    """A frequent error of a dense model of a language."""

    language: str
    reference: str
    hypothesis: str
    count: int
    said: int
    model: str = ""
    """Which of several dense models of the language, in words."""


KINDS: Mapping[str, type[Any]] = {
    "costs": Cost,
    "trainings": Training,
    "overlaps": Overlap,
    "anatomies": Anatomy,
    "adjustings": Adjusting,
    "comparisons": Comparison,
    "confusions": Confused,
}


@dataclass(frozen=True)
class Evidence:
    """All of it."""

    costs: Sequence[Cost] = ()
    trainings: Sequence[Training] = ()
    overlaps: Sequence[Overlap] = ()
    anatomies: Sequence[Anatomy] = ()
    adjustings: Sequence[Adjusting] = ()
    comparisons: Sequence[Comparison] = ()
    confusions: Sequence[Confused] = ()
    missing: Sequence[str] = field(default_factory=tuple)
    """Files that should have been there."""

    @property
    def warning(self) -> str:
        """Say which files should have been there, and what is not shown therefore; nothing where
        none is missing.
        """
        if not self.missing:
            return ""
        files = ", ".join(self.missing[:SHOWN])
        if len(self.missing) > SHOWN:
            files += f" and {len(self.missing) - SHOWN} more"
        return (
            f"missing in complete experiments, so that comparisons, figures or tables lack what "
            f"it makes: {files}; "
            "run the study again, which makes utterances.tsv (stages 13 and 14)"
        )

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(path, dataclasses.asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote. Raises `UserError` when it is missing, damaged, or of another
        version.
        """
        loaded = read_json(path)
        try:
            made = {}
            for name, kind in KINDS.items():
                made[name] = tuple(_made(kind, values) for values in loaded.get(name, ()))
        except (AttributeError, TypeError) as error:
            raise UserError(
                f"{path}: expected a study's evidence ({error}); collect it again (stage 5)"
            ) from None
        return cls(**made, missing=tuple(loaded.get("missing", ())))


ARMS = ("arm", "one_arm", "other_arm")
"""Fields that are an `Arm`."""
IN_WORDS = ("one", "other", "method", "conditions")
"""Fields that name an arm, or say what differs."""


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """One of a kind. Raises `TypeError` when a value is missing, not known, or of another type."""
    made, types = kind(**{**values, **_words_of(values), **_arms_of(values)}), get_type_hints(kind)
    for name, value in values.items():
        if name not in ARMS and not fits(value, types[name]):
            raise TypeError(f"{kind.__name__}: {name}: {excerpt(value)}")
    return made


def _words_of(values: Mapping[str, Any]) -> dict[str, str]:
    words = {}
    for name in IN_WORDS:
        if isinstance(values.get(name), str):
            words[name] = in_words_of_now(values[name])
    return words


def _arms_of(values: Mapping[str, Any]) -> dict[str, Arm]:
    arms = {}
    for name in ARMS:
        if values.get(name) is not None:
            arm = Arm.of(values[name])
            variant, other = in_words_of_now(arm.variant), in_words_of_now(arm.other)
            arms[name] = replace(arm, variant=variant, other=other)
    return arms
