"""Phones that are not what they look like."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.data.check.faults import Level, levels
from parp_espnet.data.check.judge import frames_needed, frames_of
from parp_espnet.data.check.text import spelled
from parp_espnet.errors import UserError

Find = Callable[..., list[tuple[str, str]]]
Make = Callable[..., Path]

INVENTORY = "o l a t tt ttt tttt ɡ ɔ\u0303"


def write(data: Path, text: str) -> None:
    """Let bea-1 say `text`."""
    lines = (data / "text").read_text().splitlines()
    (data / "text").write_text("\n".join([*lines[:2], f"bea-1 {text}", lines[3]]) + "\n")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ɡ ɔ\u0303", []),
        ("g", ["phone"]),  # ASCII, where IPA has U+0261
        ("\u0261 tʃ x x", ["phone", "phone"]),
        ("<unk>", ["symbol"]),
        ("\u00f5", ["phone", "normal-form"]),
    ],
)
def test_phones_outside_the_inventory(make: Make, find: Find, text: str, kinds: list[str]) -> None:
    data = make()
    write(data, text)
    assert find(data, inventory=INVENTORY) == [(kind, "bea-1") for kind in kinds]


def test_without_an_inventory_any_phone_will_do(make: Make, find: Find) -> None:
    data = make()
    write(data, "g h <x>")
    assert find(data) == []


def test_one_phone_in_two_normal_forms(make: Make, find: Find) -> None:
    train, test = make(), make("test", ("eva",), seed=10)
    write(train, "\u00e7 a")
    assert find(train, test) == [("normal-form", "bea-1")]
    (test / "text").write_text("eva-1 c\u0327\neva-2 o\n")
    assert find(train, test) == [("mixed-forms", "bea-1")]


def test_a_phone_is_spelled_out() -> None:
    assert spelled("tʰ") == "tʰ (U+0074 (LATIN SMALL LETTER T), U+02B0 (MODIFIER LETTER SMALL H))"


@pytest.mark.parametrize(
    ("samples", "frames"), [(0, 0), (399, 0), (400, 1), (719, 1), (720, 2), (16000, 49)]
)
def test_frames_of_an_upstream(samples: int, frames: int) -> None:
    assert frames_of(samples) == frames


@pytest.mark.parametrize(
    ("phones", "frames"), [("", 0), ("a", 1), ("a b a", 3), ("a a", 3), ("a a a b b", 8)]
)
def test_frames_that_ctc_needs(phones: str, frames: int) -> None:
    assert frames_needed(tuple(phones.split())) == frames


def test_levels_can_be_chosen() -> None:
    found = levels({Level.ERROR: ["rate"], Level.IGNORE: ["phone", "ctc"]})
    assert (found["rate"], found["ctc"], found["nan"]) == (Level.ERROR, Level.IGNORE, Level.ERROR)
    with pytest.raises(
        UserError, match=r"--error rat: no such kind of fault; there are encoding, line"
    ):
        levels({Level.ERROR: ["rat"]})
    with pytest.raises(UserError, match="expected one level for a kind, found two"):
        levels({Level.ERROR: ["rate"], Level.WARNING: ["rate"]})


def test_letters_may_be_composed(make: Make, find: Find) -> None:
    """As `--phonemise letters` writes them; what is written in both ways is still two tokens."""
    data, test = make(), make("test", ("eva",), seed=10)
    (data / "text").write_text(
        "ana-1 á <space> ñ ɔ\u0303\nana-2 a\u0331\nbea-1 k\u0361p e\nbea-2 \u00e9\n"
    )
    (test / "text").write_text("eva-1 ñ <space> e\neva-2 e\n")
    assert find(data, test) == []
    (test / "text").write_text("eva-1 n\u0303 <space> e\neva-2 e\n")
    assert ("mixed-forms", "ana-1") in find(data, test)
