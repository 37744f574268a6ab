"""Words and marks where phones should be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.data.check.faults import Level, levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check

Find = Callable[..., list[tuple[str, str]]]
Make = Callable[..., Path]

LINE = (
    "this text was written down by people who never thought about phones although they speak "
    "every day at home too"
)


def write(data: Path, text: str) -> None:
    """Let bea-1 say `text`."""
    lines = (data / "text").read_text().splitlines()
    (data / "text").write_text("\n".join([*lines[:2], f"bea-1 {text}", lines[3]]) + "\n")


def test_words_are_one_fault_of_the_set_that_is_trained_on(make: Make, find: Find) -> None:
    train, test = make(), make("test", ("eva",), seed=10)
    write(train, LINE)
    assert find(train, test) == [("words", "")]
    (fault,) = check([train], Limits(), levels({}), 1).faults
    assert fault.expected == "phones with spaces between them"
    assert "--phonemise letters" in fault.found
    assert not check([train], Limits(), levels({Level.IGNORE: ["words"]}), 1).faults


@pytest.mark.parametrize(
    "mark", ["[noise]", "<SPOKEN_NOISE>", "(laughter)", "=laughs=", "xxx", "!SIL"]
)
def test_a_mark_of_an_event_is_no_phone(make: Make, find: Find, mark: str) -> None:
    data = make()
    write(data, f"o {mark} l a")
    assert find(data) == [("mark", "bea-1")]


@pytest.mark.parametrize("phones", ["{ @ =n ! r_0 p_h", "<space> (p)", "[p a]", "sil spn"])
def test_xsampa_and_silence_are_phones(make: Make, find: Find, phones: str) -> None:
    data = make()
    write(data, phones)
    assert not find(data)


def test_a_mark_of_several_tokens_is_one(make: Make, find: Find) -> None:
    data = make()
    write(data, "o [door slams] l a (loud noise)")
    assert find(data) == [("mark", "bea-1"), ("mark", "bea-1")]


def test_punctuation_is_counted(make: Make) -> None:
    train, dev = make(), make("dev", ("eva",), seed=10)
    write(train, "o | l . a | t .")
    faults = [
        fault
        for fault in check([train, dev], Limits(), levels({})).faults
        if fault.kind == "punctuation"
    ]
    assert [(fault.folder, fault.utterance) for fault in faults] == [
        (str(train), "."),
        (str(train), "|"),
    ]
    assert faults[1].found == "| (U+007C (VERTICAL LINE)), 2 times in 1 utterance"


def test_letters_may_be_signs(make: Make, find: Find) -> None:
    data = make()
    write(data, "k a : <space> / u i")
    assert not find(data)
