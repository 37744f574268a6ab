"""Somebody's loop, pruned: what tests of whatever is pruned in it have in common."""

import copy
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import nn

from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.training import PrunedTraining

UPDATES = 12
FASTER = {"movement": 3.0, "movement-p": 3.0}


class PrunedLoop:
    """A loop of which all follows from the seed and the update."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    pruning: PrunedTraining
    updates = 0

    def loss(self, number: int) -> torch.Tensor:
        """What an update makes smaller."""
        raise NotImplementedError

    def go_on(self, until: int, look: Callable[[], None] = lambda: None) -> Self:
        """Train until so many updates; `look` after each."""
        while self.updates < until:
            self.updates += 1
            self.optimizer.zero_grad()
            self.loss(self.updates).backward()
            self.optimizer.step()
            look()
        return self

    def state(self) -> dict[str, Any]:
        """What another loop resumes."""
        parts = {"model": self.model, "optimizer": self.optimizer, "pruning": self.pruning}
        state: dict[str, Any] = {"updates": self.updates}
        for name, part in parts.items():
            state[name] = copy.deepcopy(part.state_dict())
        return state

    def resume(self, state: dict[str, Any]) -> Self:
        """Go on where another loop was."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.pruning.load_state_dict(state["pruning"])
        self.updates = state["updates"]
        return self


class Loop(PrunedLoop):
    """One of a body and a head."""

    model: nn.ModuleDict

    def __init__(self, method: str, **more: Any) -> None:
        torch.manual_seed(0)
        body = nn.Sequential(nn.Linear(16, 24), nn.LayerNorm(24), nn.Linear(24, 16))
        self.model = nn.ModuleDict({"body": body, "head": nn.Linear(16, 4)})
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.05)
        conf = {"method": method, "sparsity": 0.5, "prune_pattern": r"body\.[02]\.weight"}
        conf |= {"interval": 3, "score_lr": FASTER.get(method)}
        row = METHODS[method]
        if row.grows or row.alpha is not None:
            conf["updates"] = UPDATES
        self.pruning = PrunedTraining(self.model, self.optimizer, conf | more)

    def start(self) -> "Loop":
        if self.pruning.settings.row.first_mask.in_training:
            self.pruning.start()
        return self

    def loss(self, number: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(number)
        inputs = torch.randn(32, 16, generator=generator)
        hidden = self.model["body"](inputs)
        return self.model["head"](hidden).pow(3).mean()
