"""Channels of convolutions that a model prunes as a whole, removed from it.

A channel is gone where nothing reads it and no LayerNorm sees it: its column is zero, and behind
it, where such a norm stands, its filter; see `pruning.channels`. A LayerNorm still counts the zeros
that are gone, `model.PaddedNorm`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from parp_espnet.pruning.channels import (
    PROJECTION_NORM,
    STACK,
    has_layer_norms,
    last_convolution,
    readers,
    silenced,
    tensors_before_layers,
)

_ROWS = ("conv.weight", "conv.bias", "layer_norm.weight", "layer_norm.bias")


@dataclass(frozen=True)
class Channels:
    """How many channels each convolution has; none of a model whose convolutions have other
    names.
    """

    left: tuple[int, ...] = ()
    before: tuple[int, ...] = ()

    @property
    def fewer(self) -> bool:
        """Whether some are removed."""
        return self.left != self.before

    @property
    def told(self) -> str:
        """What is left, in words, to end a sentence with."""
        if not self.fewer:
            return ""
        left, before = (", ".join(map(str, counts)) for counts in (self.left, self.before))
        return f", and {left} channels of {before} in the convolutions"


def cut_channels(states: dict[str, Tensor]) -> Channels:
    """Remove the channels that a model prunes, in place; return how many are left."""
    names = tensors_before_layers(states)
    kept = _kept(names, states)
    last = len(kept) - 1
    for number, channels in enumerate(kept):
        if channels.all():
            continue
        rows = [f"{STACK}.{number}.{part}" for part in _ROWS]
        if number == last:
            rows += [PROJECTION_NORM, f"{PROJECTION_NORM.removesuffix('weight')}bias"]
        for name in rows:
            if name in names:
                states[names[name]] = states[names[name]][channels].contiguous()
        reader = names[readers(names)[number]]
        states[reader] = states[reader][:, channels].contiguous()
    left = tuple(int(channels.sum()) for channels in kept)
    return Channels(left, tuple(len(channels) for channels in kept))


def _kept(names: Mapping[str, str], states: Mapping[str, Tensor]) -> list[Tensor]:
    """Which channels of each convolution cannot be removed, (channels,) booleans each."""
    last, layered = last_convolution(names), has_layer_norms(names)
    normed = PROJECTION_NORM in names
    kept = []
    for number, reader in enumerate(readers(names)):
        column = states[names[reader]]
        read = column.reshape(len(column), column.shape[1], -1).any(2).any(0)
        seen = read
        if number < last or normed:
            for name in silenced(names, [number], last=last, layered=layered):
                rows = states[names[name]]
                seen = seen | rows.reshape(len(rows), -1).any(1)
        kept.append(seen)
    return kept
