"""Channels of the convolutions before the layers: what makes them, what looks at them, what reads
them.

A channel is a filter: a row of its convolution, with what a norm has of it. It is read by a column
of the next convolution, the last one's by a column of the projection. Ranked and zeroed is where
it is read, as of other units, so that what makes it could make it return.

A LayerNorm looks at all channels, read or not: behind each convolution where a model has these,
and always before the projection. What such a norm sees has to be 0, or a channel could never be
removed: the filter is zeroed there, too, and where both look, what the first norm scales it by.
The norm makes something of that 0 which is none, so that the column still has a gradient; and the
filter has one, by the norm's mean and variance.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from parp_espnet.errors import UserError

STACK = "feature_extractor.conv_layers"
PROJECTION = "feature_projection.projection.weight"
PROJECTION_NORM = "feature_projection.layer_norm.weight"
_NAME = re.compile(
    rf"(?:.*\.)?({re.escape(STACK)}\.\d+\.(?:conv|layer_norm)\.(?:weight|bias)"
    r"|feature_projection\.(?:projection|layer_norm)\.(?:weight|bias))"
)
_MADE = ("conv.weight", "conv.bias")
_SCALED = ("layer_norm.weight", "layer_norm.bias")


def tensors_before_layers(names: Iterable[str]) -> dict[str, str]:
    """Return the model's name of each tensor of the convolutions, their norms and the projection,
    by its canonical name.

    Raises `UserError` where there are two of one canonical name.
    """
    tensors: dict[str, str] = {}
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        if match[1] in tensors:
            raise UserError(
                f"expected one upstream in the model, found two: {tensors[match[1]]} and {name}"
            )
        tensors[match[1]] = name
    return tensors


def channel_names(names: Iterable[str]) -> dict[str, str]:
    """Return the tensors that channels are pruned in: the model's name by the canonical one.

    Raises `UserError` where a model has no such convolutions, or not all that belongs to them.
    """
    tensors = tensors_before_layers(names)
    last = last_convolution(tensors)
    wanted = [f"{STACK}.{number}.conv.weight" for number in range(max(last, 1) + 1)]
    wanted += [PROJECTION_NORM, PROJECTION]
    missing = [name for name in wanted if name not in tensors]
    if missing:
        raise UserError(
            f"channels of convolutions: expected two convolutions at least and a projection with "
            f"a LayerNorm, by the names of Hugging Face's wav2vec 2.0 and HuBERT, found no "
            f"{missing[0]}; prune units alone (--pattern units)"
        )
    layered = has_layer_norms(tensors)
    pool = [*readers(tensors), *silenced(tensors, range(last + 1), last=last, layered=layered)]
    return {name: tensors[name] for name in sorted(set(pool))}


def last_convolution(names: Collection[str]) -> int:
    """Return the number of the last convolution among canonical names; −1 where there is none."""
    number = 0
    while f"{STACK}.{number}.conv.weight" in names or f"{STACK}.{number + 1}.conv.weight" in names:
        number += 1
    return number - 1


def has_layer_norms(names: Collection[str]) -> bool:
    """Whether a LayerNorm stands behind each convolution, by all names of a model: a group norm
    stands behind the first alone.
    """
    return f"{STACK}.1.layer_norm.weight" in names


def readers(names: Collection[str]) -> list[str]:
    """Return the tensors whose columns read channels, in the order of the convolutions; none where
    these are no names of a pool with convolutions.
    """
    last = last_convolution(names)
    if last < 1 or PROJECTION not in names:
        return []
    return [*(f"{STACK}.{number}.conv.weight" for number in range(1, last + 1)), PROJECTION]


def silenced(
    names: Collection[str], numbers: Iterable[int], *, last: int, layered: bool
) -> Iterator[str]:
    """Yield the tensors whose rows are zeroed for a channel of these convolutions, as far as they
    are among canonical names.
    """
    for number in numbers:
        parts: tuple[str, ...] = _MADE if layered or number == last else ()
        if layered and number == last:
            parts += _SCALED
        for part in parts:
            if f"{STACK}.{number}.{part}" in names:
                yield f"{STACK}.{number}.{part}"


def spread(channels: Sequence[Tensor], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Return the masks of the pool's tensors before the layers.

    Args:
        channels: which channels of each convolution are kept, (channels,) booleans.
        shapes: of the pool.
    """
    last = len(channels) - 1
    # In a pool the first convolution is nothing but silenced, by a LayerNorm.
    layered = f"{STACK}.0.conv.weight" in shapes
    masks: dict[str, Tensor] = {}
    for number, (reader, kept) in enumerate(zip(readers(shapes), channels, strict=True)):
        _narrow(masks, reader, shapes[reader], kept, axis=1)
        for name in silenced(shapes, [number], last=last, layered=layered):
            _narrow(masks, name, shapes[name], kept, axis=0)
    return masks


def _narrow(
    masks: dict[str, Tensor], name: str, shape: tuple[int, ...], kept: Tensor, axis: int
) -> None:
    along = [1] * len(shape)
    along[axis] = -1
    whole = kept.view(along).expand(shape)
    masks[name] = (masks[name] & whole if name in masks else whole).contiguous()


def kept_channels(kept: Mapping[str, Tensor]) -> list[Tensor] | None:
    """Return which channels of each convolution a mask keeps, (channels,) each; None where it
    prunes a part of one.
    """
    channels = []
    for reader in readers(kept):
        mask = kept[reader]
        channels.append(mask.reshape(len(mask), mask.shape[1], -1).any(2).any(0))
    whole = spread(channels, {name: tuple(tensor.shape) for name, tensor in kept.items()})
    for name, mask in whole.items():
        if not torch.equal(mask, kept[name]):
            return None
    return channels


def pruned_count(shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
    """How many weights of a pool are zero where round(sparsity · n) channels of each convolution
    are.
    """
    channels = []
    for reader in readers(shapes):
        count = shapes[reader][1]
        kept = torch.ones(count, dtype=torch.bool)
        kept[: round(sparsity * count)] = False
        channels.append(kept)
    return sum(int((~mask).sum()) for mask in spread(channels, shapes).values())
