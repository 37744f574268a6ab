"""Checkpoints that survive a kill.

ESPnet writes `checkpoint.pth` in place, then `<N>epoch.pth`, then the links to the best model. We set the
last complete checkpoint aside before that, and mend on the next start whatever a kill left unfinished.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from espnet2.train.reporter import Reporter

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write
from parp_espnet.upstreams.foreign import read_checkpoint

CURRENT = "checkpoint.pth"
PREVIOUS = "checkpoint.prev.pth"


def set_aside(directory: Path) -> None:
    """Rename the present checkpoint, synced to disk, so that writing the next one cannot destroy it."""
    current = directory / CURRENT
    if current.exists():
        with current.open("rb") as file:
            os.fsync(file.fileno())
        current.replace(directory / PREVIOUS)


def recover(directory: Path, criteria: Sequence[Sequence[str]]) -> bool:
    """Make the newest complete checkpoint the present one. Returns whether there is one to resume from.

    Args:
        criteria: ESPnet's `best_model_criterion`, (phase, key, "min" | "max") each.

    Raises:
        UserError: there are checkpoints, but none of them can be read.
    """
    problems = []
    for name in (CURRENT, PREVIOUS):
        path = directory / name
        if not path.exists():
            continue
        states = _read(path)
        if isinstance(states, str):
            problems.append(f"{path} cannot be read ({states})")
            continue
        if name == PREVIOUS:
            logging.warning(
                f"{'; '.join(problems) or 'the last save was interrupted'}: continuing from the one before, {path}"
            )
            path.replace(directory / CURRENT)
        _mend_epoch(directory, states, criteria)
        return True
    if problems:
        raise UserError(f"{'; '.join(problems)}; delete the directory's checkpoints to train again from the start")
    return False


def load_model_state(path: Path) -> dict[str, torch.Tensor]:
    """Read a model file (`*.pth`, a state_dict). Raises `UserError` when it is missing or not one."""
    if not path.exists():
        raise UserError(f"{path}: no such model file")
    states = _read(path)
    if isinstance(states, str) or not isinstance(states, dict):
        raise UserError(f"{path}: expected a model's state_dict, found something else or a truncated file ({states})")
    if not all(isinstance(value, torch.Tensor) for value in states.values()):
        raise UserError(f"{path}: expected a model's state_dict, found entries {', '.join(map(str, list(states)[:5]))}")
    return states


def save_model_state(path: Path, states: dict[str, torch.Tensor]) -> None:
    """Write a model file atomically."""
    with atomic_write(path) as temporary:
        torch.save(states, temporary)


@contextmanager
def only_run_in(directory: Path) -> Iterator[None]:
    """Hold the directory for this process. Raises `UserError` when another training holds it."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{directory}: another training is running here; wait for it or use another one") from None
        yield


def _read(path: Path) -> Any:
    """Return what is in the file, on the CPU, or a line that says why it cannot be read."""
    try:
        return read_checkpoint(path)
    except UserError as error:
        return str(error).removeprefix(f"{path}: ")


def _mend_epoch(directory: Path, states: dict[str, Any], criteria: Sequence[Sequence[str]]) -> None:
    """Write the last epoch's model and links again where a kill came between them and the checkpoint."""
    reporter = Reporter()
    reporter.load_state_dict(states["reporter"])
    epoch = reporter.get_epoch()
    model = directory / f"{epoch}epoch.pth"
    if not model.exists() or isinstance(_read(model), str):
        logging.warning(f"{model} was left unfinished: writing it again from the checkpoint")
        save_model_state(model, states["model"])
    _link(directory / "latest.pth", model)
    for phase, key, mode in criteria:
        if reporter.has(phase, key) and reporter.get_best_epoch(phase, key, mode) == epoch:
            _link(directory / f"{phase}.{key}.best.pth", model)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
