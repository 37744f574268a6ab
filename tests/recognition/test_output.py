"""Transcripts go where they are said to."""

from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Source
from parp_espnet.recognition.output import Folder, check_kept, open_output
from parp_espnet.recognition.transcripts import FORMATS, Phone, Transcript

NAMES = ("a.wav", "b/a.wav", "b/a.flac", "c.d.wav")


def sources(*names: str) -> list[Source]:
    return [Source(Path("in") / name, Path(name)) for name in names]


def write(out: Path | None, form: str, *names: str) -> list[str]:
    printed: list[str] = []
    output = open_output(out, FORMATS[form], sources(*names), printed.append)
    for source in sources(*names):
        output.add(source, Transcript(str(source.path), 1.0, (Phone("a", 0.1, 0.2),)))
    output.close()
    return printed


def test_stdout(tmp_path: Path):
    assert write(None, "text", "a.wav", "b.wav") == [
        "in/a.wav\t0.1000\t0.2000\ta\n",
        "in/b.wav\t0.1000\t0.2000\ta\n",
    ]
    assert write(None, "textgrid", "a.wav")[0].startswith("File type")
    with pytest.raises(UserError, match="2 recordings cannot go to stdout"):
        write(None, "textgrid", "a.wav", "b.wav")


def test_a_file(tmp_path: Path):
    assert write(tmp_path / "all.jsonl", "json", *NAMES) == []
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == len(NAMES)
    with pytest.raises(
        UserError, match=r"cannot go to .*all\.TextGrid in this format; name a directory"
    ):
        write(tmp_path / "all.TextGrid", "textgrid", *NAMES)


def test_a_directory(tmp_path: Path):
    write(tmp_path / "grids", "textgrid", *NAMES)
    made = {
        str(file.relative_to(tmp_path / "grids"))
        for file in (tmp_path / "grids").rglob("*")
        if file.is_file()
    }
    assert made == {"a.TextGrid", "b/a.wav.TextGrid", "b/a.flac.TextGrid", "c.d.TextGrid"}
    (tmp_path / "v1.2").mkdir()
    write(tmp_path / "v1.2", "ctm", "a.wav")
    assert (tmp_path / "v1.2/a.ctm").read_text() == "in/a.wav 1 0.1000 0.1000 a\n"
    with pytest.raises(UserError, match=r"several recordings are called a\.wav"):
        write(tmp_path / "grids", "json", "a.wav", "a.wav")


def test_where_nothing_was_heard_what_was_there_stays(tmp_path: Path):
    for form in FORMATS:
        out = tmp_path / f"kept{FORMATS[form].suffix}"
        out.write_text("corrected")
        output = open_output(out, FORMATS[form], sources("a.wav"), print)
        output.close()
        assert out.read_text() == "corrected"


@pytest.mark.parametrize(
    ("form", "name"),
    [("textgrid", "a.eaf"), ("eaf", "a.TextGrid"), ("json", "a.eaf"), ("eaf", "a.json"),
     ("text", "a.textgrid"), ("ctm", "a.TextGrid")],
)  # fmt: skip
def test_the_ending_of_another_format_is_refused(tmp_path: Path, form: str, name: str):
    with pytest.raises(UserError, match=r"expected a file's name that ends with"):
        open_output(tmp_path / name, FORMATS[form], sources("a.wav"), print)


@pytest.mark.parametrize("form", ["textgrid", "eaf"])
def test_what_may_have_been_corrected_is_not_replaced(tmp_path: Path, form: str):
    written = FORMATS[form]
    for out in (tmp_path / "grids", tmp_path / f"one{written.suffix}"):
        output = open_output(out, written, sources("a.wav"), print)
        check_kept(output, written, [])
        output.add(sources("a.wav")[0], Transcript("a", 1.0, (Phone("a", 0.1, 0.2),)))
        output.close()
        output = open_output(out, written, sources("a.wav"), print)
        with pytest.raises(UserError, match="may have been corrected; name another place, or"):
            check_kept(output, written, [])
        check_kept(output, written, [], overwrite=True)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_read_is_never_replaced(tmp_path: Path, form: str):
    written = FORMATS[form]
    read = tmp_path / f"a{written.suffix}"
    read.write_text("a")
    for out in (tmp_path, read):
        output = open_output(out, written, sources("a.wav"), print)
        with pytest.raises(UserError, match="would be replaced, which is among what is read"):
            check_kept(output, written, [read], overwrite=True)


OURS = Transcript(
    "in/a b.wav", 1.0, (Phone("a", 0.1, 0.2, 0.75, (("e", 0.2),)), Phone("ɛ̃", 0.2, 1.0))
)
NOTHING = Transcript("in/a.wav", 1.0, ())


@pytest.mark.parametrize("form", ["text", "json", "ctm"])
@pytest.mark.parametrize("transcript", [OURS, NOTHING])
def test_what_was_written_here_is_replaced(
    tmp_path: Path, form: str, transcript: Transcript
) -> None:
    written = FORMATS[form]
    for out in (tmp_path / "many", tmp_path / f"one{written.suffix}"):
        for _ in range(2):
            output = open_output(out, written, sources("a.wav"), print)
            check_kept(output, written, [])
            output.add(sources("a.wav")[0], transcript)
            output.add(sources("a.wav")[0], transcript)
            output.close()


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("text", "buenos días\n"),
        ("text", "0.1000\t0.2000\ta\nnot sure of the next\n"),
        ("text", "0.100000\t0.200000\ta\n"),  # as Audacity writes its labels
        ("text", "utt1 a e i\n"),
        ("text", "día".encode("latin-1")),
        ("json", '{"name": "settings of mine"}\n'),
        ("json", '{"file": "a.wav", "text": "a"}\n'),
        ("json", "[1, 2]"),
        ("ctm", "utt1 A 0.10 0.20 a\n"),
        ("ctm", ";; corrected by hand\nutt1 1 0.1000 0.2000 a\n"),
    ],
)
def test_what_somebody_has_written_is_not_replaced(
    tmp_path: Path, form: str, content: str | bytes
) -> None:
    written = FORMATS[form]
    there = tmp_path / f"a{written.suffix}"
    there.write_bytes(content if isinstance(content, bytes) else content.encode())
    for out in (tmp_path, there):
        output = open_output(out, written, sources("a.wav"), print)
        with pytest.raises(UserError, match="1 of 1 files are there already that hold something"):
            check_kept(output, written, [])
        check_kept(output, written, [], overwrite=True)


@pytest.mark.parametrize(
    "names",
    [
        ("a.wav", "a.flac", "a.wav.mp3"),
        ("a.wav.mp3", "a.flac", "a.wav"),
        ("a.wav", "a.flac", "a.wav.mp3", "a.wav.ogg", "a.wav.mp3.wav"),
        ("b/a.wav", "b/a.flac", "a.wav.mp3", "b/a.wav.mp3"),
        ("a", "a.wav"),
    ],
)
def test_each_recording_has_a_file_of_its_own(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = Folder(tmp_path, FORMATS["json"], sources(*names))
    assert len(set(folder.places())) == len(names)
    assert {folder.place(source) for source in sources(*names)} == set(folder.places())
