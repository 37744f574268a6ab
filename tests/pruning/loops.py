"""A loop of somebody's own, which tests of methods train."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.training import PrunedTraining

UPDATES = 12
FASTER = {"movement": 3.0, "movement-p": 3.0}


class Loop:
    """Somebody's loop, of a body and a head; all follows from the seed and the update."""

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
        self.updates = 0

    def start(self) -> "Loop":
        if self.pruning.settings.row.first_mask.in_training:
            self.pruning.start()
        return self

    def go_on(self, until: int, look: Callable[[], None] = lambda: None) -> "Loop":
        while self.updates < until:
            self.updates += 1
            self.optimizer.zero_grad()
            generator = torch.Generator().manual_seed(self.updates)
            inputs = torch.randn(32, 16, generator=generator)
            hidden = self.model["body"](inputs)
            self.model["head"](hidden).pow(3).mean().backward()
            self.optimizer.step()
            look()
        return self

    def state(self) -> dict[str, Any]:
        parts = {"model": self.model, "optimizer": self.optimizer, "pruning": self.pruning}
        state = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
        return state | {"updates": self.updates}

    def resume(self, state: dict[str, Any]) -> "Loop":
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.pruning.load_state_dict(state["pruning"])
        self.updates = state["updates"]
        return self
