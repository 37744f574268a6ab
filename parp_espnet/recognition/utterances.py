"""A long recording's phones or words, as utterances between its pauses: what a person corrects."""

from collections.abc import Sequence
from itertools import pairwise

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


def make_utterances(parts: Sequence[Annotation], seconds: float) -> tuple[Annotation, ...]:
    """Return the utterances of a recording of so many seconds, each with its parts for a text.

    Args:
        parts: phones or words, in order.
    """
    groups: list[list[Annotation]] = []
    for part in parts:
        if groups and part.begin - groups[-1][-1].end < PAUSE:
            groups[-1].append(part)
        else:
            groups.append([part])
    short: list[list[Annotation]] = []
    for group in groups:
        short += _divide(group)
    utterances = []
    for number, group in enumerate(short):
        before = short[number - 1][-1].end if number else 0.0
        after = short[number + 1][0].begin if number + 1 < len(short) else seconds
        begin = group[0].begin - _share(group[0].begin - before, is_edge=number == 0)
        end = group[-1].end + _share(after - group[-1].end, is_edge=number + 1 == len(short))
        utterances.append(Annotation(begin, end, " ".join(part.text for part in group)))
    return tuple(utterances)


def _share(pause: float, *, is_edge: bool) -> float:
    """How much of a pause is an utterance's; at the edges of a recording it is shared with none."""
    return min(MARGIN, pause if is_edge else pause / 2)


def _divide(group: list[Annotation]) -> list[list[Annotation]]:
    """An utterance, or several where it is too long."""
    if group[-1].end - group[0].begin <= LONGEST or len(group) < 2:
        return [group]
    gaps = [after.begin - before.end for before, after in pairwise(group)]
    middle = len(gaps) / 2
    # Of pauses of one length, that nearest to the middle.
    place = max(range(len(gaps)), key=lambda gap: (gaps[gap], -abs(gap + 0.5 - middle)))
    return [*_divide(group[: place + 1]), *_divide(group[place + 1 :])]
