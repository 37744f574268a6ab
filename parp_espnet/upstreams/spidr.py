"""SpidR and DinoSR, as Meta's package `spidr` has them, as a Hugging Face data2vec: the same
tensors by other names.

Names and shapes are those of github.com/facebookresearch/spidr (`spidr.models.components`). The
rows of one tensor, `attention.qkv`, are the queries', the keys' and the values'; published models
have no biases there, which are zeros in a data2vec. The teacher, a moving average of the student,
is left out, as are heads and codebooks. A file says neither how many heads a layer has, nor the
strides of the convolutions, nor whether layers begin with their norms; a config.json beside it may.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError, printable
from parp_espnet.files import read_json
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
    from transformers import Data2VecAudioConfig, Data2VecAudioModel

STUDENT = "student."
"""By it, with a projection of features beside it, these are told from all others."""
PROJECTION = "feature_projection.projection"
ENCODER = (STUDENT, "feature_extractor.", "feature_projection.")
"""How names begin of what is trained on."""
FUSED = "attention.qkv"
_CONV = "feature_extractor.conv_layers"
_PLACES = "student.pos_conv_embed.convs"
_LAYER = "student.layers"
_HIDDEN = "mask_embedding"
"""What stands where the input is hidden; a model for recognition may have none."""
_OWN = (
    (r"masked_spec_embed", _HIDDEN),
    (r"encoder\.pos_conv_embed\.layers\.(\d+)\.conv\.(\w+)", rf"{_PLACES}.\1.\2"),
    (r"encoder\.layers\.(\d+)\.attention\.out_proj\.(\w+)", rf"{_LAYER}.\1.attention.proj.\2"),
    (r"encoder\.layers\.(\d+)\.attention\.[qkv]_proj\.(\w+)", rf"{_LAYER}.\1.{FUSED}.\2"),
    (r"encoder\.(.+)", rf"{STUDENT}\1"),
)
"""Hugging Face's names → theirs; others are the same."""

Weights = Mapping[str, Any]


def weights_of(content: Any) -> dict[str, Any] | None:
    """Return the weights of a checkpoint of these by their own names; None where it is none."""
    named = named_weights(content)
    is_one = f"{PROJECTION}.bias" in named and any(name.startswith(STUDENT) for name in named)
    return named if is_one else None


def write(weights: Weights, source: Path, folder: Path, heads: int | None = None) -> None:
    """Write a checkpoint's student as a Hugging Face directory.

    Args:
        weights: of the checkpoint, by their own names.
        source: the checkpoint, for messages, and for the config.json beside it.
        folder: where it goes.
        heads: of a layer; as config.json has them, else by the layer's size where None.

    Raises:
        UserError: a tensor of the student is missing or misshapen, or has no place in a data2vec,
            or its layers begin with their norms, or the numbers of heads or strides are not known.
    """
    config = _config(weights, source, heads)
    named: dict[str, Tensor] = {}
    missing = []
    used = set()
    shapes = shapes_of(partial(_model, config), source, "SpidR or DinoSR")
    shapes["masked_spec_embed"] = torch.Size([config["hidden_size"]])
    for name, shape in shapes.items():
        own = own_name(name)
        used.add(own)
        found = weights.get(own)
        if found is None and _has_no_biases(own, weights):
            found = torch.zeros(3 * shape[0])
        if found is None:
            missing.append(own)
            continue
        whole = (3 * shape[0], *shape[1:]) if FUSED in own else tuple(shape)
        if tuple(found.shape) != whole:
            raise UserError(
                f"{source}: {printable(own)}: expected a tensor of shape {whole}, as the others "
                f"have it, found {tuple(found.shape)}"
            )
        named[name] = _rows(found, name).to(torch.float32).clone()
    missing = [name for name in dict.fromkeys(missing) if name != _HIDDEN]
    if missing:
        raise UserError(
            f"{source}: a SpidR or DinoSR: {len(missing)} of its tensors are missing: "
            f"{some(missing)}; fetch it again"
        )
    more = sorted(name for name in weights if name.startswith(ENCODER) and name not in used)
    if more:
        raise UserError(
            f"{source}: {len(more)} tensors have no place in a SpidR or DinoSR: {some(more)}; "
            f"take the model before adapters (LoRA) were put in, or another upstream"
        )
    save(folder, config, named)


def own_name(name: str) -> str:
    """Return their name of the tensor that has a tensor of Hugging Face's."""
    for pattern, own in _OWN:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, own, name)
    return name


def _has_no_biases(own: str, weights: Weights) -> bool:
    """Whether a tensor that is missing is biases that no layer has."""
    fused = f"{FUSED}.bias"
    return own.endswith(fused) and not any(
        name.startswith(STUDENT) and name.endswith(fused) for name in weights
    )


def _rows(found: Tensor, name: str) -> Tensor:
    """A third of a fused tensor, or all of another."""
    part = re.search(r"attention\.([qkv])_proj\.", name)
    return found if part is None else found.chunk(3)["qkv".index(part[1])]


def _config(weights: Weights, source: Path, heads: int | None) -> dict[str, Any]:
    """What a config.json says of weights like these."""
    size = len(weights[f"{PROJECTION}.bias"])
    told = _told(source)
    if told.get("encoder_layer_norm_first"):
        raise UserError(
            f"{source}: layers that begin with their norms (encoder_layer_norm_first of the "
            f"config.json beside it): no data2vec has them; take another upstream"
        )
    heads = heads or told.get("encoder_num_heads") or HEADS.get(size)
    if heads is None:
        raise UserError(
            f"{source}: layers of {size} numbers: nothing says how many heads they have; say it by "
            f"--set {HEADS_OPTION}=N of the preflight, or by encoder_num_heads of a config.json "
            f"beside it"
        )
    convolutions = _stack(weights, _CONV, "conv.weight", source)
    widths = [shape[2] for shape in convolutions]
    unknown = [width for width in widths if width not in CONVOLUTIONS]
    if unknown:
        raise UserError(
            f"{source}: {_CONV}: expected convolutions of width "
            f"{', '.join(map(str, CONVOLUTIONS))}, whose strides are known, found {unknown[0]}"
        )
    places = _stack(weights, _PLACES, "weight", source)
    units = _stack(weights, _LAYER, "feed_forward.intermediate_dense.weight", source, 2)
    return {
        "model_type": "data2vec-audio",
        "architectures": ["Data2VecAudioModel"],
        "hidden_size": size,
        "num_hidden_layers": len(units),
        "num_attention_heads": heads,
        "intermediate_size": units[0][0],
        "conv_dim": [shape[0] for shape in convolutions],
        "conv_kernel": widths,
        "conv_stride": [CONVOLUTIONS[width] for width in widths],
        "conv_bias": f"{_CONV}.0.conv.bias" in weights,
        "num_conv_pos_embeddings": len(places),
        "conv_pos_kernel_size": places[0][2],
        "num_conv_pos_embedding_groups": max(1, size // max(1, places[0][1])),
        "activation_dropout": 0.0,
    }


def _told(source: Path) -> dict[str, Any]:
    """What a config.json beside a checkpoint says of the model; nothing where there is none."""
    file = source.parent / "config.json"
    if not file.is_file():
        return {}
    found = read_json(file)
    inner = found.get("model", found) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def _stack(
    weights: Weights, stack: str, kind: str, source: Path, dimensions: int = 3
) -> list[tuple[int, ...]]:
    """The shapes of one kind of tensor in all layers of a stack. Raises `UserError` where there is
    none, or one is of other dimensions.
    """
    shapes = []
    for number in range(max(1, count_in(weights, stack))):
        name = f"{stack}.{number}.{kind}"
        shape = tuple(weights[name].shape) if name in weights else None
        if shape is None or len(shape) != dimensions:
            raise UserError(
                f"{source}: a SpidR or DinoSR: {name}: expected a tensor of {dimensions} "
                f"dimensions, found {'none' if shape is None else f'one of shape {shape}'}; fetch "
                f"it again"
            )
        shapes.append(shape)
    return shapes


def _model(config: Mapping[str, Any]) -> Data2VecAudioModel:
    kind: Any = Data2VecAudioConfig
    return Data2VecAudioModel(kind(**config))
