"""Several processes that train one model: they have to do the same, to notice when they do not, and
to end together.

Outside of distributed training there is one process, rank 0.
"""

import contextlib
import gc
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, distributed

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import identity

ELSEWHERE = "what it said is above or in a log of its own"
LOST = ("/gloo/transport/", "ncclRemoteError")
"""What errors hold that gloo and NCCL have of another process; no class tells them from others."""


def check_same_mask(kept: Mapping[str, Tensor], update: int) -> None:
    """Compare a mask's hash on all ranks.

    Every rank ranks its own copy of the weights. Copies that differ would go unnoticed, since
    gradients are averaged whatever they are of.

    Raises:
        RuntimeError: on every rank, when a rank's mask differs from rank 0's.
    """
    if not distributed.is_initialized():
        return
    identities = gather(identity(kept))
    others = [rank for rank, other in enumerate(identities) if other != identities[0]]
    if others:
        raise RuntimeError(
            f"update {update}: the masks of ranks {', '.join(map(str, others))} differ from rank "
            f"0's, and so do their "
            "weights; continue from the last checkpoint, and if it happens again look for what is "
            "not deterministic"
        )


def on_first_rank(act: Callable[[], bool]) -> bool:
    """Call `act` on rank 0 only, while the others wait; return on all of them what it returned
    there.

    Raises:
        UserError: on the others, where `act` failed on rank 0, which has its error.
    """
    if not distributed.is_initialized():
        return act()
    answer = False
    error: Exception | None = None
    if distributed.get_rank() == 0:
        try:
            answer = act()
        except Exception as raised:  # the others are told before it goes on
            error = raised
    told = [answer, error is not None]
    try:
        distributed.broadcast_object_list(told)
    except RuntimeError:  # nobody is there any more to be told
        if error is None:
            raise
    if error is not None:
        raise error
    if told[1]:
        raise UserError(f"rank {number()}: rank 0 could not begin; {ELSEWHERE}")
    return told[0]


def number() -> int:
    """Return this process's rank."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def count() -> int:
    """Return how many processes train."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def any_of(flag: bool, device: torch.device) -> bool:
    """Return on all ranks whether `flag` is true on any; `device` is the model's, which the backend
    can reach.
    """
    if not distributed.is_initialized():
        return flag
    raised = torch.tensor(int(flag), device=device)
    distributed.all_reduce(raised)
    return bool(raised)


def add(values: Tensor) -> Tensor:
    """Return on all ranks the sum of what each of them has, the same bits everywhere."""
    if not distributed.is_initialized():
        return values
    sums = values.clone()
    distributed.all_reduce(sums)
    return sums


def gather(value: Any) -> list[Any]:
    """Return on all ranks what each of them has."""
    if not distributed.is_initialized():
        return [value]
    values: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, value)
    return values


def wait_for_all() -> None:
    """Wait until every rank is here."""
    if distributed.is_initialized():
        distributed.barrier()


def finish_together() -> None:
    """Wait until every rank has finished, rank 0 its files included.

    Raises:
        UserError: another rank ended before it came here.
    """
    try:
        wait_for_all()
    except RuntimeError:  # what a backend says of a connection that was closed
        raise UserError(
            f"rank {number()}: finished, but another process did not; {ELSEWHERE}"
        ) from None


@contextlib.contextmanager
def lost_together() -> Iterator[None]:
    """Within, what a backend says of a connection to a process that has ended is a `UserError`: the
    fault is not here.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_lost(error):
            raise
        raise UserError(
            f"rank {number()}: another process ended, or cannot be reached; {ELSEWHERE}, and the "
            f"same command continues"
        ) from None


def _is_lost(error: RuntimeError) -> bool:
    return any(words in str(error) for words in LOST)


def leave() -> None:
    """Leave the process group, where there is one, and end its threads.

    Such a thread needs Python's lock to let go of the last collective's tensors. Where it comes
    to that so late, on a busy machine, that the interpreter is ending, it aborts the process
    (code 134), however well that did.
    """
    if not distributed.is_initialized():
        return
    # The model of DistributedDataParallel holds the group, an error that is on its way holds the
    # model by its frames, and nobody joins the threads of a group that is held.
    _let_go(sys.exception())
    gc.collect()
    distributed.destroy_process_group()


def _let_go(error: BaseException | None) -> None:
    """Empty the frames that an error, and what led to it, hold."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            with contextlib.suppress(RuntimeError):  # it is still running
                frame.clear()
            # Where somebody asked for `locals()`, as typeguard does, Python 3.12 keeps a copy until
            # it is asked again.
            _ = frame.f_locals
        error = error.__context__
