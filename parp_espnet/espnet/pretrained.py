"""What ESPnet's frontend `espnet_ssl` makes of an utterance, whatever else is in its batch.

ESPnet normalises the waves of a batch together, padding and all, and lets the convolved positions
see padded frames. Alone an utterance gets the same as before: stock ESPnet decodes the model, and
its state_dict does not change.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from parp_espnet.upstreams.frontend import ESPNET_SSL


def hear_alone(model: Any) -> None:
    """Normalise each utterance of a batch for itself, and hide what pads it."""
    frontend: Any = model.frontend
    if getattr(frontend, "frontend_type", None) != ESPNET_SSL:
        return
    waves, encoder = frontend.upstream.frontend, frontend.upstream.encoder
    if getattr(waves, "normalize_audio", False):
        waves.normalize_audio = False
        waves.register_forward_pre_hook(_normalised)
    encoder.register_forward_pre_hook(_hidden, with_kwargs=True)


def _normalised(_: nn.Module, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Waves (utterances, samples), each of mean 0 and variance 1 over its samples, and 0 behind."""
    waves, lengths = inputs
    normal = torch.zeros_like(waves)
    for row, length in enumerate(lengths.tolist()):
        wave = waves[row, :length]
        normal[row, :length] = functional.layer_norm(wave, wave.shape)
    return normal, lengths


def _hidden(
    _: nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Features (utterances, frames, numbers) with 0 in frames that pad."""
    features, *others = inputs
    padded: Tensor = options["masks"]
    return (features.masked_fill(padded[:, :, None], 0.0), *others), options
