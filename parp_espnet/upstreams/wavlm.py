"""WavLM in Hugging Face's format as the one-file checkpoint of s3prl's native WavLM.

s3prl has no upstream for a Hugging Face WavLM, and its `hf_wav2vec2_custom` would load one without
the relative positions, silently. The tensors are the same under other names.
"""

import re
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError

_RENAMED = [
    (r"masked_spec_embed", r"mask_emb"),
    (r"feature_projection\.layer_norm\.(.*)", r"layer_norm.\1"),
    (r"feature_projection\.projection\.(.*)", r"post_extract_proj.\1"),
    (
        r"feature_extractor\.conv_layers\.(\d+)\.conv\.(.*)",
        r"feature_extractor.conv_layers.\1.0.\2",
    ),
    (
        r"encoder\.pos_conv_embed\.conv\.(parametrizations\.weight\.original0|weight_g)",
        r"encoder.pos_conv.0.weight_g",
    ),
    (
        r"encoder\.pos_conv_embed\.conv\.(parametrizations\.weight\.original1|weight_v)",
        r"encoder.pos_conv.0.weight_v",
    ),
    (r"encoder\.pos_conv_embed\.conv\.bias", r"encoder.pos_conv.0.bias"),
    (r"encoder\.pos_conv_embed\.layers\.(\d+)\.conv\.(.*)", r"encoder.pos_conv.\1.0.\2"),
    (r"encoder\.layer_norm\.(.*)", r"encoder.layer_norm.\1"),
    (r"(encoder\.layers\.\d+)\.layer_norm\.(.*)", r"\1.self_attn_layer_norm.\2"),
    (r"(encoder\.layers\.\d+\.final_layer_norm\..*)", r"\1"),
    (r"(encoder\.layers\.\d+)\.attention\.(\w)_proj\.(.*)", r"\1.self_attn.\2_proj.\3"),
    (r"(encoder\.layers\.\d+)\.attention\.out_proj\.(.*)", r"\1.self_attn.out_proj.\2"),
    (
        r"(encoder\.layers\.\d+)\.attention\.gru_rel_pos_linear\.(.*)",
        r"\1.self_attn.grep_linear.\2",
    ),
    (r"(encoder\.layers\.\d+)\.attention\.gru_rel_pos_const", r"\1.self_attn.grep_a"),
    (
        r"(encoder\.layers\.\d+)\.attention\.rel_attn_embed\.(.*)",
        r"\1.self_attn.relative_attention_bias.\2",
    ),
    (r"(encoder\.layers\.\d+)\.feed_forward\.intermediate_dense\.(.*)", r"\1.fc1.\2"),
    (r"(encoder\.layers\.\d+)\.feed_forward\.output_dense\.(.*)", r"\1.fc2.\2"),
]


def to_native(
    config: dict[str, Any], weights: dict[str, Tensor], normalise: bool | None = None
) -> dict[str, Any]:
    """Return `{"cfg", "model"}` as s3prl's `wavlm_local` loads it.

    Args:
        config: the model's complete configuration (`WavLMConfig.to_dict()`).
        weights: its state dict.
        normalise: whether waves are normalised before they are heard; where None, as in the
            published ones, if every convolution has a layer norm.

    Raises:
        UserError: a weight has no counterpart.
    """
    native = _native_config(config)
    if normalise is not None:
        native["normalize"] = normalise
    return {
        "cfg": native,
        "model": whole_weights(config, weights, config["feat_extract_norm"] == "layer"),
    }


def whole_weights(
    config: dict[str, Any], weights: dict[str, Tensor], layer_norm: bool
) -> dict[str, Tensor]:
    """Return the same as `native_weights`, with what hides frames in pretraining: s3prl's native
    models do not load without it, and one of Hugging Face's that hides nothing has none.
    """
    unused = {"mask_emb": torch.zeros(config["hidden_size"])}
    return unused | native_weights(weights, layer_norm)


def native_weights(weights: dict[str, Tensor], layer_norm: bool) -> dict[str, Tensor]:
    """Return weights of Hugging Face's by the names of s3prl's native models, which are fairseq's.

    Args:
        layer_norm: whether every convolution of the feature extractor has a layer norm, not the
            first a group norm.

    Raises:
        UserError: a weight has no counterpart.
    """
    return dict(_native(name, value, layer_norm) for name, value in weights.items())


def _native(name: str, value: Tensor, layer_norm: bool) -> tuple[str, Tensor]:
    norm = re.fullmatch(r"feature_extractor\.conv_layers\.(\d+)\.layer_norm\.(.*)", name)
    if norm:
        # Where every layer has a layer norm, fairseq wraps it between two transpositions: it is the
        # second of three.
        inner = "2.1" if layer_norm else "2"
        return f"feature_extractor.conv_layers.{norm[1]}.{inner}.{norm[2]}", value
    for pattern, renamed in _RENAMED:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, renamed, name), value
    raise UserError(
        f"weight {name}: s3prl's own model has no counterpart; expected a plain encoder of its kind"
    )


def plain_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return what s3prl's native models, which are fairseq's, all call by the same names."""
    layers = list(
        zip(config["conv_dim"], config["conv_kernel"], config["conv_stride"], strict=True)
    )
    return {
        "conv_feature_layers": str(layers),
        "conv_bias": config["conv_bias"],
        "encoder_layers": config["num_hidden_layers"],
        "encoder_embed_dim": config["hidden_size"],
        "encoder_ffn_embed_dim": config["intermediate_size"],
        "encoder_attention_heads": config["num_attention_heads"],
        "activation_fn": config["hidden_act"],
        "dropout": config["hidden_dropout"],
        "attention_dropout": config["attention_dropout"],
        "activation_dropout": config["activation_dropout"],
        "dropout_input": config["feat_proj_dropout"],
        "conv_pos_groups": config["num_conv_pos_embedding_groups"],
    }


def _native_config(config: dict[str, Any]) -> dict[str, Any]:
    layer_norm = config["feat_extract_norm"] == "layer"
    return plain_config(config) | {
        "extractor_mode": "layer_norm" if layer_norm else "default",
        "normalize": layer_norm,
        "layer_norm_first": config["do_stable_layer_norm"],
        "mask_prob": config["mask_time_prob"] * config["mask_time_length"],
        "mask_length": config["mask_time_length"],
        "mask_channel_prob": config["mask_feature_prob"] * config["mask_feature_length"],
        "mask_channel_length": config["mask_feature_length"],
        "conv_pos": config["num_conv_pos_embeddings"],
        "relative_position_embedding": True,
        "gru_rel_pos": True,
        "num_buckets": config["num_buckets"],
        "max_distance": config["max_bucket_distance"],
    }
