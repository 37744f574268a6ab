"""Which text is which recording's: files, folders, Kaldi's text, tiers."""

import re
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
import soundfile

from parp_espnet.aligning.texts import Text, find_texts
from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.tiers.eaf import write_eaf
from parp_espnet.tiers.textgrid import write_textgrid
from parp_espnet.tiers.tier import Annotation, Tier

A, B = (Source(Path(f"in/{name}"), Path(name)) for name in ("a.wav", "sub/b.wav"))
SPOKEN = (Annotation(0.5, 1.0, "t a"), Annotation(1.0, 2.0, ""), Annotation(2.0, 2.5, "n a"))
SPOKEN_EARLY = (Annotation(0.0, 1.0, "t a"),)


def only(found: list[Text | Failure]) -> Text:
    (text,) = found
    assert isinstance(text, Text), text
    return text


def test_one_text(tmp_path: Path):
    (tmp_path / "x.txt").write_text("\ufefft a\nn a\n")
    text = only(find_texts([A], tmp_path / "x.txt", None))
    assert text.whole
    assert text.parts[0].text.split() == ["t", "a", "n", "a"]
    with pytest.raises(
        UserError, match=r"x.txt: expected one recording, found 2; give a directory"
    ):
        find_texts([A, B], tmp_path / "x.txt", None)
    with pytest.raises(UserError, match=r"gone: expected a text, or a directory with some"):
        find_texts([A], tmp_path / "gone", None)


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("0.0000\t1.2000\tla casa\n1.2000\t3.0000\tblanca\n", r"labels with times \(0.0000"),
        ("0 19200 la casa\n19200 48000 blanca\n", "labels with times"),
        ("1\n00:00:00,000 --> 00:00:01,200\nla casa\n", "subtitles"),
        ('{"text": "la casa"}', "JSON"),
        (write_textgrid([Tier("tx", SPOKEN)], 3.0), "a TextGrid of Praat"),
        (write_eaf([Tier("tx", SPOKEN)], Path("a.wav"), "audio/x-wav"), "XML"),
    ],
)
@pytest.mark.parametrize("is_alone", [True, False])
def test_a_text_that_holds_more_than_is_said(
    tmp_path: Path, written: str, held: str, is_alone: bool
) -> None:
    """Times would be spoken with `--phonemise`."""
    (tmp_path / "a.txt").write_text(written)
    (failure,) = find_texts([A], tmp_path / "a.txt" if is_alone else tmp_path, None)
    assert isinstance(failure, Failure)
    assert re.search(rf"a.txt: expected what is said and nothing else, found {held}", str(failure))


@pytest.mark.parametrize("written", ["12 casas y 30 perros\n", "{a} b\n", "1 2\n", "la\n\ncasa"])
def test_numbers_in_a_text_are_said(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.txt").write_text(written)
    assert only(find_texts([A], tmp_path, None)).parts[0].text == written


def test_a_folder_of_texts(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.TextGrid").write_text(write_textgrid([Tier("tx", SPOKEN)], 3.0))
    first, second = find_texts([A, B], tmp_path, None)
    assert str(first) == (
        f"in/a.wav: expected its text in {tmp_path} (a.txt, a.TextGrid, a.eaf), found none"
    )
    assert isinstance(second, Text)
    assert second.parts == (SPOKEN[0], SPOKEN[2])


def test_kaldis_text(tmp_path: Path):
    (tmp_path / "text").write_text("a t a\nc n\n")
    first, second = find_texts([A, B], tmp_path / "text", None)
    assert isinstance(first, Text)
    assert first.parts[0].text == "t a"
    assert str(second).endswith("text, found no line that begins with b")


@pytest.mark.parametrize("of_recording", ["NFC", "NFD"])
@pytest.mark.parametrize("of_text", ["NFC", "NFD"])
@pytest.mark.parametrize("is_table", [True, False])
def test_a_name_is_the_same_however_it_is_encoded(
    tmp_path: Path, of_recording: str, of_text: str, is_table: bool
) -> None:
    name = normalize(of_recording, "sub/niñé.wav")
    written = normalize(of_text, "niñé")
    path = tmp_path / "text" if is_table else tmp_path / f"{written}.txt"
    path.write_text(f"{written} t a\n" if is_table else "t a\n")
    text = only(
        find_texts([Source(Path("in") / name, Path(name))], path if is_table else tmp_path, None)
    )
    assert text.parts[0].text.split() == ["t", "a"]


@pytest.mark.parametrize(
    ("sound", "suffix", "as_praat", "earlier"),
    [
        ("a.mp3", ".TextGrid", True, 0.066),
        ("a.mp3", ".TextGrid", False, 0.0),
        # ELAN plays what its system decodes.
        ("a.mp3", ".eaf", True, 0.0),
        ("a.wav", ".TextGrid", True, 0.0),
    ],
)
def test_times_of_mp3s_as_praat_has_them(
    tmp_path: Path, sound: str, suffix: str, as_praat: bool, earlier: float
) -> None:
    recording = tmp_path / sound
    soundfile.write(recording, np.zeros(48000), 16000, format=recording.suffix[1:].upper())
    said = (Annotation(0.0, 0.04, "a"), *SPOKEN)
    tiers = [Tier("tx", said)]
    path = tmp_path / f"a{suffix}"
    path.write_text(
        write_eaf(tiers, recording, "audio/x") if suffix == ".eaf" else write_textgrid(tiers, 3.0)
    )
    text = only(find_texts([Source(recording, Path(sound))], path, None, as_praat))
    times = [(part.begin + earlier, part.end + earlier) for part in text.parts]
    spoken = [(0.5, 1.0), (2.0, 2.5)]
    assert times[-2:] == [pytest.approx(pair, abs=1e-3) for pair in spoken]
    # What Praat has before the sound is not in it.
    assert len(times) == (2 if earlier else 3)
    assert ["silence that Praat keeps" in fault for fault in text.faults] == [True] * bool(earlier)


def test_an_annotation_that_begins_before_the_sound(tmp_path: Path) -> None:
    recording = tmp_path / "a.mp3"
    soundfile.write(recording, np.zeros(48000), 16000, format="MP3")
    (tmp_path / "a.TextGrid").write_text(write_textgrid([Tier("tx", SPOKEN_EARLY)], 3.0))
    sources = [Source(recording, Path("a.mp3")), Source(tmp_path / "gone.mp3", Path("a.mp3"))]
    there, gone = find_texts(sources, tmp_path, None, as_praat=True)
    assert [part.begin for part in only([there]).parts] == [0.0]
    # Whoever hears it says that it is not there.
    assert [part.end for part in only([gone]).parts] == [1.0]


@pytest.mark.parametrize("suffix", [".TextGrid", ".eaf"])
def test_tiers(tmp_path: Path, suffix: str):
    tiers = [Tier("tx", SPOKEN), Tier("gloss", SPOKEN[:1])]
    path = tmp_path / f"a{suffix}"
    written = write_eaf(tiers, Path("a.wav"), "audio/x-wav")
    path.write_text(written if suffix == ".eaf" else write_textgrid(tiers, 3.0))
    assert only(find_texts([A], path, "gloss")).parts == SPOKEN[:1]
    for wanted, said in (
        (None, f"{path}: expected one tier with texts, found tx (2), gloss (1); say which it is"),
        ("ph", f"{path}: expected the tier --tier ph, found tx (2), gloss (1)"),
    ):
        (failure,) = find_texts([A], path, wanted)
        assert isinstance(failure, Failure)
        assert failure.reason.startswith(said)


def test_annotations_over_each_other(tmp_path: Path):
    """Two speakers' tiers at once: the later one is left out, and said."""
    tiers = [Tier("tx@A", SPOKEN), Tier("tx@B", [Annotation(0.8, 1.5, "n a")])]
    path = tmp_path / "a.TextGrid"
    path.write_text(write_textgrid(tiers, 3.0))
    text = only(find_texts([A], path, "tx"))
    assert text.parts == tuple(replace(SPOKEN[number], speaker="A") for number in (0, 2))
    (fault,) = text.faults
    assert fault.startswith(f"{path}: expected annotations one after the other, found one at 0.800")


def test_damaged_files_and_tiers_of_a_text(tmp_path: Path):
    (tmp_path / "a.eaf").write_text("words")
    (tmp_path / "b.txt").write_text("t a")
    (failure,) = find_texts([A], tmp_path / "a.eaf", None)
    assert "expected a file of ELAN's, found no XML" in str(failure)
    (failure,) = find_texts([A], tmp_path / "b.txt", "tx")
    assert "--tier tx" in str(failure)


def test_recordings_of_one_name_in_several_folders(tmp_path: Path):
    """None of them is meant by a text without a folder."""
    one, two, top = (
        Source(Path(f"in/{name}"), Path(name)) for name in ("1/a.wav", "2/a.wav", "a.wav")
    )
    (tmp_path / "a.txt").write_text("t a")
    (tmp_path / "2").mkdir()
    (tmp_path / "2/a.txt").write_text("n a")
    lost, second, first = find_texts([one, two, top], tmp_path, None)
    assert str(lost).startswith(f"in/1/a.wav: expected its text in {tmp_path} (1/a.txt, ")
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert [first.parts[0].text, second.parts[0].text] == ["t a", "n a"]
    table = tmp_path / "text"
    table.write_text("a t a\n2/a n a\n")
    lost, second, first = find_texts([one, two, top], table, None)
    assert str(lost).endswith("found no line that begins with 1/a")
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert [first.parts[0].text, second.parts[0].text] == ["t a", "n a"]
    # One recording twice, in two files, has one text.
    flac = Source(Path("in/a.flac"), Path("a.flac"))
    assert all(isinstance(text, Text) for text in find_texts([top, flac], table, None))


def test_a_named_tier_is_taken_beside_a_text(tmp_path: Path):
    (tmp_path / "a.txt").write_text("n a")
    (tmp_path / "a.TextGrid").write_text(write_textgrid([Tier("tx", SPOKEN)], 3.0))
    assert only(find_texts([A], tmp_path, "tx")).parts == (SPOKEN[0], SPOKEN[2])
    assert only(find_texts([A], tmp_path, None)).parts[0].text == "n a"


@pytest.mark.parametrize("name", ["my talk.wav", "MY TALK.WAV", "renamed.mp3"])
def test_what_lies_before_time_0(tmp_path: Path, name: str):
    """The link is a URL; a recording that has another name by now is the linked one, too."""
    touching = [Annotation(0.1 * n, 0.1 * (n + 1), "a") for n in range(9)]
    written = write_eaf([Tier("tx", touching)], Path("my talk.wav"), "audio/x-wav")
    path = tmp_path / "a.eaf"
    path.write_text(written.replace("<MEDIA_DESCRIPTOR", '<MEDIA_DESCRIPTOR TIME_ORIGIN="300"'))
    text = only(find_texts([Source(Path(name), Path(name))], path, None))
    assert not text.faults
    assert [round(part.begin, 6) for part in text.parts] == [
        round(0.3 + 0.1 * n, 6) for n in range(9)
    ]


def test_programs_round_times(tmp_path: Path):
    path = tmp_path / "a.TextGrid"
    tiers = [Tier("tx@A", [Annotation(0, 1.0003, "t a")]), Tier("tx@B", [Annotation(1, 2, "n a")])]
    path.write_text(write_textgrid(tiers, 3.0))
    text = only(find_texts([A], path, "tx"))
    assert not text.faults
    assert text.parts[0].end == text.parts[1].begin


def test_lines_of_no_recording_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "a.wav").write_bytes(b"")
    source = Source(tmp_path / "a.wav", Path("a.wav"))
    # That which has the same text as another is no recording's, either.
    (tmp_path / "text").write_text("\ufeffa x y\nb x y\nc u\n", encoding="utf-8")
    (found,) = find_texts([source], tmp_path / "text", None)
    assert isinstance(found, Text)
    assert found.parts[0].text == "x y"
    assert "text: 2 lines are of no recording, such as b" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".txt", ".TXT", ".TextGrid", ".textgrid", ".TEXTGRID"])
def test_endings_in_capitals(tmp_path: Path, ending: str):
    grid = write_textgrid([Tier("tx", [Annotation(0, 1, "x")])], 1)
    (tmp_path / f"a{ending}").write_text("x" if ending.lower() == ".txt" else grid)
    source = Source(tmp_path / "a.wav", Path("a.wav"))
    (found,) = find_texts([source], tmp_path, None)
    assert isinstance(found, Text), found
    assert [part.text for part in found.parts] == ["x"]
