"""A path of CTC labels: the tokens that it spells."""

from collections.abc import Iterable, Iterator
from itertools import groupby

BLANK = 0


def collapse(path: Iterable[int]) -> list[int]:
    """Return the tokens of a path of CTC labels: repetitions are one, blanks none."""
    return [token for token, _, _ in spans(path)]


def spans(path: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    """Yield each token of a path of CTC labels, its first frame, and the frame after its last."""
    begin = 0
    for token, run in groupby(path):
        end = begin + sum(1 for _ in run)
        if token != BLANK:
            yield token, begin, end
        begin = end
