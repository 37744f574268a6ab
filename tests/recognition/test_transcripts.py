"""Every format says what was recognised; a TextGrid is read back by a parser of its own."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.recognition.transcripts import FORMATS, Phone, Transcript
from parp_espnet.tiers.eaf import read_eaf

ONE = Transcript(
    "a talk.wav", 1.5, (Phone("tʃ", 0.1, 0.14), Phone("a", 0.14, 0.3), Phone("a", 0.4, 1.5))
)


def read_textgrid(text: str) -> tuple[float, list[tuple[float, float, str]]]:
    """Return (end, intervals) of a TextGrid's tier `phones`, by the order of its values as Praat
    does it; the other tier is `utterances`.
    """
    header, _, rest = text.partition("<exists>")
    assert header.startswith('File type = "ooTextFile"\nObject class = "TextGrid"\n\n')
    # Praat reads what stands free: numbers, and strings in which "" is a quote.
    free = re.compile(r'"((?:[^"]|"")*)"|(?<![\w\[.-])-?\d+(?:\.\d+)?(?![\w\].])')
    values = [
        float(one.group()) if one.group(1) is None else one.group(1) for one in free.finditer(rest)
    ]
    begin, end = (float(value) for value in re.findall(r"= (\S+)", header)[-2:])
    tiers, kind, name, tier_begin, tier_end, count, *rest_of_values = values
    assert (tiers, kind, name) == (2, "IntervalTier", "phones")
    assert (begin, end) == (tier_begin, tier_end)
    assert isinstance(count, float)
    cells = rest_of_values[: 3 * int(count)]
    kind, name, tier_begin, tier_end, count, *others = rest_of_values[3 * int(count) :]
    assert (kind, name) == ("IntervalTier", "utterances")
    assert (begin, end) == (tier_begin, tier_end)
    assert isinstance(count, float)
    assert len(others) == 3 * int(count)
    rows = list(
        zip(cells[::3], cells[1::3], (cell.replace('""', '"') for cell in cells[2::3]), strict=True)
    )
    return end, rows


def test_textgrid() -> None:
    end, rows = read_textgrid(FORMATS["textgrid"].alone(ONE))
    assert end == 1.5
    assert rows == [
        (0, 0.1, ""),
        (0.1, 0.14, "tʃ"),
        (0.14, 0.3, "a"),
        (0.3, 0.4, ""),
        (0.4, 1.5, "a"),
    ]
    assert read_textgrid(FORMATS["textgrid"].alone(Transcript("x", 2.0, ()))) == (
        2.0,
        [(0, 2.0, "")],
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 9), st.sampled_from(['a"', '"', "tʰ", "1"])),
        max_size=9,
    )
)
def test_intervals_of_a_textgrid_leave_no_gap(drawn: list[tuple[int, int, str]]) -> None:
    phones, at = [], 0.0
    for gap, length, name in drawn:
        phones.append(Phone(name, at + gap / 50, at + (gap + length) / 50))
        at = phones[-1].end
    end, rows = read_textgrid(FORMATS["textgrid"].alone(Transcript("x", at + 0.01, tuple(phones))))
    assert [name for *_, name in rows if name] == [phone.name for phone in phones]
    assert [0.0, *(until for _, until, _ in rows)] == [*(begin for begin, *_ in rows), end]
    assert all(begin < until for begin, until, _ in rows)


def test_text() -> None:
    lines = "0.1000\t0.1400\ttʃ\n0.1400\t0.3000\ta\n0.4000\t1.5000\ta\n"
    assert FORMATS["text"].alone(ONE) == lines
    assert FORMATS["text"].among is not None
    assert FORMATS["text"].among(ONE) == "".join(
        f"a talk.wav\t{line}\n" for line in lines.splitlines()
    )


def test_json() -> None:
    assert FORMATS["json"].among is not None
    line = FORMATS["json"].among(ONE)
    assert line.count("\n") == 1
    assert json.loads(line) == json.loads(FORMATS["json"].alone(ONE))
    assert json.loads(line) == {
        "file": "a talk.wav",
        "seconds": 1.5,
        "text": "tʃ a a",
        "phones": [
            {"phone": "tʃ", "begin": 0.1, "end": 0.14},
            {"phone": "a", "begin": 0.14, "end": 0.3},
            {"phone": "a", "begin": 0.4, "end": 1.5},
        ],
    }


def test_ctm() -> None:
    rows = [line.split(" ") for line in FORMATS["ctm"].alone(ONE).splitlines()]
    assert [row[0] for row in rows] == ["a_talk.wav"] * 3
    assert [(float(begin), float(length)) for _, _, begin, length, _ in rows] == [
        pytest.approx((phone.begin, phone.end - phone.begin), abs=1e-4) for phone in ONE.phones
    ]


def test_later_and_earlier() -> None:
    later = ONE.later(0.066)
    assert later.seconds == pytest.approx(1.566)
    assert [phone.begin for phone in later.phones] == pytest.approx([0.166, 0.206, 0.466])
    earlier = ONE.later(-0.14)
    assert [(phone.name, phone.begin) for phone in earlier.phones] == [
        ("a", 0.0),
        ("a", pytest.approx(0.26)),
    ]


SPELLED = Transcript(
    "x.wav",
    1.0,
    (
        Phone("y", 0.1, 0.12), Phone("a\u0301", 0.2, 0.24), Phone("'", 0.3, 0.32), Phone("<space>",
        0.4, 0.42),
        Phone("<space>", 0.44, 0.46), Phone("k\u0361p", 0.5, 0.6),
    ),
    spelled=True,
)  # fmt: skip


def test_letters_come_out_as_words() -> None:
    assert FORMATS["text"].alone(SPELLED) == "0.1000\t0.3200\ty\u00e1'\n0.5000\t0.6000\tk\u0361p\n"
    assert (
        FORMATS["ctm"].alone(SPELLED)
        == "x.wav 1 0.1000 0.2200 y\u00e1'\nx.wav 1 0.5000 0.1000 k\u0361p\n"
    )
    grid = FORMATS["textgrid"].alone(SPELLED)
    assert '        name = "words"\n' in grid
    assert re.findall(r'text = "(.*)"', grid) == [
        *("", "y\u00e1'", "", "k\u0361p", ""),
        *("y\u00e1' k\u0361p", ""),
    ]
    found = json.loads(FORMATS["json"].alone(SPELLED))
    assert found["text"] == "y\u00e1' k\u0361p"
    assert found["words"] == [
        {"word": "y\u00e1'", "begin": 0.1, "end": 0.32}, {"word": "k\u0361p", "begin": 0.5,
        "end": 0.6},
    ]  # fmt: skip
    assert [one["letter"] for one in found["letters"]] == [letter.name for letter in SPELLED.phones]


@pytest.mark.parametrize("names", [(), ("<space>",), ("<space>", "<space>")])
def test_no_letter_is_no_word(names: tuple[str, ...]) -> None:
    letters = tuple(
        Phone(name, 0.1 * place, 0.1 * place + 0.02) for place, name in enumerate(names)
    )
    assert Transcript("x", 1.0, letters, spelled=True).parts == ()


def test_eaf(tmp_path: Path) -> None:
    path = tmp_path / "a talk.eaf"
    path.write_text(FORMATS["eaf"].alone(ONE))
    found = read_eaf(path)
    assert found.media[0].url == "./a talk.wav"
    utterances, phones = found.tiers
    assert [annotation.text for annotation in utterances.annotations] == ["tʃ a a"]
    assert (phones.name, phones.parent) == ("phones", "utterances")
    assert [(one.begin, one.end, one.text) for one in phones.annotations] == [
        (phone.begin, phone.end, phone.name) for phone in ONE.phones
    ]
    assert FORMATS["eaf"].among is None
    assert FORMATS["eaf"].suffix == ".eaf"
