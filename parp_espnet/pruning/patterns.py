"""What the pruned weights look like: anything, N of M consecutive ones, or another pattern of
`PATTERNS`.

A pattern gets the scores of a whole pool and chooses what is kept, and may so look across tensors:
one that removes whole units of a layer adds up the scores of all weights of a unit.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

NONE = "none"
"""No pattern: any weight may be pruned."""
CHANNELS = "channels of convolutions"
"""What a pattern is also of, of which the pool then has the convolutions; see `channels`."""
_GROUPS = re.compile(r"([1-9]\d*):([1-9]\d*)")
_FEWER_CHANNELS = re.compile(r"units\+(0\.\d*[1-9])conv")
"""Units, and of the channels so much of their share; written in one way alone, since it names
experiments.
"""


class Pattern(Protocol):
    """What a ranking asks of a pattern."""

    @property
    def sparsity(self) -> float | None:
        """The one sparsity that it has; None where it has any."""

    def check(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> None:
        """Raise `UserError` where a pool cannot be pruned so, whatever its weights."""

    def select(self, scores: "Mapping[str, Tensor]", sparsity: float) -> "dict[str, Tensor]":
        """Return the mask: for each tensor of scores, none of them NaN, a boolean one.

        Raises `UserError` where the tensors do not divide into what the pattern is of.
        """

    def follows(self, kept: "Mapping[str, Tensor]") -> bool:
        """Whether a mask has the pattern."""

    def kept_count(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
        """How many weights of a pool a mask keeps."""

    def slack(self, shapes: Mapping[str, tuple[int, ...]]) -> float:
        """How many weights of a pool a mask may keep more or less than that."""

    def told(self) -> str:
        """What it keeps, in words, for errors."""


@dataclass(frozen=True)
class Groups:
    """N:M: of every `size` consecutive weights of a row the `kept` largest; see `groups`."""

    kept: int
    size: int

    @property
    def sparsity(self) -> float:
        return 1 - self.kept / self.size

    def check(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> None:
        # Imported here, as below: torch takes seconds, and options need nothing of it.
        from parp_espnet.pruning.groups import check_shape  # noqa: PLC0415

        for name, shape in shapes.items():
            check_shape(name, shape, self.kept, self.size)

    def select(self, scores: "Mapping[str, Tensor]", sparsity: float) -> "dict[str, Tensor]":
        from parp_espnet.pruning.groups import keep_in_groups  # noqa: PLC0415

        kept: dict[str, Tensor] = {}
        for name, tensor in scores.items():
            kept[name] = keep_in_groups(name, tensor, self.kept, self.size)
        return kept

    def follows(self, kept: "Mapping[str, Tensor]") -> bool:
        from parp_espnet.pruning.groups import follows  # noqa: PLC0415

        return all(follows(tensor, self.kept, self.size) for tensor in kept.values())

    def kept_count(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
        total = sum(math.prod(shape) for shape in shapes.values())
        return total - round(sparsity * total)

    def slack(self, shapes: Mapping[str, tuple[int, ...]]) -> float:
        return len(shapes) / 2

    def told(self) -> str:
        return f"{self.kept}:{self.size} consecutive weights"


@dataclass(frozen=True)
class Units:
    """Whole units of layers: feed-forward units, attention heads, or both; see `units`. Also the
    channels of the convolutions before these.

    Its sparsity is the share of units that is pruned, and of heads: round(s · n) of each. Every
    layer keeps the same number of them, so that what is left is an ordinary smaller model, unless
    they are free: then each kind is ranked over all layers, of which none loses its last. Of
    channels each convolution loses the same share, or `of_channels` times that.
    """

    word: str
    kinds: tuple[str, ...]
    """What is pruned, in the words of `units.PLACES`."""
    even: bool = True
    """Whether every layer keeps the same number."""
    heads: int | None = None
    """How many heads a layer of the model has; None where that is not known."""
    of_channels: float = 1.0
    """The share of channels that is pruned, in sparsities."""

    @property
    def sparsity(self) -> float | None:
        return None

    def check(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> None:
        from parp_espnet.pruning.units import places  # noqa: PLC0415

        for kind, own in zip(self.kinds, places(self, shapes), strict=True):
            self.check_counts(kind, [place.number for place in own], sparsity)

    def select(self, scores: "Mapping[str, Tensor]", sparsity: float) -> "dict[str, Tensor]":
        from parp_espnet.pruning.units import keep_units  # noqa: PLC0415

        return keep_units(self, scores, sparsity)

    def follows(self, kept: "Mapping[str, Tensor]") -> bool:
        from parp_espnet.pruning.units import follows  # noqa: PLC0415

        return follows(self, kept)

    def kept_count(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
        from parp_espnet.pruning.units import kept_count  # noqa: PLC0415

        return kept_count(self, shapes, sparsity)

    def slack(self, shapes: Mapping[str, tuple[int, ...]]) -> float:
        return 0

    def share(self, kind: str, sparsity: float) -> float:
        """The share of a kind that is pruned."""
        return sparsity * self.of_channels if kind == CHANNELS else sparsity

    def pruned(self, kind: str, counts: Sequence[int], sparsity: float) -> int:
        """How many units of a kind are pruned, of so many in each layer."""
        share = self.share(kind, sparsity)
        if not self.even:
            return round(share * sum(counts))
        return sum(round(share * count) for count in counts)

    def check_counts(self, kind: str, counts: Sequence[int], sparsity: float) -> None:
        """Raise `UserError` where a layer would lose all of its units, of so many in each."""
        said = f"pattern {self.word}: sparsity {sparsity:g}: {kind}: expected one at least that is"
        if not self.even:
            pruned, total = self.pruned(kind, counts, sparsity), sum(counts)
            if pruned > total - len(counts):
                raise UserError(
                    f"{said} left in each of {len(counts)} layers, found {pruned} of {total} "
                    f"pruned; take a lower sparsity"
                )
            return
        for count in counts:
            pruned = self.pruned(kind, [count], sparsity)
            if pruned >= count:
                raise UserError(
                    f"{said} left in each layer, found {pruned} of {count} pruned; take a lower "
                    f"sparsity"
                )

    def told(self) -> str:
        what = " and ".join(self.kinds)
        if self.of_channels < 1:
            what += f" ({self.of_channels:g} of the share of the others)"
        return f"whole {what}" + (", as many in every layer" if self.even else "")


_UNITS = {
    "units": ("feed-forward units", "heads"),
    "ffn": ("feed-forward units",),
    "heads": ("heads",),
}
PATTERNS: dict[str, Pattern] = {word: Units(word, kinds) for word, kinds in _UNITS.items()}
for _word, _kinds in _UNITS.items():
    PATTERNS[f"{_word}-free"] = Units(f"{_word}-free", _kinds, even=False)
PATTERNS["conv"] = Units("conv", (CHANNELS,))
PATTERNS["units+conv"] = Units("units+conv", (*_UNITS["units"], CHANNELS))
"""Patterns by name, beside the N:M and `units+0.5conv`."""
EXAMPLES = ("2:4", *PATTERNS, "units+0.5conv")
"""What a pattern can be called, for who asked for something else."""


def is_pattern(word: object) -> bool:
    """Whether a word is one of a pattern."""
    name = str(word)
    written = _GROUPS.fullmatch(name) or _FEWER_CHANNELS.fullmatch(name)
    return written is not None or name in PATTERNS


def has_one_sparsity(word: object) -> bool:
    """Whether a word is that of a pattern that leaves the same share of weights, always."""
    if not is_pattern(word):
        return False
    pattern = find_pattern(word)
    return pattern is not None and pattern.sparsity is not None


def find_pattern(word: object) -> Pattern | None:
    """Return a pattern; None for "none". Raises `UserError` where there is none of that name."""
    name = str(word)
    groups = _GROUPS.fullmatch(name)
    if groups is not None:
        kept, size = int(groups[1]), int(groups[2])
        if kept >= size:
            raise UserError(
                f"pattern {name}: expected N:M with N below M, such as 2:4: N of M consecutive "
                f"weights are kept"
            )
        return Groups(kept, size)
    fewer = _FEWER_CHANNELS.fullmatch(name)
    if fewer is not None:
        return Units(name, (*_UNITS["units"], CHANNELS), of_channels=float(fewer[1]))
    if name == NONE:
        return None
    if name not in PATTERNS:
        raise UserError(f"pattern: {describe_unknown(name, [NONE, *EXAMPLES])}")
    return PATTERNS[name]
