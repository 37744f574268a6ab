"""The model file of a training, read without ESPnet, which takes seconds to import."""

from pathlib import Path

from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.upstreams.foreign import read_checkpoint


def load_model_state(path: Path) -> dict[str, Tensor]:
    """Read a model file (`*.pth`, a state_dict). Raises `UserError` when it is missing
    or not one.
    """
    if not path.exists():
        raise UserError(f"{path}: no such model file")
    try:
        states = read_checkpoint(path)
    except UserError as error:
        why = str(error).removeprefix(f"{path}: ")
        raise UserError(
            f"{path}: expected a model's state_dict, found something else or a truncated file "
            f"({why})"
        ) from None
    if not isinstance(states, dict):
        raise UserError(
            f"{path}: expected a model's state_dict, found something else or a truncated file "
            f"({states})"
        )
    if not all(isinstance(value, Tensor) for value in states.values()):
        raise UserError(
            f"{path}: expected a model's state_dict, found entries "
            f"{', '.join(map(str, list(states)[:5]))}"
        )
    return states
