"""A checkpoint of fairseq2's wav2vec 2.0: names and shapes as its implementation has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SIZE, HEADS, LAYERS, UNITS, CHANNELS = 32, 2, 2, 64, 16
WIDTHS = (10, 3, 3, 3, 3, 2, 2)
ASKED = {"num_attention_heads": HEADS}
"""What a file of this size does not say, and fairseq2 has no such size."""


def shapes(stable: bool) -> dict[str, tuple[int, ...]]:
    """Names and shapes of fairseq2's `Wav2Vec2Model`, by its factory: layers that begin with their
    norms have norms in all convolutions, too, as large_lv60k and omniASR; or as base.
    """
    there: dict[str, tuple[int, ...]] = {}
    for number, width in enumerate(WIDTHS):
        layer = f"encoder_frontend.feature_extractor.layers.{number}"
        there[f"{layer}.conv.weight"] = (CHANNELS, CHANNELS if number else 1, width)
        norm = "layer_norm" if stable else "group_norm"
        if stable:
            there[f"{layer}.conv.bias"] = (CHANNELS,)
        if stable or number == 0:
            there[f"{layer}.{norm}.weight"] = there[f"{layer}.{norm}.bias"] = (CHANNELS,)
    for part in ("weight", "bias"):
        wide = part == "weight"
        there[f"encoder_frontend.post_extract_layer_norm.{part}"] = (CHANNELS,)
        there[f"encoder_frontend.model_dim_proj.{part}"] = (SIZE, CHANNELS) if wide else (SIZE,)
        norm = "encoder" if stable else "encoder_frontend"
        there[f"{norm}.layer_norm.{part}"] = (SIZE,)
        for number in range(LAYERS):
            layer = f"encoder.layers.{number}"
            for name in ("q_proj", "k_proj", "v_proj", "output_proj"):
                there[f"{layer}.self_attn.{name}.{part}"] = (SIZE, SIZE) if wide else (SIZE,)
            there[f"{layer}.ffn.inner_proj.{part}"] = (UNITS, SIZE) if wide else (UNITS,)
            there[f"{layer}.ffn.output_proj.{part}"] = (SIZE, UNITS) if wide else (SIZE,)
            there[f"{layer}.self_attn_layer_norm.{part}"] = (SIZE,)
            there[f"{layer}.ffn_layer_norm.{part}"] = (SIZE,)
    there["encoder_frontend.pos_encoder.conv.weight_g"] = (1, 1, 8)
    there["encoder_frontend.pos_encoder.conv.weight_v"] = (SIZE, SIZE // 4, 8)
    there["encoder_frontend.pos_encoder.conv.bias"] = (SIZE,)
    there["masker.temporal_mask_embed"] = (SIZE,)
    there["quantizer.entries"] = (1, 4, 8)
    there["quantizer.num_updates"] = ()
    there["final_proj.weight"] = (8, SIZE)
    return there


def drawn(stable: bool = True) -> dict[str, Tensor]:
    return numbers_of(shapes(stable))


def numbers_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Weights of these shapes, the same each time."""
    random = torch.Generator().manual_seed(0)
    weights = {}
    for name, shape in shapes.items():
        weights[name] = 0.2 * torch.randn(shape, generator=random)
    return weights


def save(path: Path, weights: dict[str, Any]) -> Path:
    torch.save({"model": weights}, path)
    return path


def save_omni(path: Path) -> Path:
    """One whose layers begin with their norms, as omniASR's."""
    return save(path.with_suffix(".pt"), drawn())
