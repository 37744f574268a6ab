"""A long recording's phones or words, as utterances between its pauses: what a person corrects."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from parp_espnet.tiers.tier import Annotation

PAUSE = 0.5
"""Seconds without a phone that end an utterance."""
LONGEST = 15.0
"""Seconds; a longer utterance is divided at the longest pause in it, since training takes no
recording over twenty seconds.
"""
MARGIN = 0.2
"""Seconds of the pause that belong to the utterance on either side of it, since the marks of CTC
begin after their phones.
"""


class Timed(Protocol):
    """What was heard from `begin` to `end`, in seconds."""

    @property
    def begin(self) -> float:
        """When it begins."""

    @property
    def end(self) -> float:
        """When it ends."""


def make_utterances(parts: Sequence[Annotation], seconds: float) -> tuple[Annotation, ...]:
    """Return the utterances of a recording of so many seconds, each with its parts for a text.

    Args:
        parts: phones or words, in order.
    """
    utterances = []
    for begin, end, group in divide(parts, seconds):
        utterances.append(Annotation(begin, end, " ".join(part.text for part in group)))
    return tuple(utterances)


def divide[T: Timed](parts: Sequence[T], seconds: float) -> Iterator[tuple[float, float, list[T]]]:
    """Yield when each utterance of a recording of so many seconds begins and ends, with its parts.

    Args:
        parts: phones or words, in order.
    """
    groups: list[list[T]] = []
    for part in parts:
        if groups and part.begin - groups[-1][-1].end < PAUSE:
            groups[-1].append(part)
        else:
            groups.append([part])
    short: list[list[T]] = []
    for group in groups:
        short += _divide(group)
    for number, group in enumerate(short):
        before = short[number - 1][-1].end if number else 0.0
        after = short[number + 1][0].begin if number + 1 < len(short) else seconds
        begin = group[0].begin - _share(group[0].begin - before, is_edge=number == 0)
        end = group[-1].end + _share(after - group[-1].end, is_edge=number + 1 == len(short))
        yield begin, end, group


def _share(pause: float, *, is_edge: bool) -> float:
    """How much of a pause is an utterance's; at the edges of a recording it is shared with none."""
    return min(MARGIN, pause if is_edge else pause / 2)


def _divide[T: Timed](group: list[T]) -> list[list[T]]:
    """An utterance, or several where it is too long."""
    if group[-1].end - group[0].begin <= LONGEST or len(group) < 2:
        return [group]
    gaps = [after.begin - before.end for before, after in pairwise(group)]
    middle = len(gaps) / 2
    # Of pauses of one length, that nearest to the middle.
    place = max(range(len(gaps)), key=lambda gap: (gaps[gap], -abs(gap + 0.5 - middle)))
    return [*_divide(group[: place + 1]), *_divide(group[place + 1 :])]
