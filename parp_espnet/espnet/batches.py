"""The batches of an epoch, with a call at each boundary, and the processes that read them."""

import atexit
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from torch.utils.data import DataLoader

from parp_espnet.espnet.chance import Chance

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


class Batches:
    """Batches, with a call at each boundary, before every batch and after the last.

    Args:
        between: called with the number of batches before the boundary; may end it all by an
            exception.
        skip: batches at the beginning that are left out. They are read, so that what reads them is
            where it was.
        chance: the random numbers' state at the first boundary, where it is to be another than
            reading leaves.
    """

    def __init__(
        self,
        batches: Any,
        between: Callable[[int], None],
        skip: int = 0,
        chance: Chance | None = None,
    ) -> None:
        self._batches = batches
        self._between = between
        self._skip = skip
        self._chance = chance

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self._batches)
        _end_readers_at_exit()
        try:
            for _ in islice(batches, self._skip):
                pass
            if self._chance is not None:
                self._chance.restore()
            self._between(self._skip)
            for number, batch in enumerate(batches, self._skip + 1):
                yield batch
                self._between(number)
        finally:
            # The processes that read batches end now. Kept by the traceback of an interruption they
            # would be garbage together with their queues, whose threads end first: torch then waits
            # five seconds for each process and queue.
            del batches


def keep_readers(batches: Any) -> None:
    """Let the processes that read batches go on when all of the training's group get the signal, as
    by Ctrl-C.

    They end with the training; torch takes it for a fault where one ends before.
    """
    if isinstance(batches, DataLoader) and batches.num_workers:
        batches.worker_init_fn = partial(_read_on, batches.worker_init_fn)


def _read_on(begin: Callable[[int], None] | None, number: int) -> None:
    for told in SIGNALS:
        signal.signal(told, signal.SIG_IGN)
    if begin is not None:
        begin(number)


def _end_readers_at_exit() -> None:
    """Let no process that reads batches outlive the training, whatever still refers to its batches.

    Python and torch end such processes by SIGTERM, which they do not heed, and wait for them.
    Registered after torch has registered its own function, which runs later, therefore.
    """
    atexit.unregister(_kill_readers)
    atexit.register(_kill_readers)


def _kill_readers() -> None:
    # That they end now is no fault of theirs, which torch's handler would raise here.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for process in multiprocessing.active_children():
        if process.daemon:
            process.kill()
