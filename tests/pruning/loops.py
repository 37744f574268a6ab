"""Somebody's loop, pruned: what tests of whatever is pruned in it have in common."""

import copy
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import nn

from parp_espnet.pruning.training import PrunedTraining


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
