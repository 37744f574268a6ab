"""Take from a corpus what can be used, until there is enough."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from parp_espnet.corpora.rejects import HOPELESS, Reject, UnusableError
from parp_espnet.data.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.progress import bar

ENOUGH = 0.98
"""Part of the minutes asked for that training speech may fall short of."""


WHAT = {"train_minutes": "training", "valid_minutes": "validation", "test_minutes": "test"}
"""What the speech is for of which so many minutes are asked for."""


class Listed(Protocol):
    """Something that a corpus lists: where it does, and by which name."""

    @property
    def where(self) -> str:
        """The file and its line."""
        ...

    @property
    def name(self) -> str:
        """Name of the recording or utterance."""
        ...


def take[T: Listed](
    items: Sequence[T], use: Callable[[T], Utterance], minutes: float, label: str
) -> tuple[list[Utterance], list[Reject]]:
    """Return the first utterances that last `minutes` (infinite: all), and what was rejected on the
    way.

    `use` raises `UnusableError`. Where the first `HOPELESS` items are all rejected, the rest is not
    looked at.
    """
    utterances: list[Utterance] = []
    rejected: list[Reject] = []
    seconds = 0.0
    with bar(len(items), label, unit="utt") as shown:
        for item in items:
            if seconds >= 60 * minutes or (not utterances and len(rejected) >= HOPELESS):
                break
            try:
                utterances.append(use(item))
                seconds += utterances[-1].duration
            except UnusableError as error:
                rejected.append(Reject(item.where, item.name, error.why, str(error)))
            shown.update()
    return utterances, rejected


def need_minutes(
    where: str,
    utterances: Sequence[Utterance],
    minutes: float,
    rejected: int,
    option: str = "train_minutes",
    why: str = "",
) -> None:
    """Raise `UserError` where there is some speech of a set, and less than asked for by `option`;
    `why` may say why.
    """
    there = minutes_of(utterances)
    if utterances and not math.isinf(minutes) and there < ENOUGH * minutes:
        less = f"{math.floor(there * 10) / 10:g}" if there >= 0.1 else f"{there:.3f}"
        raise UserError(
            f"{where}: expected {minutes:g} minutes of {WHAT[option]} speech, found {there:.2f} "
            f"that can be used, in "
            f"{len(utterances)} utterances ({rejected} rejected){why}; give --{option} {less}"
        )


def falls_short(utterances: Sequence[Utterance], minutes: float) -> str:
    """Return how much there is of how much, where a set has less than asked for; else nothing."""
    there = minutes_of(utterances)
    if not there < ENOUGH * minutes < math.inf:
        return ""
    return f"{there:.1f} of the {minutes:g} minutes asked for"


def minutes_of(utterances: Sequence[Utterance]) -> float:
    """Return how much speech there is."""
    return sum(utterance.duration for utterance in utterances) / 60
