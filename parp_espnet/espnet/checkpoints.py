"""Checkpoints that survive a kill.

ESPnet writes `checkpoint.pth` in place, then `<N>epoch.pth`, then the links to the best model. Here
every one of these files is complete or absent, the checkpoint before the last is kept, and the next
start mends what a kill left undone between them.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from parp_espnet.errors import UserError
from parp_espnet.espnet.stock import Reporter
from parp_espnet.files import atomic_write
from parp_espnet.upstreams.foreign import read_checkpoint

CURRENT = "checkpoint.pth"
PREVIOUS = "checkpoint.prev.pth"
WITHIN = "checkpoint.within.pth"
"""A state within the epoch that follows `CURRENT`, as an interruption leaves it."""


@contextmanager
def saved_whole(directory: Path) -> Iterator[None]:
    """Within, what `torch.save` writes to a `.pth` of the directory appears there complete, or not
    at all.

    ESPnet's trainer has no place where another way of saving could be put in, so the function is
    replaced for as long as it runs. A new `checkpoint.pth` leaves the one before as
    `checkpoint.prev.pth`.
    """
    plain = torch.save

    def save(states: object, file: Any, *more: Any, **others: Any) -> None:
        path = Path(file) if isinstance(file, str | os.PathLike) else None
        if path is None or path.suffix != ".pth" or path.parent != directory:
            plain(states, file, *more, **others)
            return
        with atomic_write(path) as temporary:
            # Given a path, torch writes its name into the file, and that of the temporary one is
            # never the same.
            with temporary.open("wb") as opened:
                plain(states, opened, *more, **others)
            if path.name == CURRENT and path.exists():
                path.replace(directory / PREVIOUS)
        if path.name == CURRENT:
            (directory / WITHIN).unlink(missing_ok=True)

    torch.save = save  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.save = plain


def recover(directory: Path, criteria: Sequence[Sequence[str]], kept: int) -> bool:
    """Make the newest complete checkpoint the present one. Returns whether there is one to resume
    from.

    Args:
        criteria: ESPnet's `best_model_criterion`, (phase, key, "min" | "max") each.
        kept: how many models of each criterion are kept, the best.

    Raises:
        UserError: there are checkpoints, but none of them can be read.
    """
    for left in directory.glob(".*.tmp"):
        left.unlink()  # of a kill: nobody else writes here
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
                f"{'; '.join(problems) or 'the last save was interrupted'}: continuing from the "
                f"one before, {path}"
            )
            path.replace(directory / CURRENT)
        reporter = _reporter_of(states)
        _mend_epoch(directory, states, reporter, criteria)
        for epoch in set(range(1, reporter.get_epoch())) - _best(reporter, criteria, kept):
            (directory / f"{epoch}epoch.pth").unlink(missing_ok=True)
        _follows(directory, reporter.get_epoch())
        return True
    if problems:
        raise UserError(
            f"{'; '.join(problems)}; delete the directory's checkpoints to train again from the "
            f"start"
        )
    return _follows(directory, 0)


def check_models(directory: Path, criteria: Sequence[Sequence[str]], kept: int) -> None:
    """After training, check the epochs' models that the final one is made of: the best `kept` of
    each criterion.

    One that is gone or damaged is written again where a checkpoint has it. Where none has, the
    checkpoints go, and training will begin anew: it comes to the same model.

    Raises:
        UserError: there was one, whatever became of it: what was made of it is not what it should
            be.
    """
    states = {}
    for name in (PREVIOUS, CURRENT):
        if not (directory / name).exists():
            continue
        checkpoint = _read(directory / name)
        if not isinstance(checkpoint, str):
            reporter = _reporter_of(checkpoint)
            states[reporter.get_epoch()] = checkpoint["model"]
    if not states:
        return
    gone: dict[int, Path] = {}
    for epoch in sorted(_best(reporter, criteria, kept)):
        model = directory / f"{epoch}epoch.pth"
        if not model.exists() or isinstance(_read(model), str):
            gone[epoch] = model
    if not gone:
        return
    what = f"{', '.join(map(str, gone.values()))}: gone or damaged, and the final model needs it"
    for epoch in gone:
        if epoch in states:
            continue
        for name in (CURRENT, PREVIOUS):
            (directory / name).unlink(missing_ok=True)
        raise UserError(
            f"{what}; no checkpoint has epoch {epoch}: the same command trains again from the start"
        )
    for epoch, model in gone.items():
        save(model, states[epoch])
    raise UserError(
        f"{what}; it was written again from a checkpoint: the same command completes the training"
    )


def forget_within(directory: Path) -> bool:
    """Remove the state within an epoch: the training begins anew. Returns that there is nothing to
    resume from.
    """
    (directory / WITHIN).unlink(missing_ok=True)
    return False


def save(path: Path, states: dict[str, Any]) -> None:
    """Write a file of tensors and plain types atomically."""
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        torch.save(states, file)  # not a path: its name, which is random, would be in the file


def read(path: Path) -> Any:
    """Return what is in a file of ours, on the CPU. Raises `UserError` when it is damaged."""
    return read_checkpoint(path)


def _read(path: Path) -> Any:
    """Return what is in the file, on the CPU, or a line that says why it cannot be read."""
    try:
        return read_checkpoint(path)
    except UserError as error:
        return str(error).removeprefix(f"{path}: ")


def _reporter_of(states: dict[str, Any]) -> Reporter:
    reporter = Reporter()
    reporter.load_state_dict(states["reporter"])
    return reporter


def _best(reporter: Reporter, criteria: Sequence[Sequence[str]], kept: int) -> set[int]:
    """Return the epochs whose models ESPnet keeps, besides the last."""
    best: set[int] = set()
    for phase, key, mode in criteria:
        if reporter.has(phase, key):
            best.update(reporter.sort_epochs(phase, key, mode)[:kept])
    return best


def _mend_epoch(
    directory: Path, states: dict[str, Any], reporter: Reporter, criteria: Sequence[Sequence[str]]
) -> None:
    """Write the last epoch's model and links again where a kill came between them and the
    checkpoint.
    """
    epoch = reporter.get_epoch()
    model = directory / f"{epoch}epoch.pth"
    if not model.exists() or isinstance(_read(model), str):
        logging.warning(f"{model} was left unfinished: writing it again from the checkpoint")
        save(model, states["model"])
    relink(directory / "latest.pth", model)
    for phase, key, mode in criteria:
        if reporter.has(phase, key):
            best = reporter.get_best_epoch(phase, key, mode)
            relink(directory / f"{phase}.{key}.best.pth", directory / f"{best}epoch.pth")


def _follows(directory: Path, epoch: int) -> bool:
    """Return whether there is a state within the epoch after `epoch`; remove another one, and a
    damaged one.
    """
    path = directory / WITHIN
    if not path.exists():
        return False
    states = _read(path)
    if isinstance(states, str):
        logging.warning(f"{path} cannot be read ({states}): beginning epoch {epoch + 1} again")
    elif states["epoch"] != epoch + 1:
        logging.warning(f"{path} is of epoch {states['epoch']}: beginning epoch {epoch + 1} again")
    else:
        return True
    path.unlink()
    return False


def relink(link: Path, target: Path) -> None:
    """Let a link lead to a file beside it, whatever it led to before."""
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
