"""How often a model hears each label, by which peaky probabilities are levelled for an alignment.

A model that was trained with label priors (see `parp_espnet.espnet.label_prior`) has learned with
log p − weight · log prior in place of log p, and is aligned with the same. The prior is a file
beside the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json

FILE = "label_prior.json"


@dataclass(frozen=True, eq=False)
class LabelPrior:
    """The mean probability of each label over the frames of a training, and what it weighs.

    Attributes:
        logs: natural logarithms, (labels,).
    """

    weight: float
    logs: NDArray[np.float32]

    def levelled(self, logprobs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return log-probabilities, (frames, labels), without the weighted prior."""
        levelled: NDArray[np.float32] = logprobs - np.float32(self.weight) * self.logs
        return levelled

    def write(self, folder: Path, tokens: Sequence[str]) -> None:
        """Write it beside a model of these tokens."""
        logs = [float(log) for log in self.logs]
        write_json(folder / FILE, {"weight": self.weight, "tokens": list(tokens), "logs": logs})


def read_label_prior(model: Path, tokens: Sequence[str]) -> LabelPrior | None:
    """Return the prior beside a model of these tokens; None where there is none.

    Args:
        model: a file, or the directory that it is in.

    Raises `UserError` where the prior is damaged, or of other tokens.
    """
    path = (model if model.is_dir() else model.parent) / FILE
    if not path.is_file():
        return None
    found = read_json(path)
    if not _is_prior(found):
        raise UserError(
            f"{path}: expected weight, tokens, and the logarithm of each one's prior, found "
            f"something else; the file is damaged: make the model anew, or delete the file to "
            f"align without it"
        )
    if found["tokens"] != list(tokens):
        raise UserError(
            f"{path}: expected the model's {len(tokens)} tokens, found "
            f"{len(found['tokens'])} others; it is of another model"
        )
    return LabelPrior(float(found["weight"]), np.array(found["logs"], np.float32))


def _is_prior(found: Any) -> bool:
    """Whether what JSON held is what `write` writes."""
    if not isinstance(found, dict) or found.keys() != {"weight", "tokens", "logs"}:
        return False
    tokens, logs = found["tokens"], found["logs"]
    if not isinstance(tokens, list) or not isinstance(logs, list) or len(tokens) != len(logs):
        return False
    return all(type(number) in (int, float) and abs(number) < 1e6 for number in logs) and (
        type(found["weight"]) in (int, float) and 0 <= found["weight"] <= 1
    )
