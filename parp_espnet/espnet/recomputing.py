"""Gradient checkpointing (Chen et al. 2016): a layer's inner results are not kept for the backward
pass, and computed once more there. Memory of one layer instead of all, for a third more time.

What is computed stays the same: dropout is drawn again as it was, and batch norms count a batch
once.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from parp_espnet.errors import UserError
from parp_espnet.espnet.frames import hf_upstream

OPTION = "gradient_checkpointing"


def recompute_layers(model: Any) -> None:
    """Let the layers of an ESPnet model's upstream be computed again in every backward pass.

    Raises `UserError` where the upstream runs in code that cannot do it, s3prl's or ESPnet's own.
    """
    upstream: Any = _in_transformers(model)
    if upstream is None:
        raise UserError(
            f"--{OPTION} true: expected an upstream that runs in transformers' code, found one "
            f"that runs in s3prl's or ESPnet's own, which keeps everything; leave it out, "
            f"or take another upstream"
        )
    norms = [module for module in upstream.modules() if isinstance(module, _NormBase)]

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _uncounted(norms)

    settings = {"use_reentrant": False, "context_fn": contexts}
    if hasattr(upstream, "activation_checkpointing_enable"):  # its name since transformers 5.23
        upstream.activation_checkpointing_enable(activation_checkpointing_kwargs=settings)
    else:
        upstream.gradient_checkpointing_enable(gradient_checkpointing_kwargs=settings)
    # Convolutions do not train and keep nothing; to be computed again, they would keep their input.
    for module in getattr(upstream, "feature_extractor", nn.Module()).modules():
        if hasattr(module, "gradient_checkpointing"):
            module.gradient_checkpointing = False


@contextmanager
def _uncounted(norms: Sequence[Any]) -> Iterator[None]:
    """Within, a batch changes nothing of the means and variances that norms are evaluated with: it
    did so when it was first computed.
    """
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count


def _in_transformers(model: Any) -> nn.Module | None:
    frontend = getattr(model, "frontend", None)
    inner = hf_upstream(model) if frontend is not None else None
    if inner is None:
        inner = getattr(frontend, "encoder", None)
    return inner if hasattr(inner, "gradient_checkpointing_enable") else None
