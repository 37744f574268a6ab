"""data2vec-audio in Hugging Face's format as the one-file checkpoint of s3prl's native data2vec.

s3prl has no upstream for a Hugging Face data2vec-audio, and its `hf_wav2vec2_custom` would load one
with positional convolutions drawn at random. The tensors are the same under other names.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.upstreams.renamed import named_weights
from parp_espnet.upstreams.wavlm import plain_config, whole_weights

SECOND = ("modality_encoders.", "blocks.")
"""How names begin in a data2vec 2.0 of fairseq's, and in no other model that is known here."""


def check_version(content: Any, path: Path) -> None:
    """Raise `UserError` where a checkpoint is a data2vec 2.0.

    Its attention adds distances between frames, scaled as each head has learned (ALiBi): nothing
    that is installed with us computes that, and as a data2vec it would compute something else.
    """
    names = named_weights(content)
    if all(any(name.startswith(begin) for name in names) for begin in SECOND):
        raise UserError(
            f"{path}: a data2vec 2.0: its attention adds distances as each head has learned them "
            f"(ALiBi), which neither s3prl, ESPnet nor transformers compute; take a data2vec of "
            f"the first version (facebook/data2vec-audio-base), or another of docs/upstreams.md"
        )


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
        "model_weight": whole_weights(config, weights, layer_norm=True) | {"_ema": torch.empty(0)},
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
