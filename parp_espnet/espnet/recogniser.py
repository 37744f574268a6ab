"""A trained model that turns samples into phones, greedily and in batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from parp_espnet.espnet.frames import RATE, grid_of, hf_upstream, hide_padding
from parp_espnet.espnet.greedy import spans
from parp_espnet.espnet.layouts import speed_up
from parp_espnet.espnet.loading import load_model
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.recognition.transcripts import Phone

SHORTEST = RATE // 4  # s3prl fails on an utterance of a few frames; silence is added
MILLISECOND = 0.001
BATCH_SECONDS = {"cpu": 10.0, "other": 120.0}

Samples = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Heard:
    """What a model says of an utterance, frame by frame."""

    labels: Labels
    """The best label of each frame, (frames,)."""
    logprobs: NDArray[np.float32]
    """Natural logarithms, (frames, labels)."""


class Recogniser:
    """An ESPnet model with an s3prl frontend and a CTC head, loaded as strictly as can be."""

    def __init__(self, model_file: Path, device: str = "cpu") -> None:
        """Raises `UserError`: see `load_model`."""
        model, args = load_model(model_file, device)
        hide_padding(model)
        if device == "cpu":
            speed_up(model)
        self.grid = grid_of(model)
        self._model: Any = model
        self.tokens: tuple[str, ...] = tuple(args.token_list)
        self._pruning = PruneSettings.parse(getattr(args, "prune_conf", None))
        self._device = device

    @property
    def batchable(self) -> bool:
        """Whether an utterance gets in a batch what it gets alone; of s3prl's native models that is
        not known.
        """
        return hf_upstream(self._model) is not None

    @property
    def sparsity(self) -> float:
        """Fraction of the pool that is zero."""
        pool: dict[str, Tensor] = self._pruning.find_pool(dict(self._model.named_parameters()))
        return 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())

    def limit(self, batch_seconds: float | None) -> int:
        """Return how many samples a batch may hold: 0, for one utterance, where batches are not for
        this model.

        None is what suits the device: a CPU is faster with what its caches can hold.
        """
        if batch_seconds is None:
            batch_seconds = BATCH_SECONDS["cpu" if self._device == "cpu" else "other"]
        return int(batch_seconds * RATE) if self.batchable else 0

    @torch.inference_mode()
    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        """Return what is heard in each utterance; `audio` holds samples in [-1, 1] at 16 kHz."""
        lengths = torch.tensor([max(SHORTEST, len(samples)) for samples in audio])
        speech = torch.zeros(len(audio), int(lengths.max()))
        for row, samples in zip(speech, audio, strict=True):
            row[: len(samples)] = torch.from_numpy(samples)
        encoded, frames = self._model.encode(speech.to(self._device), lengths.to(self._device))
        logprobs = self._model.ctc.log_softmax(encoded).cpu().numpy()
        found = [row[:count] for row, count in zip(logprobs, frames.tolist(), strict=True)]
        return [Heard(row.argmax(1), row) for row in found]

    def label(self, audio: Sequence[Samples]) -> list[Labels]:
        """Return the best label of each frame; `audio` holds samples in [-1, 1] at 16 kHz."""
        return [heard.labels for heard in self.listen(audio)]

    def phones(self, labels: Labels, seconds: float) -> tuple[Phone, ...]:
        """Return the phones that labels spell, and when, in a recording of so many seconds.

        A phone lasts as long as it has the best label; what begins in the silence after a short
        recording is none.
        """
        found = (
            Phone(self.tokens[token], self.grid.begin(first), min(seconds, self.grid.begin(last)))
            for token, first, last in spans(labels.tolist())
        )
        return tuple(phone for phone in found if phone.end - phone.begin > MILLISECOND)

    def recognise(self, audio: Sequence[Samples]) -> list[tuple[Phone, ...]]:
        """Return the phones of each utterance; `audio` holds samples in [-1, 1] at 16 kHz."""
        labels = self.label(audio)
        return [
            self.phones(path, len(samples) / RATE)
            for path, samples in zip(labels, audio, strict=True)
        ]


def make_batches[K: (str, tuple[int, int])](samples: Mapping[K, int], limit: int) -> list[list[K]]:
    """Group utterances of like length, longest first.

    A padded batch holds at most `limit` samples, or one utterance.
    """
    batches: list[list[K]] = []
    for utterance in sorted(samples, key=lambda key: (-samples[key], key)):
        if batches and (len(batches[-1]) + 1) * samples[batches[-1][0]] <= limit:
            batches[-1].append(utterance)
        else:
            batches.append([utterance])
    return batches
