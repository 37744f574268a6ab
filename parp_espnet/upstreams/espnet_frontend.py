"""Upstreams in Hugging Face's format that s3prl has no code for: ESPnet's frontend `huggingface`
runs transformers' own.

Waves go through the directory's own feature extractor, utterance by utterance, so that a wave may
become filter banks, as for w2v-BERT.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from parp_espnet.errors import UserError, describe
from parp_espnet.later import imported_later
from parp_espnet.upstreams.second import RATE, STRIDE, check_output, check_strides, noise

with imported_later():
    from transformers import (
        AutoFeatureExtractor,
        SEWModel,
        Wav2Vec2BertModel,
        Wav2Vec2ConformerModel,
    )

MODELS: dict[str, Any] = {
    "sew": SEWModel,
    "wav2vec2-bert": Wav2Vec2BertModel,
    "wav2vec2-conformer": Wav2Vec2ConformerModel,
}
"""`model_type` of a config.json → its class."""
HEARS_BANKS = ("wav2vec2-bert",)
"""Those that hear filter banks instead of a wave."""


def bank_extractor(config: dict[str, Any]) -> dict[str, Any]:
    """Return what w2v-BERT's filter banks are made by, where its directory does not say it."""
    bins = int(config.get("feature_projection_input_dim", 160)) // 2
    return {
        "feature_extractor_type": "SeamlessM4TFeatureExtractor", "feature_size": bins,
        "num_mel_bins": bins, "sampling_rate": RATE, "stride": 2, "padding_side": "right",
        "padding_value": 1.0, "return_attention_mask": True,
    }  # fmt: skip


def check_second(folder: Path, model: Any, model_type: str) -> None:
    """Let a model hear a second of noise, as the frontend will.

    Raises `UserError` where it does not run, or makes other frames than its layers have, or others
    than one for `STRIDE` samples.
    """
    config = model.config
    try:
        kind: Any = AutoFeatureExtractor
        extractor = kind.from_pretrained(folder, local_files_only=True)
        heard = extractor(np.asarray(noise()[0]), sampling_rate=RATE, return_tensors="pt")
        with torch.no_grad():
            output = model.eval()(**heard).last_hidden_state
    except Exception as error:  # torch and transformers raise many kinds for an odd configuration
        raise UserError(
            f"{folder}: the model does not run: {describe(error)}; look at its config.json and "
            f"preprocessor_config.json"
        ) from None
    if model_type not in HEARS_BANKS:
        frames = check_strides(folder, config.conv_kernel, config.conv_stride)
    else:
        frames = int(heard.attention_mask.sum())
        if abs(frames - RATE // STRIDE) > 2:
            raise UserError(
                f"{folder}: expected about {RATE // STRIDE} frames of filter banks for a second, "
                f"found {frames}; look at stride in its preprocessor_config.json"
            )
    check_output(folder, output, frames, config.hidden_size, config.to_dict())
