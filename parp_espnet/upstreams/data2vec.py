"""data2vec-audio in Hugging Face's format as the one-file checkpoint of s3prl's native data2vec.

s3prl has no upstream for a Hugging Face data2vec-audio, and its `hf_wav2vec2_custom` would load one
with positional convolutions drawn at random. The tensors are the same under other names.
"""

from typing import Any

import torch
from torch import Tensor

from parp_espnet.upstreams.wavlm import native_weights, plain_config


def to_native(
    config: dict[str, Any], weights: dict[str, Tensor], normalise: bool
) -> dict[str, Any]:
    """Return `{"task_cfg", "model_cfg", "model_weight"}` as s3prl's `data2vec_local` loads it.

    Args:
        config: the model's complete configuration (`Data2VecAudioConfig.to_dict()`).
        weights: its state dict.
        normalise: whether waves are normalised before they are heard.

    Raises:
        UserError: a weight has no counterpart.
    """
    # s3prl takes the teacher out before it loads the rest, and fails where there is none.
    return {
        "task_cfg": {"normalize": normalise, "sample_rate": 16000},
        "model_cfg": _native_config(config),
        "model_weight": native_weights(weights, layer_norm=True) | {"_ema": torch.empty(0)},
    }


def _native_config(config: dict[str, Any]) -> dict[str, Any]:
    depth = config["num_conv_pos_embeddings"]
    return plain_config(config) | {
        "extractor_mode": "layer_norm",
        "layer_norm_first": False,
        "pos_conv_depth": depth,
        # s3prl divides it by the depth.
        "conv_pos": config["conv_pos_kernel_size"] * depth,
    }
