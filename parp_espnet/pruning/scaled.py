"""Half precision's scaler (`torch.amp.GradScaler`) with an optimizer that takes the scale off the
gradients itself, as fused ones do: torch then calls its step always, hooks included, and the
optimizer leaves out what overflowed.
"""

import torch


def is_skipped(optimizer: torch.optim.Optimizer) -> bool:
    """Whether the step that an optimizer is in changes nothing, since gradients overflowed."""
    overflowed = getattr(optimizer, "found_inf", None)
    return overflowed is not None and bool(overflowed)


@torch.no_grad()
def take_scale_off(optimizer: torch.optim.Optimizer) -> None:
    """Make gradients those of the loss, where the optimizer would do so within its step."""
    scale = getattr(optimizer, "grad_scale", None)
    if scale is None:
        return
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                parameter.grad.div_(scale.to(parameter.grad.device))
    optimizer.grad_scale = None  # type: ignore[attr-defined]  # the scaler's own attribute
