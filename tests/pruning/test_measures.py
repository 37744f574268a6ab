"""What scores need, measured by several processes of one training."""

from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing, nn

from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.training import PrunedTraining

CONF = {"method": "parp", "sparsity": 0.5, "score": "activation", "prune_pattern": r"\d\.weight"}


def batch() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(32, 16, generator=generator) * torch.logspace(-2, 1, 32)[:, None]


def first_mask(rank: int, ranks: int) -> Mask:
    """The first mask of a process that sees its part of a batch, and of the second layer nothing
    but on rank 0.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 24), nn.Linear(24, 8))
    pruning = PrunedTraining(model, torch.optim.Adam(model.parameters()), CONF)
    if rank == 0:
        model[1](torch.ones(4, 24))
    return pruning.start(lambda: model[0](batch()[rank::ranks]))


def process(rank: int, folder: Path) -> None:
    store = f"file://{folder}/store"
    distributed.init_process_group("gloo", store, rank=rank, world_size=2)
    try:
        first_mask(rank, 2).save(folder / f"{rank}.safetensors")
    finally:
        distributed.destroy_process_group()


def test_all_ranks_know_the_same(tmp_path: Path) -> None:
    multiprocessing.spawn(process, (tmp_path,), nprocs=2)
    alone = first_mask(0, 1)
    for rank in (0, 1):
        assert Mask.load(tmp_path / f"{rank}.safetensors").sha256 == alone.sha256
