"""The model and the loss: Hugging Face's HuBERT with a linear predictor of cluster numbers."""

import dataclasses
import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import HubertConfig, HubertModel

from parp_espnet.upstreams.pretrain.config import INSTRUCTIONS, WITHOUT_AMX, PretrainConfig


def hubert_config(overrides: dict[str, Any]) -> HubertConfig:
    """A small pre-LayerNorm HuBERT.

    A feature extractor with layer norm gives an utterance the same output in a batch as alone,
    which group norm does not. Its strides multiply to 320 samples (20 ms) like wav2vec 2.0's, but
    the first is 10 instead of 5: most of the time of a small model would be spent at the highest
    frame rates.
    """
    small: dict[str, Any] = {
        "hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4,
        "intermediate_size": 1024,
        "conv_dim": [64, 128, 128, 256, 256], "conv_kernel": [20, 8, 4, 2, 2], "conv_stride": [10,
        4, 2, 2, 2],
        "num_feat_extract_layers": 5, "feat_extract_norm": "layer", "do_stable_layer_norm": True,
        "conv_bias": False,
        "num_conv_pos_embeddings": 64, "num_conv_pos_embedding_groups": 16,
        "layerdrop": 0.0, "hidden_dropout": 0.05, "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "feat_proj_dropout": 0.0,
        # s3prl takes the last hidden state, which without this lacks the final LayerNorm.
        "tie_last_hidden_states": True,
        # The model only has a mask embedding if this is above 0; here every mask is given, none is
        # drawn.
        "mask_time_prob": 0.05,
    }  # fmt: skip
    return HubertConfig(**{**small, **overrides})


class Predictor(nn.Module):
    """A HuBERT and one linear classifier of clusters on top."""

    def __init__(self, config: PretrainConfig, clusters: int) -> None:
        super().__init__()
        self.encoder = HubertModel(hubert_config(config.model))
        self.classifier = nn.Linear(self.encoder.config.hidden_size, clusters)

    def frames(self, samples: Tensor) -> Tensor:
        """How many frames the encoder makes of each number of samples, elementwise."""
        lengths: Tensor = self.encoder._get_feat_extract_output_lengths(samples)  # type: ignore[arg-type]
        return lengths

    def forward(self, waves: Tensor, audible: Tensor, masked: Tensor | None) -> Tensor:
        """Logits (batch, frames, clusters) of waves (batch, samples), of which `audible` (same
        shape) is not padding.

        `masked` (batch, frames) says which frames are hidden from the Transformer.
        """
        hidden = self.encoder(
            waves, attention_mask=audible, mask_time_indices=masked
        ).last_hidden_state
        logits: Tensor = self.classifier(hidden)
        return logits


def draw_mask(lengths: Tensor, share: float, span: int, generator: torch.Generator) -> Tensor:
    """Mask spans of `span` frames so that about `share` of the frames of each utterance are masked.

    As in wav2vec 2.0 spans may overlap, so their number is chosen for the expected cover: the
    chance that a frame is in none of n spans is (1 - span / length)^n.

    Args:
        lengths: (batch,) frames of each utterance.

    Returns:
        (batch, longest) bool, True where masked.
    """
    masked = torch.zeros(len(lengths), int(lengths.max()), dtype=torch.bool)
    for row, length in zip(masked, lengths.tolist(), strict=True):
        width = min(span, length // 2)
        if width == 0:
            continue
        # log(1 - share) / log(1 - width / length), rounded at random so that short utterances get
        # the right share.
        exact = torch.log1p(torch.tensor(-share)) / torch.log1p(torch.tensor(-width / length))
        count = int(exact + torch.rand(1, generator=generator))
        for start in torch.randint(0, length - width + 1, (count,), generator=generator).tolist():
            row[start : start + width] = True
    return masked


def losses(logits: Tensor, targets: Tensor, masked: Tensor) -> dict[str, Tensor]:
    """Cross-entropy and accuracy over masked and over other frames.

    Args:
        logits: (batch, frames, clusters).
        targets: (batch, frames) cluster numbers, -1 in padding.
        masked: (batch, frames) bool.

    Returns:
        Scalars `masked`, `unmasked` (nats), `masked_accuracy`, `unmasked_accuracy` (fractions).
    """
    found = {}
    for name, frames in (
        ("masked", masked & (targets >= 0)),
        ("unmasked", ~masked & (targets >= 0)),
    ):
        chosen = logits[frames].float()
        found[name] = nn.functional.cross_entropy(chosen, targets[frames])
        found[f"{name}_accuracy"] = (chosen.argmax(-1) == targets[frames]).float().mean()
    return found


@dataclasses.dataclass(frozen=True)
class Batch:
    """Padded waves (batch, samples), `audible` (same shape, 1 where not padding) and frames of each
    (batch,).
    """

    waves: Tensor
    audible: Tensor
    frames: Tensor


def pad(model: Predictor, waves: list[NDArray[np.float32]]) -> Batch:
    """Waves (samples,) each as one batch."""
    lengths = torch.tensor([len(wave) for wave in waves])
    padded = torch.nn.utils.rnn.pad_sequence(
        [torch.from_numpy(wave) for wave in waves], batch_first=True
    )
    return Batch(
        padded, (torch.arange(padded.shape[1]) < lengths[:, None]).long(), model.frames(lengths)
    )


def predictor_of(config: PretrainConfig, state: dict[str, Tensor]) -> Predictor:
    """The model that a checkpoint's `model` is the state of, for evaluation."""
    model = Predictor(config, len(state["classifier.bias"]))
    model.load_state_dict(state)
    return model.eval()


@torch.no_grad()
def hidden_states(
    config: PretrainConfig, model: Predictor, waves: list[NDArray[np.float32]], layer: int
) -> list[Tensor]:
    """(frames, dimensions) of each wave (samples,): the output of a Transformer layer, 1 being the
    first.
    """
    batch = pad(model, waves)
    with precision(config):
        states = model.encoder(
            batch.waves, attention_mask=batch.audible, output_hidden_states=True
        ).hidden_states
    return [
        row[:length]
        for row, length in zip(states[layer].float(), batch.frames.tolist(), strict=True)
    ]


def precision(config: PretrainConfig) -> torch.autocast:
    """bfloat16 where it is wanted and the processor can."""
    # Without these instructions bfloat16 is emulated, ten times slower than fp32. With AMX,
    # gradients of oneDNN were now and then no numbers (torch 2.14.1): the instructions before it
    # are used where oneDNN was told to, else fp32.
    quick = torch.cpu._is_avx512_bf16_supported()
    if torch.cpu._is_amx_tile_supported():
        quick = quick and os.environ.get(INSTRUCTIONS) == WITHOUT_AMX
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.bf16 and quick)
