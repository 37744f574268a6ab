"""Whisper's encoder as a frontend of ESPnet's, by transformers' own code.

ESPnet's `whisper` needs OpenAI's package and one of its models by name, and its `huggingface`
refuses Whisper. The encoder hears windows of always the same length, of 30 s in the published
models; an utterance gets the frames that it has in one, whatever else is in its batch.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.espnet.stock import AbsFrontend
from parp_espnet.upstreams.second import RATE, STRIDE
from parp_espnet.upstreams.whisper import extractor_of, load_encoder


class WhisperEncoderFrontend(AbsFrontend):  # type: ignore[misc]  # ESPnet is untyped
    """`frontend: whisper_encoder`, `frontend_conf: {model: DIR}`, as the preflight leaves it."""

    def __init__(self, model: str, fs: int | str = RATE) -> None:
        """Load encoder and feature extractor of a directory."""
        super().__init__()
        del fs  # ESPnet gives it to every frontend
        self.encoder = load_encoder(Path(model))
        self.processor: Any = extractor_of(Path(model))

    def output_size(self) -> int:
        """Numbers of a frame."""
        return int(self.encoder.config.d_model)

    def forward(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Features (utterances, frames, numbers) and frames of each, of waves (utterances, samples)
        and samples of each.

        Raises `UserError` where an utterance is longer than a window.
        """
        longest = int(lengths.max())
        if longest > self.processor.n_samples:
            raise UserError(
                f"an utterance of {longest / RATE:.1f} s: Whisper hears "
                f"{self.processor.chunk_length} s at once; divide it, or leave it out"
            )
        samples = [wave[:length].cpu().numpy() for wave, length in zip(waves, lengths, strict=True)]
        heard = self.processor(samples, sampling_rate=RATE, return_tensors="pt")
        windows = self.encoder(heard.input_features.to(waves.device)).last_hidden_state
        frames = torch.div(lengths, STRIDE, rounding_mode="floor").clamp(min=1)
        return windows[:, : int(frames.max())], frames
