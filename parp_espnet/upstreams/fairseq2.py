"""fairseq2's wav2vec 2.0 (omniASR) as a Hugging Face directory: the same tensors by other names.

Names, shapes and sizes are those of fairseq2 0.8.1 (`fairseq2.models.wav2vec2`: factory, frontend,
feature_extractor, position_encoder) and of omnilingual-asr's registered architectures. A file says
neither how many heads a layer has, nor the strides of the convolutions: these are fairseq2's.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError, printable
from parp_espnet.later import imported_later
from parp_espnet.upstreams.renamed import (
    CONVOLUTIONS,
    HEADS,
    HEADS_OPTION,
    count_in,
    named_weights,
    save,
    shapes_of,
    some,
)

with imported_later():
    from transformers import Wav2Vec2Config, Wav2Vec2Model

FRONTEND = "encoder_frontend."
"""By it fairseq2's are told from all others."""
_CONV = "encoder_frontend.feature_extractor.layers"
_PLACES = "encoder_frontend.pos_encoder.conv"
_PLACED = "encoder.pos_conv_embed.conv"
_PARTS = {
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
}
_BEFORE = {
    "encoder_frontend.post_extract_layer_norm": "feature_projection.layer_norm",
    "encoder_frontend.model_dim_proj": "feature_projection.projection",
}
_LAYER = {
    "self_attn.q_proj": "attention.q_proj",
    "self_attn.k_proj": "attention.k_proj",
    "self_attn.v_proj": "attention.v_proj",
    "self_attn.output_proj": "attention.out_proj",
    "self_attn_layer_norm": "layer_norm",
    "ffn.inner_proj": "feed_forward.intermediate_dense",
    "ffn.output_proj": "feed_forward.output_dense",
    "ffn_layer_norm": "final_layer_norm",
}
_HIDDEN = {"masker.temporal_mask_embed": "masked_spec_embed"}
"""What stands where the input is hidden; a model for recognition may have none."""
_NORMS = {True: "encoder.layer_norm", False: "encoder_frontend.layer_norm"}
"""The norm outside of the layers: behind them where they begin with theirs, else before them."""

Weights = Mapping[str, Tensor]


def weights_of(content: Any) -> dict[str, Any] | None:
    """Return the weights of a fairseq2 checkpoint's content by their own names; None where it is
    none.
    """
    named = named_weights(content)
    return named if any(name.startswith(FRONTEND) for name in named) else None


def write(weights: Weights, source: Path, folder: Path, heads: int | None = None) -> None:
    """Write a checkpoint's encoder as a Hugging Face directory.

    Args:
        weights: of the checkpoint, by fairseq2's names. Its quantizer, its heads, a decoder are
            left out.
        source: the checkpoint, for messages.
        folder: where it goes.
        heads: of a layer; by the layer's size where None.

    Raises:
        UserError: a tensor of the encoder is missing or misshapen, or has no place in a wav2vec
            2.0, or the numbers of heads or strides are not known.
    """
    _check_whole(weights, source)
    config = _config(weights, source, heads)
    shapes = shapes_of(partial(_model, config), source, "wav2vec 2.0")
    named = {}
    for name, tensor in weights.items():
        place = _renamed(name)
        if place is None:
            continue
        if tensor.shape != shapes[place]:
            raise UserError(
                f"{source}: {printable(name)}: expected a tensor of shape "
                f"{tuple(shapes[place])}, as the others have it, found {tuple(tensor.shape)}"
            )
        named[place] = tensor.to(torch.float32).contiguous()
    save(folder, config, named)


def names_of(layers: int, convolutions: int) -> dict[str, str]:
    """Return fairseq2's name of each tensor of an encoder, and what it is called in Hugging Face's.

    Of an encoder as omniASR's, whose layers begin with their norms and whose convolutions all have
    one, without what hides frames.
    """
    last = [f"encoder.layers.{layers - 1}.self_attn_layer_norm.weight"]
    for part in ("conv.bias", "layer_norm.weight"):
        last.append(f"{_CONV}.{convolutions - 1}.{part}")
    named = {}
    for name in _expected(last):
        renamed = _renamed(name)
        assert renamed is not None
        named[name] = renamed
    return named


def _check_whole(weights: Weights, source: Path) -> None:
    """Raise `UserError` unless the encoder has all that one has, and nothing else."""
    there = set()
    for name in weights:
        if name.startswith((FRONTEND, "encoder.")):
            there.add(name)
    expected = _expected(there)
    missing = [name for name in expected if name not in there]
    if missing:
        raise UserError(
            f"{source}: a wav2vec 2.0 of fairseq2's: {len(missing)} of its tensors are missing: "
            f"{some(missing)}; fetch it again, or take one whose layers are Transformers'"
        )
    more = sorted(there - set(expected))
    if more:
        raise UserError(
            f"{source}: {len(more)} tensors have no place in a wav2vec 2.0 of Transformer layers "
            f"and convolved positions: {some(more)}; take the model before adapters (LoRA) were "
            f"put in, or another upstream"
        )


def _expected(there: Iterable[str]) -> list[str]:
    """The names of a whole encoder as large as one that has `there`."""
    names = set(there)
    expected = _both(_BEFORE)
    for number in range(count_in(names, _CONV)):
        expected.append(f"{_CONV}.{number}.conv.weight")
        if any(name.startswith(_CONV) and name.endswith(".conv.bias") for name in names):
            expected.append(f"{_CONV}.{number}.conv.bias")
        norm = _norm_of(names, number)
        if norm is not None:
            expected += _both([f"{_CONV}.{number}.{norm}"])
    expected += [f"{_PLACES}.{part}" for part in ("bias", "weight_g", "weight_v")]
    for number in range(max(1, count_in(names, "encoder.layers"))):
        expected += _both(f"encoder.layers.{number}.{kind}" for kind in _LAYER)
    return expected + _both([_NORMS[_begins_with_norms(names)]])


def _norm_of(names: Iterable[str], number: int) -> str | None:
    """What norm follows a convolution: a layer norm each, or a group norm the first."""
    if any(name.startswith(_CONV) and ".layer_norm." in name for name in names):
        return "layer_norm"
    return "group_norm" if number == 0 else None


def _begins_with_norms(names: Iterable[str]) -> bool:
    """Whether layers have their norms before attention and feed-forward part."""
    return not any(name.startswith(_NORMS[False]) for name in names)


def _both(modules: Iterable[str]) -> list[str]:
    names = []
    for module in modules:
        names += [f"{module}.weight", f"{module}.bias"]
    return names


def _renamed(name: str) -> str | None:
    """What a tensor is called in Hugging Face's; None of what is no part of the encoder."""
    module, _, part = name.rpartition(".")
    place = re.fullmatch(rf"({re.escape(_CONV)}|encoder\.layers)\.(\d+)\.(.+)", module)
    if name in _HIDDEN:
        renamed = _HIDDEN[name]
    elif module in _BEFORE:
        renamed = f"{_BEFORE[module]}.{part}"
    elif module == _PLACES:
        renamed = f"{_PLACED}.{_PARTS.get(part, part)}"
    elif module in _NORMS.values():
        renamed = f"encoder.layer_norm.{part}"
    elif place is None:
        return None
    elif place[1] == _CONV:
        inner = "conv" if place[3] == "conv" else "layer_norm"
        renamed = f"feature_extractor.conv_layers.{place[2]}.{inner}.{part}"
    else:
        renamed = f"encoder.layers.{place[2]}.{_LAYER[place[3]]}.{part}"
    return renamed


def _config(weights: Weights, source: Path, heads: int | None) -> dict[str, Any]:
    """What a config.json says of weights like these."""
    size = len(weights["encoder_frontend.model_dim_proj.bias"])
    if heads is None:
        heads = HEADS.get(size)
    if heads is None:
        known = ", ".join(f"{known} ({count})" for known, count in HEADS.items())
        raise UserError(
            f"{source}: layers of {size} numbers: expected one of {known}, whose heads are known; "
            f"say it by --set {HEADS_OPTION}=N of the preflight, or save it as a Hugging Face "
            f"directory"
        )
    convolutions = _convolutions(weights, source)
    names = set(weights)
    places = weights[f"{_PLACES}.weight_v"]
    return {
        "model_type": "wav2vec2",
        "architectures": ["Wav2Vec2Model"],
        "hidden_size": size,
        "num_hidden_layers": count_in(names, "encoder.layers"),
        "num_attention_heads": heads,
        "intermediate_size": len(weights["encoder.layers.0.ffn.inner_proj.bias"]),
        "num_feat_extract_layers": len(convolutions),
        "conv_dim": [shape[0] for shape in convolutions],
        "conv_kernel": [shape[2] for shape in convolutions],
        "conv_stride": [CONVOLUTIONS[shape[2]] for shape in convolutions],
        "conv_bias": f"{_CONV}.0.conv.bias" in names,
        "feat_extract_norm": "layer" if _norm_of(names, 0) == "layer_norm" else "group",
        "do_stable_layer_norm": _begins_with_norms(names),
        "num_conv_pos_embeddings": places.shape[2],
        "num_conv_pos_embedding_groups": max(1, size // max(1, places.shape[1])),
        "activation_dropout": 0.0,
    }


def _model(config: Mapping[str, Any]) -> Wav2Vec2Model:
    kind: Any = Wav2Vec2Config
    return Wav2Vec2Model(kind(**config))


def _convolutions(weights: Weights, source: Path) -> list[tuple[int, ...]]:
    """Their shapes. Raises `UserError` where one has a width whose stride is not known."""
    shapes: list[tuple[int, ...]] = []
    for number in range(count_in(weights, _CONV)):
        name = f"{_CONV}.{number}.conv.weight"
        shape = tuple(weights[name].shape)
        if len(shape) != 3 or shape[2] not in CONVOLUTIONS:
            widths = ", ".join(map(str, CONVOLUTIONS))
            raise UserError(
                f"{source}: {name}: expected a convolution of width {widths}, whose strides are "
                f"known, found a tensor of shape {shape}"
            )
        shapes.append(shape)
    return shapes
