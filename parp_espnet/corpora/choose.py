"""Which utterances are in which set, and how many: decided by hashes of names, so that nothing is
drawn.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

SHARE = 0.1
"""Of a corpus without sets of its own, the part that is dev, and the part that is test."""


def rank(name: str) -> str:
    """Return what names are sorted by: a hash, so that the order has nothing to do with what they
    mean.
    """
    return hashlib.sha256(name.encode()).hexdigest()


def taking_turns[T](
    items: Iterable[T], speaker: Callable[[T], str], name: Callable[[T], str]
) -> list[T]:
    """Return items in an order in which every speaker has one, then those that have a second one,
    and so on.

    The beginning of the list has as many speakers as it can, and ten minutes are the beginning of
    an hour.
    """
    own: defaultdict[str, list[T]] = defaultdict(list)
    for item in items:
        own[speaker(item)].append(item)
    queues = []
    for who in sorted(own, key=rank):
        queues.append(sorted(own[who], key=lambda item: rank(name(item))))
    ordered: list[T] = []
    for turn in range(max(map(len, queues), default=0)):
        for queue in queues:
            ordered += queue[turn : turn + 1]
    return ordered


def partition(
    sizes: Mapping[str, float], share: float = SHARE, asked: Mapping[str, float] | None = None
) -> dict[str, str]:
    """Return the set of each group (a speaker, or a sentence without one): dev and test get about
    `share` each.

    The largest group is in train; none of more than twice the share leaves it while there are
    smaller ones. From three groups on, no set is empty.

    Where dev or test has a size in `asked`, it gets as much at least, as long as train keeps the
    largest group.
    """
    asked = asked or {}
    ordered = sorted(sizes, key=rank)
    sets = dict.fromkeys(ordered, "train")
    if len(ordered) < 3:
        return sets
    largest = max(ordered, key=lambda group: sizes[group])
    for split, others in (("test", 1), ("dev", 0)):
        wanted = asked.get(split, share * sum(sizes.values()))
        free = [group for group in ordered if sets[group] == "train" and group != largest]
        small = [group for group in free if sizes[group] <= 2 * wanted]
        if split in asked:
            small += sorted(set(free) - set(small), key=lambda group: (sizes[group], rank(group)))
        small = small or [min(free, key=lambda group: sizes[group])]
        has = 0.0
        for group in small[: len(free) - others]:
            if has < wanted:
                sets[group] = split
                has += sizes[group]
    return sets
