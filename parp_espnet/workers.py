"""Processes that share work out among them, and of which Ctrl-C leaves nothing."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker

NOBODY_WAITS = 1
"""Exit code of a process whose parent is gone."""


@contextmanager
def process_pool(jobs: int, module: str) -> Iterator[ProcessPoolExecutor]:
    """Within, there are up to `jobs` processes, which have `module` imported when they begin.

    They are started as work is given to them; who does that `without_interrupts` has processes that
    do not hear Ctrl-C. When the process that gives it is interrupted within, or killed, they end at
    once.
    """
    # A process that is started anew imports for a second; a fork of one with threads may hang.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    # It lets Ctrl-C through when it starts, so it has to be there before.
    resource_tracker.ensure_running()
    others = set(multiprocessing.active_children())
    with without_interrupts():
        pool = ProcessPoolExecutor(jobs, context, _end_with_parent)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
        raise
    finally:
        # A semaphore is removed in two steps, and multiprocessing has words for who leaves it
        # between them.
        with without_interrupts():
            pool.shutdown(cancel_futures=True)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Within, Ctrl-C waits until the end; for a process that is started meanwhile, and all that it
    starts, for ever.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """In a process of the pool: end when the process that started the pool does,
    however that ends.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    sentinel = parent.sentinel
    end_after(lambda: connection.wait([sentinel]))


def end_after(wait: Callable[[], object]) -> None:
    """Let this process end at once when `wait` returns, whatever it does meanwhile: it waits for
    the end of whom the process works for.
    """

    def end() -> None:
        wait()
        os._exit(NOBODY_WAITS)

    threading.Thread(target=end, daemon=True).start()
