"""A training whose loss is not a number is ended, by an error that says where and what to do.

ESPnet leaves out an update whose gradient is not finite, and ends an epoch of such updates as if it
were a training:
with code 0 and a model that nobody trained.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError

MOST_SKIPPED = 24
"""Updates that a scaler of half precision may leave out: it begins with a scale of 2**16 and halves
it each time.
"""
MOST_IN_A_ROW = 2
"""Updates in a row that may be left out in full precision: of a diverged model there is no end of
them.
"""
ONE_IN = 8
"""Of so many updates that were asked for, one may be left out in full precision."""
SHOWN = 3
ADVICE = (
    "train again with a smaller --lr; if it is small already, look at these recordings and "
    "the upstream"
)


class Updates:
    """An epoch's batches, with a look after each that ends an update: was there one, or none of
    several in a row?

    Args:
        batches: pairs of utterances' ids and tensors.
        accum_grad: batches an update.
        update: returns how many updates there were.
        optimizer: whose learning rate is told.
        scaler: of half precision, or None; it may leave out some.
        directory: the experiment's, for the error.
        forget: called where an update was left out, with its batches.
    """

    def __init__(
        self,
        batches: Any,
        *,
        accum_grad: int,
        update: Callable[[], int],
        optimizer: Any,
        scaler: Any,
        directory: Path,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._batches = batches
        self._accum_grad = accum_grad
        self._update = update
        self._optimizer = optimizer
        self._most_skipped = MOST_IN_A_ROW if scaler is None else MOST_SKIPPED
        self._directory = directory
        self._forget = forget

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        done, skipped = self._update(), 0
        utterances: list[str] = []
        for number, (ids, batch) in enumerate(self._batches, 1):
            yield ids, batch
            utterances += ids
            if number % self._accum_grad:
                continue
            skipped = skipped + 1 if self._update() == done else 0
            done = self._update()
            if skipped:
                self._forget()
            if skipped > self._most_skipped:
                rate = self._optimizer.param_groups[0]["lr"]
                raise UserError(
                    f"{self._directory}: update {done + 1}: the loss or its gradient is not a "
                    f"number, on "
                    f"{_named(utterances)}, at a learning rate of {rate:.3g}; {ADVICE}"
                )
            utterances.clear()


def check_validation(directory: Path, update: int, losses: Sequence[float]) -> None:
    """Raise `UserError` where a loss of the validation after an update is not a number."""
    wrong = sum(not math.isfinite(loss) for loss in losses)
    if wrong:
        raise UserError(
            f"{directory}: the validation after update {update}: the loss is not a number in "
            f"{wrong} of {len(losses)} "
            f"batches; {ADVICE}"
        )


def check_done(
    directory: Path, updates: int, asked: int | None, stops_early: bool, scaled: bool
) -> None:
    """Check that a training did the updates that it was asked for.

    Args:
        asked: None where nobody knows.
        stops_early: whether early stopping was asked for.
        scaled: whether a scaler of half precision may have left some out.

    Raises:
        UserError: there were fewer, and more of them left out than odd batches explain.
    """
    if asked is None or stops_early or updates >= asked:
        return
    most = MOST_SKIPPED if scaled else min(MOST_SKIPPED, asked // ONE_IN)
    if asked - updates <= most and updates > 0:
        return
    raise UserError(
        f"{directory}: expected {asked} updates, found {updates}: the training ended before its "
        f"end, which is no "
        f"result; its log says why"
    )


def _named(utterances: Sequence[str]) -> str:
    more = f" and {len(utterances) - SHOWN} more" if len(utterances) > SHOWN else ""
    return ", ".join(utterances[:SHOWN]) + more
