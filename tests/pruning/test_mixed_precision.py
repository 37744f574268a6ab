"""The pruner under torch's mixed precision, as ESPnet's trainer uses it; with a GPU, there too."""

import pytest
import torch
from torch import nn

from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pruner import Pruner, nonzero_count
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.schedule import Constant
from parp_espnet.pruning.selection import kept_count, select

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    ),
]
OVERFLOWS = (2, 5)  # updates whose gradient is infinite


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("adjusts", [True, False])
def test_a_scaler_skips_what_overflows_and_the_pruner_with_it(
    device: str, dtype: torch.dtype, adjusts: bool
) -> None:
    torch.manual_seed(0)
    model = nn.Linear(40, 30).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler(device, init_scale=64.0, enabled=dtype == torch.float16)
    pool = dict(model.named_parameters())
    total = sum(tensor.numel() for tensor in pool.values())
    events = []
    pruner = Pruner(pool, adjusts=adjusts, schedule=Constant(0.5, interval=3), record=events.append)
    pruner.start(Mask(select(pool, 0.5), origin="", sparsity_target=0.5))
    optimizer.register_step_post_hook(lambda *_: pruner.after_update())

    for batch in range(8):
        optimizer.zero_grad()
        with torch.autocast(device, dtype):
            loss = model(torch.randn(16, 40, device=device)).square().mean()
        scaler.scale(loss).backward()
        if batch in OVERFLOWS and scaler.is_enabled():
            model.weight.grad.fill_(torch.inf)
        scaler.step(optimizer)
        scaler.update()
    pruner.prune()

    assert pruner.update == 8 - (len(OVERFLOWS) if scaler.is_enabled() else 0)
    assert [event.step for event in events] == (
        [0, 3, 6, *([8] if pruner.update == 8 else [])] if adjusts else [0]
    )
    assert all(
        tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in pool.values()
    )
    assert nonzero_count(pool) == kept_count(total, 0.5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("scope", ["global", "layer", "tensor", "2:4"])
def test_a_gpu_finds_the_same_mask(dtype: torch.dtype, scope: str) -> None:
    generator = torch.Generator().manual_seed(0)
    # In halves many magnitudes are equal: ties go by position there too.
    pool = {
        f"encoder.layers.{n}.w": torch.randn(64, 48, generator=generator).to(dtype)
        for n in range(3)
    }
    ranking = Ranking.of(scope=scope)
    expected = select(pool, 0.5, ranking)
    found = select({name: tensor.cuda() for name, tensor in pool.items()}, 0.5, ranking)
    assert all(torch.equal(found[name].cpu(), expected[name]) for name in pool)
