"""What a finetuning holds: model, optimizer, pruner; and its checkpoints, from which it continues
to the same bits.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write
from parp_espnet.pruning.movers import Masked
from parp_espnet.pruning.pruner import Pruner

CHECKPOINT = "checkpoint.safetensors"
BESIDE = ("measured", "moved")
"""What the pruner may hold of each tensor of the pool, beside its masks: each in parts, which its
method has names for.
"""


@dataclass
class Standing:
    """How far a finetuning is."""

    update: int = 0
    best: float | None = None
    """The best validation score."""
    best_update: int = 0
    seconds: float = 0.0


def save_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, pruner: Pruner, at: Standing
) -> None:
    """Write everything that a resumed run needs, atomically."""
    pruned = pruner.state_dict()
    tensors = _under("model", model.state_dict())
    for part in ("kept", "first"):
        tensors |= _under(part, pruned[part])
    for kind in BESIDE:
        for part, of_pool in pruned[kind].items():
            tensors |= _under(f"{kind}/{part}", of_pool)
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= _under(f"optimizer/{number}", state)
    told = {
        "standing": json.dumps(asdict(at)),
        "pruned_at": str(pruned["pruned_at"]),
        "settings": _settings(pruner),
    }
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata=told)


def load_checkpoint(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, pruner: Pruner
) -> Standing:
    """Continue from a checkpoint. Raises `UserError` where it is damaged, or of other settings."""
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path}: damaged checkpoint ({error}); delete it to train again from the start"
        ) from None
    if told.get("settings") != _settings(pruner):
        raise UserError(
            f"{path}: of a run that prunes otherwise; give --glue_tag NAME, or remove the directory"
        )
    at = Standing(**json.loads(told["standing"]))
    model.load_state_dict(_part(tensors, "model"), strict=True)
    pruned: dict[str, Any] = {"kept": _part(tensors, "kept"), "first": _part(tensors, "first")}
    for kind in BESIDE:
        pruned[kind] = _parts(tensors, kind)
    pruner.load_state_dict({"update": at.update, "pruned_at": int(told["pruned_at"]), **pruned})
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, "optimizer").items():
        number, key = name.split("/")
        states.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict(
        {"state": states, "param_groups": optimizer.state_dict()["param_groups"]}
    )
    return at


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as a file holds them, by the names that they have there."""
    saved = {}
    for name, tensor in tensors.items():
        # What shares memory, such as tied embeddings, cannot be saved as it is.
        saved[f"{part}/{name}"] = tensor.detach().cpu().clone().contiguous()
    return saved


def _part(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """What `_under` put under that name."""
    own = {}
    for name, tensor in tensors.items():
        if name.startswith(f"{part}/"):
            own[name.removeprefix(f"{part}/")] = tensor
    return own


def _parts(tensors: Mapping[str, Tensor], kind: str) -> dict[str, dict[str, Tensor]]:
    """All that is under `kind`, by the names of its parts; one that held nothing is not there."""
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, kind).items():
        part, _, own = name.partition("/")
        parts.setdefault(part, {})[own] = tensor
    return parts


def _settings(pruner: Pruner) -> str:
    told: dict[str, Any] = {
        "schedule": repr(pruner.schedule),
        "adjusts": pruner.adjusts,
        "scope": pruner.ranking.word,
    }
    if pruner.ranking != pruner.ranking.by_magnitude:
        told["score"] = pruner.ranking.score
    if not isinstance(pruner.mover, Masked):
        told["mover"] = type(pruner.mover).__name__
    return json.dumps(told)
