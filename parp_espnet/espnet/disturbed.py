"""Noise and rooms in training, by ESPnet's own preprocessor."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

type Example = dict[str, Any]
SPEECH = "speech"


@dataclass(frozen=True)
class OneChannel:
    """ESPnet's preprocessor leaves (samples, 1) of an utterance that it has disturbed, which is for
    arrays of microphones; upstreams hear (samples,). It may be sent to the processes that read.
    """

    preprocess: Callable[[str, Example], Example]

    def __call__(self, utterance: str, example: Example) -> Example:
        """Return what training hears of an utterance."""
        heard = self.preprocess(utterance, example)
        speech = heard.get(SPEECH)
        if speech is not None and speech.ndim == 2:
            heard[SPEECH] = np.ascontiguousarray(speech[:, 0])
        return heard


def is_disturbed(args: argparse.Namespace) -> bool:
    """Whether a training has noise or rooms."""
    lists = (getattr(args, name, None) for name in ("noise_scp", "rir_scp"))
    return any(path is not None for path in lists)
