"""Folders of recordings with transcripts, as people and their programs write them."""

from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from parp_espnet.corpora.layouts import read_items
from parp_espnet.corpora.rejects import Why
from parp_espnet.errors import UserError
from parp_espnet.tiers.eaf import write_eaf
from parp_espnet.tiers.textgrid import write_textgrid
from parp_espnet.tiers.tier import Annotation, Tier

Record = Callable[..., Path]


@pytest.mark.parametrize(
    "name", ["r.txt", "r.TXT", "R.txt", "r.lab", "r.Lab", "r.wav.txt", "r.WAV.TXT"]
)
@pytest.mark.parametrize("recording", ["r.wav", "r.WAV"])
def test_names_of_transcripts(tmp_path: Path, record: Record, recording: str, name: str) -> None:
    record(tmp_path / "r.wav").rename(tmp_path / recording)
    (tmp_path / name).write_text("a b")
    found = read_items(tmp_path)
    assert [(item.text, Path(item.audio).name) for item in found.items] == [("a b", recording)]
    assert not found.rejected


@pytest.mark.parametrize("of_recording", ["NFC", "NFD"])
@pytest.mark.parametrize("of_other", ["NFC", "NFD"])
@pytest.mark.parametrize("kind", [".txt", ".TextGrid", ".eaf", "linked", ".trans.txt"])
def test_a_name_is_the_same_however_it_is_encoded(
    tmp_path: Path, record: Record, of_recording: str, of_other: str, kind: str
) -> None:
    """Apple's archives have ñ as two characters, and what is made elsewhere has one."""
    recording = record(tmp_path / normalize(of_recording, "niño é.wav"))
    other = tmp_path / normalize(of_other, "niño é")
    tiers = [Tier("tx", [Annotation(0, 0.2, "a b")])]
    if kind == ".txt":
        other.with_name(f"{other.name}.txt").write_text("a b")
    elif kind == ".TextGrid":
        other.with_name(f"{other.name}.TextGrid").write_text(write_textgrid(tiers, 0.5))
    elif kind == ".eaf":
        text = write_eaf(tiers, tmp_path / "gone.wav", "audio/x-wav")
        other.with_name(f"{other.name}.eaf").write_text(text)
    elif kind == "linked":
        (tmp_path / "1.eaf").write_text(write_eaf(tiers, Path(f"{other}.wav"), "audio/x-wav"))
    else:
        recording = recording.rename(tmp_path / normalize(of_recording, "niñó.wav"))
        (tmp_path / "x.trans.txt").write_text(f"{normalize(of_other, 'niñó')} a b\n")
    found = read_items(tmp_path)
    assert [(item.text, item.audio) for item in found.items] == [("a b", str(recording.resolve()))]
    assert not found.rejected


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("kind", [".txt", ".wav.txt", ".lab", ".TextGrid", ".eaf", ".trans.txt"])
def test_a_transcript_is_of_the_recording_that_is_spelled_as_it_is(
    tmp_path: Path, record: Record, kind: str, upper: bool
) -> None:
    """Of `A.wav` and `a.wav`, which are two files but on Windows and macOS."""
    mine, other = (record(tmp_path / name) for name in ("AB.wav", "ab.wav"))
    if not upper:
        mine, other = other, mine
    tiers = [Tier("tx", [Annotation(0, 0.2, "a b")])]
    if kind == ".TextGrid":
        mine.with_suffix(kind).write_text(write_textgrid(tiers, 0.5))
    elif kind == ".eaf":
        mine.with_suffix(kind).write_text(write_eaf(tiers, mine, "audio/x-wav"))
    elif kind == ".trans.txt":
        (tmp_path / "x.trans.txt").write_text(f"{mine.stem} a b\n")
    else:
        (tmp_path / f"{mine.stem}{kind}").write_text("a b")
    found = read_items(tmp_path)
    assert [(item.text, item.audio) for item in found.items] == [("a b", str(mine.resolve()))]
    assert [(reject.where, reject.why) for reject in found.rejected] == [(str(other), Why.ALONE)]


BIG, SMALL = "c d", "e f"
"""What `AB` and `ab` say."""
OF_OTHER_KINDS: dict[str, tuple[list[str], dict[str, str]]] = {
    "text and labels": (["AB.wav", "ab.wav"], {"AB.txt": BIG, "ab.lab": SMALL}),
    "labels and text": (["AB.wav", "ab.wav"], {"AB.lab": BIG, "ab.txt": SMALL}),
    "the recording's ending too": (["AB.wav", "ab.wav"], {"AB.wav.txt": BIG, "ab.txt": SMALL}),
    "endings in capitals": (["AB.WAV", "ab.WAV"], {"AB.TXT": BIG, "ab.TXT": SMALL}),
    "other recordings": (["AB.wav", "ab.flac"], {"AB.TextGrid": BIG, "ab.TextGrid": SMALL}),
    "other recordings, lines": (["AB.wav", "ab.flac"], {"x.trans.txt": f"AB {BIG}\nab {SMALL}"}),
    "tiers and text": (["AB.wav", "ab.wav"], {"AB.TextGrid": BIG, "ab.txt": SMALL}),
    "one recording": (["ab.wav"], {"AB.txt": BIG, "ab.txt": SMALL}),
    "one recording, tiers": (["ab.wav"], {"AB.TextGrid": BIG, "ab.TextGrid": SMALL}),
    "one recording, lines": (["ab.wav"], {"x.trans.txt": f"AB {BIG}\nab {SMALL}"}),
    "an ending in capitals beside labels": (["ab.WAV"], {"ab.TXT": SMALL, "ab.lab": BIG}),
}


@pytest.mark.parametrize("case", OF_OTHER_KINDS)
def test_of_names_that_differ_in_capitals_each_has_its_own_text(
    tmp_path: Path, record: Record, case: str
) -> None:
    recordings, texts = OF_OTHER_KINDS[case]
    for name in recordings:
        record(tmp_path / "made.wav").rename(tmp_path / name)
    for name, text in texts.items():
        tiers = [Tier("tx", [Annotation(0, 0.2, text)])]
        content = write_textgrid(tiers, 0.5) if name.endswith(".TextGrid") else text
        (tmp_path / name).write_text(content)
    found = {Path(item.audio).stem: item.text for item in read_items(tmp_path).items}
    both = {"AB": BIG, "ab": SMALL}
    assert found == {stem: both[stem] for stem in (Path(name).stem for name in recordings)}


def test_two_transcripts_of_names_that_differ_in_capitals(tmp_path: Path, record: Record) -> None:
    for name in ("AB", "ab"):
        record(tmp_path / f"{name}.wav")
    (tmp_path / "x.trans.txt").write_text("AB c d\nab e f\n")
    found = read_items(tmp_path)
    texts = {Path(item.audio).stem: item.text for item in found.items}
    assert texts == {"AB": "c d", "ab": "e f"}
    assert not found.rejected


def test_lines_of_librispeech(tmp_path: Path, record: Record) -> None:
    folder = tmp_path / "train" / "84" / "12"
    for number in range(3):
        record(folder / f"84-12-000{number}.flac", seed=number)
    lines = [f"84-12-000{number} HELLO {number}\n" for number in (0, 1, 7)]
    (folder / "84-12.trans.txt").write_text("".join(lines))
    found = read_items(tmp_path)
    assert [(item.name, item.text, item.speaker) for item in found.items] == [
        (f"train/84/12/84-12-000{number}", f"HELLO {number}", "84") for number in (0, 1)
    ]
    assert {reject.item: str(reject.why) for reject in found.rejected} == {
        "84-12-0007": "alone", "train/84/12/84-12-0002": "alone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('File type = "ooTextFile"\nObject class = "TextGrid"\n', "a TextGrid of Praat"),
        ("0 46797 She had your dark suit\n", "labels with times (0 46797 She had your dark suit)"),
        ("0 2260 h#\n2260 4149 sh\n", "labels with times"),
        ("0.0 0.1 sil\n0.1 0.5 a\n", "labels with times"),
        ("0.000000\t0.500000\thola\n", "labels with times"),
        ("0 1000000 a\n1000000 2000000\n", "labels with times"),
        ("1\n00:00:00,000 --> 00:00:01,000\nhola\n", "subtitles"),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\nhola\n", "subtitles"),
        ('{"text": "hola"}', "JSON"),
        ("{\\rtf1\\ansi hola}", "a file of a word processor"),
        ('<?xml version="1.0"?><TEI/>', "XML"),
        ("@UTF8\n@Begin\n*CHI:\thola .\n@End\n", "a transcript of CHAT"),
    ],
)
def test_what_is_no_text_alone_is_never_taken_for_one(
    tmp_path: Path, record: Record, text: str, what: str
) -> None:
    record(tmp_path / "r.wav")
    (tmp_path / "r.txt").write_text(text)
    found = read_items(tmp_path)
    assert not found.items
    (reject,) = found.rejected
    assert reject.why is Why.TEXT
    assert f"expected what is said and nothing else, found {what}" in reject.reason


@pytest.mark.parametrize(
    "text",
    ["1 2 3", "1 2\n3 4", "0 7", "2 3 tres", "10 100 1000", "{noise} hola", "[laughter] hola",
    "<unk> hola", "a -> b",
     "1990 2000 y ya", "@ a b"],
)  # fmt: skip
def test_what_is_a_text_is_one(tmp_path: Path, record: Record, text: str) -> None:
    record(tmp_path / "r.wav")
    (tmp_path / "r.txt").write_text(text)
    assert [item.text for item in read_items(tmp_path).items] == [text.replace("\n", " ")]


def test_two_recordings_of_one_name(tmp_path: Path, record: Record) -> None:
    for name in ("r.flac", "r.wav"):
        record(tmp_path / name)
    (tmp_path / "r.txt").write_text("a b")
    found = read_items(tmp_path)
    assert [Path(item.audio).name for item in found.items] == ["r.flac"]
    assert [reject.reason for reject in found.rejected] == [
        "expected one recording of this name, found r.flac, which is taken"
    ]


@pytest.mark.parametrize(
    ("name", "advice"),
    [("r.trs", ".trs is not read: write the text of each recording to a .txt of its "
                    "name"),
     ("r.cha", ".cha is not read: write"), ("all.xlsx", ".xlsx is not read: save it as a table, "
                                                        ".csv or .tsv"),
     ("metadata.parquet", ".parquet is not read: save it as a table")],
)  # fmt: skip
def test_kinds_that_are_not_read_are_named(
    tmp_path: Path, record: Record, name: str, advice: str
) -> None:
    record(tmp_path / "r.wav")
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UserError) as error:
        read_items(tmp_path)
    assert advice in str(error.value)
