"""Files that are almost right: each is read, or refused in words for the user; anything else is a
defect.
"""

import copy
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from parp_espnet.errors import UserError

Edit = tuple[int, int, bytes]
PLACES = st.integers(0, 1 << 20)
EDITS = st.lists(
    st.tuples(PLACES, st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=3
)
"""Each puts bytes at a place (modulo the size) for so many that were there."""
ODD = st.sampled_from([
    "", " ", "\0", "\n", "-", "..", "../x", "/", "|", "true |", "nan", "inf", "1e999", "-1", "٣",
    "é", "\ud800",
    "--help", "all", "others", "es", "parp", "x" * 300,
])  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([2**31, 2**63, -(2**70),
    10**400]), st.floats(), ODD,
    st.text(max_size=4),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=6,
)
CHANGES = st.lists(st.tuples(PLACES, VALUES, st.booleans()), min_size=1, max_size=3)
"""Each puts a value at a place of a tree (modulo their number), or, where true, takes away what is
there.
"""


def edited(content: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes after the edits."""
    for place, cut, new in edits:
        at = place % (len(content) + 1)
        content = content[:at] + new + content[at + cut :]
    return content


def changed(tree: Any, changes: Sequence[tuple[int, Any, bool]]) -> Any:
    """A tree of dictionaries and lists after the changes."""
    whole = [copy.deepcopy(tree)]
    for number, value, gone in changes:
        places = _places(whole)
        inside, key = places[number % len(places)]
        if gone and inside is not whole:
            del inside[key]
        else:
            inside[key] = value
    return whole[0]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    pairs = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    return [place for key, value in pairs for place in ((tree, key), *_places(value))]


DRAWS, THOROUGH = 300, 1000
"""Of each test, on any machine, however slow or fast: the same ones have to be read, and refused,
everywhere.
"""
Fuzz = Callable[[st.SearchStrategy[Any], Callable[[Any], object]], Counter[str]]


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Fuzz:
    """A function (strategy, read) that reads what the strategy draws, for --fuzz_seconds at least,
    and prints how often it could.

    The draws are the same every time; a longer run draws more of them.
    """
    seconds = request.config.getoption("--fuzz_seconds")
    draws = THOROUGH if request.config.getoption("--thorough") else DRAWS

    def run(strategy: st.SearchStrategy[Any], read: Callable[[Any], object]) -> Counter[str]:
        counts: Counter[str] = Counter()
        begun = time.monotonic()
        until = begun + seconds

        def once(drawn: Any) -> None:
            nonlocal until
            if counts.total() >= draws and time.monotonic() > until:
                return
            try:
                read(drawn)
                counts["read"] += 1
            except UserError as error:
                counts["refused" if str(error).strip() else "refused without a word"] += 1
            except BaseException:
                until = math.inf  # it is made smaller, however long that takes
                raise

        number = 0
        while counts.total() < DRAWS or time.monotonic() < until:
            quiet = settings(
                max_examples=200, deadline=None, database=None, phases=(Phase.generate,
                Phase.shrink),
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            seed(number)(quiet(given(strategy)(once)))()
            number += 1
        assert not counts["refused without a word"]
        with capsys.disabled():
            print(
                f"\n{request.node.name}: {counts['read']} read, {counts['refused']} refused in "
                f"{time.monotonic() - begun:.0f} s"
            )
        return counts

    return run
