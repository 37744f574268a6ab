"""Checkpoints of one file that are rewritten as a Hugging Face directory, the same tensors by other
names: what fairseq2's and SpidR's have in common.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from parp_espnet.errors import UserError, describe, printable
from parp_espnet.files import atomic_write, write_json

KEY = "model"
"""Where a checkpoint has its weights, unless it is the weights."""
WRAPPER = "module."
"""What distributed training puts before every name."""
HEADS = {768: 12, 1024: 16, 1280: 16, 2048: 16}
"""Size of a layer's output → heads, in all of fairseq2's and omniASR's: base, large and 300 M, 1 B,
3 B and 7 B.
"""
HEADS_OPTION = "num_attention_heads"
"""The setting that says it of another one."""
CONVOLUTIONS = {10: 5, 3: 2, 2: 2}
"""Width of a convolution → its stride."""
_SHOWN = 4


def named_weights(content: Any) -> dict[str, Any]:
    """Return a checkpoint's weights by their own names; nothing of what is no checkpoint."""
    if not isinstance(content, dict):
        return {}
    inner = content.get(KEY)
    weights = inner if isinstance(inner, dict) else content
    named = {}
    for name, tensor in weights.items():
        named[str(name).removeprefix(WRAPPER)] = tensor
    return named


def count_in(names: Iterable[str], stack: str) -> int:
    """Return how many a stack of layers has, such as `encoder.layers`, counted from its last."""
    last = -1
    for name in names:
        place = re.match(rf"{re.escape(stack)}\.(\d{{1,5}})\.", name)
        if place is not None:
            last = max(last, int(place[1]))
    return last + 1


def shapes_of(make: Callable[[], nn.Module], source: Path, kind: str) -> dict[str, torch.Size]:
    """Return the shape of each tensor of a model that `make` makes, without its memory.

    Raises `UserError` where it cannot be made: the sizes of a `kind` in `source` do not go
    together.
    """
    try:
        with torch.device("meta"):
            model = make()
    except Exception as error:  # whatever transformers and torch raise of such sizes
        raise UserError(f"{source}: no {kind}: {describe(error)}") from None
    return {name: tensor.shape for name, tensor in model.state_dict().items()}


def save(folder: Path, config: Mapping[str, Any], weights: dict[str, Tensor]) -> None:
    """Write a Hugging Face directory."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", dict(config))
    with atomic_write(folder / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})


def some(names: list[str]) -> str:
    """Return the first names, for a message, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(printable, names[:_SHOWN])) + more
