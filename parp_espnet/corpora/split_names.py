"""The sets train, dev and test, by the names that people give them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SPLIT_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "valid", "validation", "val", "development"), "dev"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}
"""The sets, by the names that people give them."""


def by_split(paths: Sequence[Path]) -> dict[str, Path]:
    """Return the list of each set, where the names of files say one for each of train, dev and
    test; else nothing.
    """
    exact: dict[str, list[Path]] = {}
    near: dict[str, list[Path]] = {}
    for path in paths:
        for split in _splits_in(path):
            near.setdefault(split, []).append(path)
            if SPLIT_NAMES.get(path.name.lower().partition(".")[0]) == split:
                exact.setdefault(split, []).append(path)
    chosen: dict[str, Path] = {}
    for split, own in (near | exact).items():
        if len(own) == 1:
            chosen[split] = own[0]
    if len(chosen) < 3 or len(set(chosen.values())) < 3:
        return {}
    return chosen


def _splits_in(path: Path) -> Iterator[str]:
    words = re.split(r"[^a-z0-9]+", path.name.lower().partition(".")[0])
    yield from {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
