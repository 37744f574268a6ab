"""What turns samples into phones, greedily and in batches, whatever runs the model."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.labels import spans
from parp_espnet.recognition.transcripts import Phone

SHORTEST = RATE // 4
"""Samples: s3prl fails on an utterance of a few frames; silence is added."""
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


class Listener(ABC):
    """A trained model, ready to hear."""

    tokens: tuple[str, ...]
    grid: Grid
    batchable: bool
    """Whether an utterance gets in a batch what it gets alone."""
    device: str = "cpu"

    @abstractmethod
    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        """Return what is heard in each utterance; `audio` holds samples in [-1, 1] at 16 kHz."""

    def limit(self, batch_seconds: float | None) -> int:
        """Return how many samples a batch may hold: 0, for one utterance, where batches are not for
        this model.

        None is what suits the device: a CPU is faster with what its caches can hold.
        """
        if batch_seconds is None:
            batch_seconds = BATCH_SECONDS["cpu" if self.device == "cpu" else "other"]
        return int(batch_seconds * RATE) if self.batchable else 0

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

    def names(self, samples: Samples) -> tuple[str, ...]:
        """Return the phones of an utterance alone, without their times."""
        (phones,) = self.recognise([samples])
        return tuple(phone.name for phone in phones)


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
