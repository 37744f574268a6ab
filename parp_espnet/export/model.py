"""An upstream with its CTC head as one module of transformers' own classes, without ESPnet."""

from collections.abc import Callable, Mapping
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError, excerpt
from parp_espnet.later import imported_later
from parp_espnet.upstreams.starts import NARROWED

if TYPE_CHECKING:
    from parp_espnet.export.names import Family
    from parp_espnet.export.trained import Trained

MOST_SAID = 200
"""Letters of torch's words, which may name hundreds of tensors."""


class PaddedNorm(nn.Module):
    """A LayerNorm over some numbers and as many zeros as make `whole`, of which it returns the
    former.
    """

    def __init__(self, norm: nn.LayerNorm, whole: int) -> None:
        """Take the parameters of a LayerNorm over the former."""
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias
        self.epsilon = norm.eps
        self.whole = whole

    def forward(self, hidden: Tensor) -> Tensor:
        """(…, left) to the same shape."""
        zeros = self.whole - hidden.shape[-1]
        mean = hidden.sum(-1, keepdim=True) / self.whole
        centred = hidden - mean
        squares = centred.square().sum(-1, keepdim=True) + zeros * mean.square()
        normed = centred / (squares / self.whole + self.epsilon).sqrt()
        return normed * self.weight + self.bias


class CtcModel(nn.Module):
    """Waves in, log-probabilities of labels out, as ESPnet's stock forward has them.

    What an utterance gets does not depend on what else is in its batch.
    """

    def __init__(self, model: Any, normalise: bool, epsilon: float) -> None:
        """Take a transformers model with a CTC head."""
        super().__init__()
        self.model = model.eval()
        self.normalise = normalise
        self.epsilon = epsilon
        self._lengths: list[Tensor] = []
        if getattr(model.config, "feat_extract_norm", "layer") == "group":
            self._hide_padding()
        # data2vec has several convolutions in a row there, which would pass padding on.
        for layer in getattr(self.upstream.encoder.pos_conv_embed, "layers", ()):
            layer.register_forward_hook(self._silence)

    @property
    def upstream(self) -> Any:
        """The model without its head."""
        return self.model.base_model

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return natural logarithms, (utterances, frames, labels), and how many frames each has.

        Args:
            waveforms: samples in [-1, 1] at 16 kHz, (utterances, samples) float32.
            lengths: samples of each, (utterances,).
        """
        heard = torch.arange(waveforms.shape[1], device=waveforms.device) < lengths[:, None]
        if self.normalise:
            waveforms = normalised(waveforms, heard, lengths, self.epsilon)
        return self.of_normalised(waveforms, heard, lengths)

    def of_normalised(
        self, waveforms: Tensor, heard: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same of waves that are as the upstream hears them; `heard` says where they are."""
        self._lengths[:] = [lengths]
        logits = self.model(waveforms, attention_mask=heard.long()).logits
        frames = self.upstream._get_feat_extract_output_lengths(lengths).clamp(min=1)
        return logits.log_softmax(-1), frames

    def _hide_padding(self) -> None:
        """Make the group norm of the first convolution see each utterance as if it were alone."""
        config = self.model.config
        norm = self.upstream.feature_extractor.conv_layers[0].layer_norm
        norm.forward = _apart(norm, config.conv_kernel[0], config.conv_stride[0], self._lengths)

    def _silence(self, _: nn.Module, inputs: Any, hidden: Tensor) -> Tensor:
        """Set frames of padding to zero in what a layer makes, (utterances, channels, frames)."""
        frames = self.upstream._get_feat_extract_output_lengths(self._lengths[0]).clamp(min=1)
        within = torch.arange(hidden.shape[2], device=hidden.device) < frames[:, None]
        silenced: Tensor = hidden * within[:, None].to(hidden.dtype)
        return silenced


def normalised(waveforms: Tensor, heard: Tensor, lengths: Tensor, epsilon: float) -> Tensor:
    """Return waves of mean 0 and variance 1, as the preprocessor makes them; padding stays 0."""
    count = lengths[:, None].to(waveforms.dtype)
    present = heard.to(waveforms.dtype)
    centred = (waveforms - (waveforms * present).sum(1, keepdim=True) / count) * present
    variance = centred.square().sum(1, keepdim=True) / count
    return centred / (variance + epsilon).sqrt()


def _apart(
    norm: nn.GroupNorm, width: int, step: int, lengths: list[Tensor]
) -> Callable[[Tensor], Tensor]:
    """A group norm's forward that leaves padding out; `lengths` has the samples of each utterance.

    Eagerly it is the norm's own, row by row, to the same bits as of an utterance alone; where the
    model is exported, the same sums over all rows at once.
    """
    plain = norm.forward

    def forward(hidden: Tensor) -> Tensor:
        frames = torch.div(lengths[0] - width, step, rounding_mode="floor") + 1
        if torch.compiler.is_exporting() or torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call]
            return _masked(norm, hidden, frames)
        made = torch.zeros_like(hidden)  # (utterances, channels, frames)
        for row, count in enumerate(frames.tolist()):
            made[row, :, :count] = plain(hidden[row : row + 1, :, :count])[0]
        return made

    return forward


def _masked(norm: nn.GroupNorm, hidden: Tensor, frames: Tensor) -> Tensor:
    """A group norm with a group a channel over the first `frames` of each row."""
    within = torch.arange(hidden.shape[2], device=hidden.device) < frames[:, None]
    present = within[:, None].to(hidden.dtype)
    count = frames[:, None, None].to(hidden.dtype)
    centred = (hidden - (hidden * present).sum(2, keepdim=True) / count) * present
    variance = centred.square().sum(2, keepdim=True) / count
    scaled = centred / (variance + norm.eps).sqrt()
    return (scaled * norm.weight[:, None] + norm.bias[:, None]) * present


CHANNELS = "channels"
"""Those in it."""


def build_upstream(family: "Family", config: Mapping[str, Any]) -> Any:
    """Return an upstream of transformers, of weights that mean nothing yet."""
    kind = transformers_class(family.upstream_class)
    plain = {name: value for name, value in config.items() if name != NARROWED}
    return _narrowed(kind(kind.config_class.from_dict(plain)), config)


def build(family: "Family", config: Mapping[str, Any], labels: int) -> Any:
    """Return an upstream with a CTC head for so many labels, of weights that mean nothing yet."""
    kind = transformers_class(family.model_class)
    plain = {name: value for name, value in config.items() if name != NARROWED}
    model = kind(kind.config_class.from_dict(plain | {"vocab_size": labels}))
    _narrowed(model.base_model, config)
    return model


def _narrowed(upstream: Any, config: Mapping[str, Any]) -> Any:
    """Build the layers of an upstream again, as narrow as a configuration of ours has them.

    Raises `UserError` where it does not say it of all.
    """
    if NARROWED not in config:
        return upstream
    layers = upstream.encoder.layers
    units, heads = (_counts(config[NARROWED], kind, len(layers)) for kind in ("units", "heads"))
    width = int(config["hidden_size"])
    for layer, units_left, heads_left in zip(layers, units, heads, strict=True):
        attention, feed_forward = layer.attention, layer.feed_forward
        rows = heads_left * attention.head_dim
        attention.num_heads = heads_left
        for part in ("q_proj", "k_proj", "v_proj"):
            setattr(attention, part, nn.Linear(width, rows))
        attention.out_proj = nn.Linear(rows, width)
        feed_forward.intermediate_dense = nn.Linear(width, units_left)
        feed_forward.output_dense = nn.Linear(units_left, width)
    if CHANNELS in config[NARROWED]:
        _pad_norms(upstream, config[NARROWED])
    return upstream


def _pad_norms(upstream: Any, told: Any) -> None:
    """Let LayerNorms count channels that are removed, as the zeros that they were."""
    convolutions = upstream.feature_extractor.conv_layers
    before = _counts(told, CHANNELS, len(convolutions))
    norms = [(upstream.feature_projection, before[-1])]
    norms += list(zip(convolutions, before, strict=True))
    for module, whole in norms:
        norm = getattr(module, "layer_norm", None)
        if isinstance(norm, nn.LayerNorm):
            module.layer_norm = PaddedNorm(norm, whole)


def _counts(told: Any, kind: str, layers: int) -> list[int]:
    counts = told.get(kind) if isinstance(told, Mapping) else None
    whole = isinstance(counts, list) and all(type(one) is int and one > 0 for one in counts)
    if not isinstance(counts, list) or not whole or len(counts) != layers:
        raise UserError(
            f"{NARROWED}: {kind}: expected a number for each of {layers} layers, found "
            f"{excerpt(counts)}"
        )
    return counts


def transformers_class(name: str) -> Any:
    """Return a class of transformers, imported in a part of its time."""
    with imported_later():
        import transformers  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # flashes of a bar
        return getattr(transformers, name)


def filled(
    family: "Family", config: Mapping[str, Any], weights: Mapping[str, Tensor], where: str
) -> Any:
    """Return the transformers model of these weights, loaded strictly. Raises `UserError`."""
    # Nothing is drawn at random that is then overwritten.
    with torch.device("meta"):
        model = build(family, config, len(weights["lm_head.bias"]))
    try:
        model.load_state_dict(dict(weights), strict=True, assign=True)
    except RuntimeError as error:
        raise UserError(
            f"{where}: the model does not fit its configuration ({_misfit(error)}): is it another "
            f"experiment's?"
        ) from None
    return model.eval().requires_grad_(False)


def _misfit(error: RuntimeError) -> str:
    """The first that torch says of weights that do not fit, in one line of some length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[1] if len(lines) > 1 else lines[0]
    return shorten(first.rstrip(" ."), MOST_SAID, placeholder=" …")


def check_fits(trained: "Trained") -> None:
    """Raise `UserError` where an experiment's weights are not those of its configuration."""
    filled(trained.family, trained.upstream, trained.weights(), str(trained.folder))


def ctc_module(trained: "Trained") -> CtcModel:
    """Return an experiment's model: waves (utterances, samples) in float32 and their lengths to
    log-probabilities (utterances, frames, labels) and their frames.

    Raises `UserError` where the weights do not fit transformers' class of the family.
    """
    model = filled(trained.family, trained.upstream, trained.weights(), str(trained.folder))
    return CtcModel(model, trained.do_normalize, trained.epsilon)
