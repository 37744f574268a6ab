"""Where a model computes."""

import torch

from parp_espnet.errors import UserError, describe


def check_device(device: str) -> str:
    """Return `device` if this machine has it. Raises `UserError` otherwise."""
    try:
        # Looked at, too: torch's meta has no numbers.
        torch.zeros(1, device=device).tolist()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(f"--device {device}: no such device here ({describe(error)})") from None
    return device


def check_gpus(ngpu: int) -> None:
    """Raise `UserError` where `--ngpu` asks for GPUs and torch sees none."""
    if ngpu and not torch.cuda.is_available():
        raise UserError(f"--ngpu {ngpu}: no GPU that torch sees; --ngpu 0 trains on the CPU")


def name_of(device: torch.device) -> str:
    """Return what a result says of where it was trained: `cpu`, or what the GPU's maker
    calls it.
    """
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
