"""Every method with every scope makes the masks that it made before rankings were values: commit
a962906.

The weights move by whole parts of 256, which every machine adds up to the same bits.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from parp_espnet.pruning.combine import random_mask
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import METHODS, Source, rounds
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select
from parp_espnet.pruning.training import PrunedTraining

UPDATES = 12
SHAPES = {
    "attention.q_proj": (16, 16),
    "attention.k_proj": (16, 16),
    "attention.v_proj": (16, 16),
    "attention.out_proj": (16, 16),
    "feed_forward.intermediate_dense": (32, 16),
    "feed_forward.output_dense": (16, 32),
}
BEFORE = {
    ("dense", "global"): ("052270f2f27637e3", "052270f2f27637e3"),
    ("rp", "global"): ("7bd860190da6a8c5", "7bd860190da6a8c5"),
    ("mpi", "global"): ("2882aa99d7096fcd", "2882aa99d7096fcd"),
    ("omp", "global"): ("c75ad69c7fe6bd69", "c75ad69c7fe6bd69"),
    ("imp", "global"): ("c75ad69c7fe6bd69", "c75ad69c7fe6bd69"),
    ("parp", "global"): ("2882aa99d7096fcd", "c4a4cc52d821f900"),
    ("parp-p", "global"): ("dfe775b3354abedf", "cb257a7638a7b305"),
    ("transfer", "global"): ("a184ebfe2b2aaec0", "a184ebfe2b2aaec0"),
    ("rp", "layer"): ("39bac4a448d8e5bf", "39bac4a448d8e5bf"),
    ("mpi", "layer"): ("9a0a5d76a9340574", "9a0a5d76a9340574"),
    ("omp", "layer"): ("d33ff45805166cc7", "d33ff45805166cc7"),
    ("imp", "layer"): ("d33ff45805166cc7", "d33ff45805166cc7"),
    ("parp", "layer"): ("9a0a5d76a9340574", "427f4be92862c4c7"),
    ("parp-p", "layer"): ("12d427938b1617db", "79e54c84a48570a5"),
    ("transfer", "layer"): ("a184ebfe2b2aaec0", "a184ebfe2b2aaec0"),
    ("rp", "tensor"): ("54dc3c6039460ed9", "54dc3c6039460ed9"),
    ("mpi", "tensor"): ("a6a3535f3693f455", "a6a3535f3693f455"),
    ("omp", "tensor"): ("8da2d4b9fc187305", "8da2d4b9fc187305"),
    ("imp", "tensor"): ("8da2d4b9fc187305", "8da2d4b9fc187305"),
    ("parp", "tensor"): ("a6a3535f3693f455", "8ce60fc2c94ba79f"),
    ("parp-p", "tensor"): ("70af7e00000b6b28", "37f2b7e811cfade8"),
    ("transfer", "tensor"): ("a184ebfe2b2aaec0", "a184ebfe2b2aaec0"),
    ("rp", "2:4"): ("3a040e14ce06f5d0", "3a040e14ce06f5d0"),
    ("mpi", "2:4"): ("95be1b3677f6b6cc", "95be1b3677f6b6cc"),
    ("omp", "2:4"): ("f771a323e98d2ae8", "f771a323e98d2ae8"),
    ("parp", "2:4"): ("95be1b3677f6b6cc", "afe381e8d46e8d39"),
    ("transfer", "2:4"): ("8a80f766546e5785", "8a80f766546e5785"),
}
"""The beginnings of the sha256 of the first and the last mask, by method and scope."""


class Small(nn.Module):
    """Two layers' tensors, by their names; nothing runs through them."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.drawn: dict[str, nn.Parameter] = {}
        for layer in range(2):
            for kind, shape in SHAPES.items():
                for part, size in (("weight", shape), ("bias", shape[:1])):
                    whole = torch.randint(-400, 401, size, generator=generator)
                    name = f"encoder.layers.{layer}.{kind}.{part}"
                    self.drawn[name] = nn.Parameter(whole / 256)

    def named_parameters(self, *_: Any, **__: Any) -> Iterator[tuple[str, nn.Parameter]]:
        return iter(self.drawn.items())


def train(method: str, scope: str, **more: Any) -> PrunedTraining:
    """A training whose gradients are drawn."""
    model = Small(0)
    optimizer = torch.optim.SGD(model.drawn.values(), lr=0.5)
    conf: dict[str, Any] = {"method": method, "sparsity": 0.5, "interval": 3, "scope": scope}
    if method == "dense":
        conf["sparsity"] = 0.0
    if METHODS[method].grows:
        conf["updates"] = UPDATES
    pruning = PrunedTraining(model, optimizer, conf | more)
    pruning.start()
    for update in range(UPDATES):
        generator = torch.Generator().manual_seed(1000 + update)
        for parameter in model.drawn.values():
            drawn = torch.randint(-64, 65, parameter.shape, generator=generator)
            parameter.grad = drawn / 256
        optimizer.step()
    pruning.prune()
    return pruning


def save(kept: dict[str, torch.Tensor], sparsity: float, scope: str, path: Path) -> Path:
    """Leave a mask."""
    ranking = Ranking.of(scope=scope)
    Mask(kept, origin="", sparsity_target=sparsity, ranking=ranking).save(path)
    return path


def first_mask_file(method: str, scope: str, folder: Path) -> Path | None:
    """The mask that a method starts from, where that is a file."""
    source, ranking = METHODS[method].first_mask, Ranking.of(scope=scope)
    path = folder / "mask.safetensors"
    if source.in_training:
        return None
    if source is Source.RANDOM:
        return save(select(find_pool(Small(1).drawn), 0.5, ranking), 0.5, scope, path)
    if source is Source.FINETUNED:
        kept = select(train("dense", "global").pruner.pool, 0.5, ranking)
        return save(kept, 0.5, scope, path)
    if source is Source.ITERATED:
        training = train("dense", "global")
        for sparsity in rounds(0.5):
            save(select(training.pruner.pool, sparsity, ranking), sparsity, scope, path)
            if sparsity < 0.5:
                training = train("transfer", scope, sparsity=sparsity, initial_mask=path)
        return path
    drawn = ranking if ranking.form is not None else Ranking(scope="tensor")
    random_mask(shapes_of(Small(0).drawn), 0.5, 7, drawn).save(path)
    return path


@pytest.mark.parametrize(("method", "scope"), BEFORE)
def test_masks_have_the_bits_of_before(method: str, scope: str, tmp_path: Path) -> None:
    file = first_mask_file(method, scope, tmp_path)
    training = train(method, scope, initial_mask=file)
    masks = (training.first_mask, training.mask())
    assert tuple(mask.sha256[:16] for mask in masks) == BEFORE[method, scope]
