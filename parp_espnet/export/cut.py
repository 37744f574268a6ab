"""Units that a model prunes as a whole, removed from it: fewer weights, the same outputs.

A unit is gone where nothing reads it: all of its column of `output_dense`, or of a head's columns
of `out_proj`, is zero. What made it goes, too. Where every layer keeps as many feed-forward units,
what is left is an ordinary model with a smaller `intermediate_size`; no class of transformers has
fewer heads of the same size, or layers of different sizes: these are built by `model.build`, from
what `NARROWED` says in the bundle's configuration. Nor has one a LayerNorm that counts
channels which are gone; see `cut_channels`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.export.cut_channels import Channels, cut_channels
from parp_espnet.export.measured import Cost, cost_of
from parp_espnet.export.model import CHANNELS, CtcModel, ctc_module
from parp_espnet.pruning.families import Unit
from parp_espnet.pruning.layers import Layers, find_layers
from parp_espnet.upstreams.starts import NARROWED

if TYPE_CHECKING:
    from parp_espnet.export.trained import Trained

STOCK = ("hf", "espnet", "s3prl", "sparse")
"""Formats whose readers build layers of one size, from `intermediate_size`."""
NEAR = 1e-5
"""Log-probabilities may differ by so much, for sums in another order, as a share of the largest."""


@dataclass(frozen=True)
class Cut:
    """What was removed."""

    units: tuple[int, ...]
    """Feed-forward units that are left, by layer."""
    units_before: int
    """In each layer."""
    heads: tuple[int, ...]
    heads_before: int
    channels: Channels
    before: Cost
    after: Cost
    difference: float
    """The largest one of log-probabilities, on noise."""

    @property
    def stock(self) -> bool:
        """Whether an ordinary configuration says what is left."""
        even = len(set(self.units)) == 1 and set(self.heads) == {self.heads_before}
        return even and not self.channels.fewer

    @property
    def told(self) -> str:
        """What is left, in words."""
        units = _range(self.units)
        heads = _range(self.heads)
        return (
            f"{units} of {self.units_before} feed-forward units and {heads} of "
            f"{self.heads_before} heads are left in each layer{self.channels.told}"
        )

    def lines(self) -> list[str]:
        """What is to be said of it."""
        before, after = self.before, self.after
        return [
            f"cut: {self.told}; log-probabilities within {self.difference:.1e}",
            f"parameters {before.parameters / 1e6:.2f} → {after.parameters / 1e6:.2f} M, "
            f"multiply–adds of {before.seconds:g} s {before.products / 1e9:.2f} → "
            f"{after.products / 1e9:.2f} G, PyTorch {before.milliseconds:.0f} → "
            f"{after.milliseconds:.0f} ms (threads: {torch.get_num_threads()})",
        ]


def _range(counts: Sequence[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{least}" if least == most else f"{least} to {most}"


def cut(trained: "Trained", formats: Sequence[str]) -> "Trained":
    """Return an experiment without the units that it prunes, for these formats.

    Raises `UserError` where there are none, a format's readers cannot build what is left, or the
    outputs are others.
    """
    layers = find_layers(trained.states)
    if layers is None:
        raise UserError(f"{trained.folder}: --cut: expected Transformer layers, found none")
    heads = int(trained.upstream["num_attention_heads"])
    states = dict(trained.states)
    units_left, heads_left = [], []
    for number in sorted(layers.numbered):
        units_left.append(_cut_units(layers, number, states))
        heads_left.append(_cut_heads(layers, number, states, heads))
    channels = cut_channels(states)
    units = int(trained.upstream["intermediate_size"])
    if set(units_left) == {units} and set(heads_left) == {heads} and not channels.fewer:
        raise UserError(
            f"{trained.folder}: --cut: expected a model of which whole units are pruned, by "
            f"--pattern units, ffn, heads or units+conv, found none; leave --cut out: zeros among "
            f"other weights cannot be removed"
        )
    upstream = _configured(trained.upstream, units_left, heads_left, channels)
    smaller = replace(trained, states=states, upstream=upstream)
    _check_formats(smaller, formats, units_left, heads_left, channels)
    before, after = ctc_module(trained), ctc_module(smaller)
    difference = _difference(trained, before, after)
    cost_before, cost_after = cost_of([before, after])
    told = Cut(
        units=tuple(units_left),
        units_before=units,
        heads=tuple(heads_left),
        heads_before=heads,
        channels=channels,
        before=cost_before,
        after=cost_after,
        difference=difference,
    )
    return replace(smaller, cut=told)


def _configured(
    upstream: Mapping[str, Any], units: Sequence[int], heads: Sequence[int], channels: Channels
) -> dict[str, Any]:
    """A configuration of what is left."""
    even = len(set(units)) == 1 and set(heads) == {upstream["num_attention_heads"]}
    if even and not channels.fewer:
        return dict(upstream) | {"intermediate_size": units[0]}
    told = {"units": list(units), "heads": list(heads)}
    if not channels.fewer:
        return dict(upstream) | {NARROWED: told}
    told[CHANNELS] = list(channels.before)
    return dict(upstream) | {"conv_dim": list(channels.left), NARROWED: told}


def _cut_units(layers: Layers, number: int, states: dict[str, Tensor]) -> int:
    """Remove a layer's feed-forward units that nothing reads; return how many are left."""
    unit, names = layers.family.units, _names(layers, number)
    kept = states[names[unit.output]].any(0)
    _narrow(unit, names, states, kept)
    return int(kept.sum())


def _cut_heads(layers: Layers, number: int, states: dict[str, Tensor], heads: int) -> int:
    """The same of its heads."""
    unit, names = layers.family.heads, _names(layers, number)
    size = states[names[unit.output]].shape[1] // heads
    kept = states[names[unit.output]].any(0).view(heads, size).any(1)
    _narrow(unit, names, states, kept.repeat_interleave(size))
    return int(kept.sum())


def _names(layers: Layers, number: int) -> dict[str, str]:
    """The model's name of each tensor of a layer, by its canonical kind."""
    kinds = layers.family.kinds
    return {kinds[kind]: name for kind, name in layers.numbered[number].items()}


def _narrow(unit: Unit, names: Mapping[str, str], states: dict[str, Tensor], kept: Tensor) -> None:
    if kept.all():
        return
    states[names[unit.output]] = states[names[unit.output]][:, kept].contiguous()
    for kind in unit.inputs:
        for part in (kind, f"{kind.removesuffix('weight')}bias"):
            states[names[part]] = states[names[part]][kept].contiguous()


def _check_formats(
    trained: "Trained",
    formats: Sequence[str],
    units: Sequence[int],
    heads: Sequence[int],
    channels: Channels,
) -> None:
    """Refuse what a format's readers cannot build."""
    folder = trained.folder
    if 0 in (*units, *heads, *channels.left):
        raise UserError(
            f"{folder}: --cut: expected one unit, one head and one channel at least in each layer, "
            f"found a layer with none; export it without --cut"
        )
    if "espnet" in formats and trained.family.native:
        raise UserError(
            f"{folder}: --to espnet --cut: ESPnet's zip has a {trained.family.model_type} as the "
            f"file of S3PRL's that training began with, of which nothing is removed; take --to "
            f"bundle, hf, onnx or openvino"
        )
    if NARROWED not in trained.upstream:
        return
    if trained.family.model_type == "wavlm" and _fewer(trained, heads):
        raise UserError(
            f"{folder}: --cut: a WavLM's heads share a table of positions over all layers, and "
            f"stay; prune its units alone (--pattern ffn)"
        )
    refused = [name for name in formats if name in STOCK]
    if not refused:
        return
    if channels.fewer:
        why = (
            "a stock class has no LayerNorm that counts the channels of convolutions which are gone"
        )
    elif _fewer(trained, heads):
        why = (
            f"{_range(heads)} of {trained.upstream['num_attention_heads']} heads are left, and no "
            f"stock class has fewer of the same size"
        )
    else:
        why = f"layers keep {_range(units)} units, and a stock class has as many in each"
    raise UserError(
        f"{folder}: --to {refused[0]} --cut: {why}; take --to bundle, onnx or openvino, or prune "
        f"with --pattern ffn, which any format holds"
    )


def _fewer(trained: "Trained", heads: Sequence[int]) -> bool:
    return set(heads) != {trained.upstream["num_attention_heads"]}


@torch.inference_mode()
def _difference(trained: "Trained", before: CtcModel, after: CtcModel) -> float:
    """How far the log-probabilities of noise are apart. Raises `UserError` where that is far."""
    waves = 0.1 * torch.randn(2, 16000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([16000, 12000])
    one, frames = before(waves, lengths)
    other, _ = after(waves, lengths)
    heard = torch.arange(one.shape[1]) < frames[:, None]
    difference = float((one - other)[heard].abs().max())
    if not difference <= NEAR * max(1.0, float(one[heard].abs().max())):
        raise UserError(
            f"{trained.folder}: --cut: log-probabilities differ by {difference:.1e}: what is left "
            f"is another model, by some defect; export it without --cut"
        )
    return difference
