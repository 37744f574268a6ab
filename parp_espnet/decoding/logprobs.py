"""What a recogniser said of every frame of a data set, in a file, so that a search needs neither it
nor the speech.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write


@dataclass(frozen=True)
class LogProbs:
    """Natural logarithms of CTC's probabilities."""

    tokens: tuple[str, ...]
    """The recogniser's tokens, the blank first."""
    utterances: Mapping[str, NDArray[np.float32]]
    """(frames, tokens) each."""

    def write(self, path: Path) -> None:
        """Write a safetensors file; its metadata has the tokens."""
        arrays = {
            name: np.ascontiguousarray(array, np.float32) for name, array in self.utterances.items()
        }
        with atomic_write(path) as temporary:
            temporary.write_bytes(
                save(arrays, {"tokens": json.dumps(self.tokens, ensure_ascii=False)})
            )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote. Raises `UserError` when it is missing, damaged or something
        else.
        """
        if not path.exists():
            raise UserError(f"{path}: no such file; decode first, with --logprobs")
        try:
            with safe_open(path, framework="numpy") as file:
                tokens = json.loads((file.metadata() or {}).get("tokens", "null"))
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        except (OSError, SafetensorError, ValueError) as error:
            raise UserError(
                f"{path}: expected log-probabilities, cannot read them ({error}); delete it"
            ) from None
        shapes = {array.shape[1:] for array in arrays.values()}
        if not isinstance(tokens, list) or not shapes <= {(len(tokens),)}:
            raise UserError(
                f"{path}: expected arrays of (frames, tokens) with their tokens, found others; "
                f"delete it"
            )
        return cls(tuple(tokens), arrays)
