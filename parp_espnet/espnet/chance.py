"""The state of all random number generators that training draws from, as plain types."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch


@dataclass(frozen=True)
class Chance:
    """The state of Python's, NumPy's and torch's generators, as a checkpoint may hold it."""

    state: Mapping[str, Any]

    @classmethod
    def now(cls) -> Self:
        """Return what the generators would go on with."""
        kind, words, position, has_gauss, gauss = np.random.get_state()
        return cls(
            {
                "python": random.getstate(),
                "numpy": (kind, [int(word) for word in words], position, has_gauss, gauss),
                "torch": torch.get_rng_state(),
                "cuda": torch.cuda.get_rng_state() if _has_cuda() else None,
            }
        )

    def restore(self) -> None:
        """Let the generators go on from here."""
        version, words, gauss = self.state["python"]
        random.setstate((version, tuple(words), gauss))
        np.random.set_state(self.state["numpy"])
        torch.set_rng_state(self.state["torch"])
        if self.state["cuda"] is not None and _has_cuda():
            torch.cuda.set_rng_state(self.state["cuda"])


def _has_cuda() -> bool:
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
