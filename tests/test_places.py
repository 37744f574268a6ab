"""What is no file is never replaced, and a name that cannot be is said in one line."""

import os
import re
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_folder, write_text
from parp_espnet.places import need_place, need_way
from parp_espnet.recognition.output import open_output
from parp_espnet.recognition.transcripts import FORMATS


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that one is in, with what is no place for a file."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("before")
    (tmp_path / "nothing").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


OTHERS = {
    "": "a directory there",
    "folder": "a directory there",
    "fifo": r"a pipe \(FIFO\) there",
    "file/x": "a file, file;",
    "file/x/y": "a file, file;",
    "fifo/x": r"a pipe \(FIFO\), fifo;",
    "nothing/x": "a link to nothing, nothing;",
    "loop/x": "a link to nothing, loop;",
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_takes_no_place_of_anything_else(places: Path, name: str) -> None:
    before = sorted(places.iterdir())
    told = rf"^{re.escape(str(Path(name)))}: expected .*, found {OTHERS[name]}"
    with pytest.raises(UserError, match=told):
        write_text(Path(name), "text")
    # Before anything is recognised.
    with pytest.raises(UserError, match=told):
        need_place(Path(name))
    assert sorted(places.iterdir()) == before
    assert (places / "file").read_text() == "before"


# Looked at alone: who is root would lose the device where a test fails.
@pytest.mark.parametrize("name", ["/dev/null", "/dev/new", "/proc/self/fd/1", "/dev/fd/99"])
def test_nothing_is_made_among_devices(name: str) -> None:
    with pytest.raises(UserError, match=rf"^{name}: "):
        need_place(Path(name))
    with pytest.raises(UserError, match=rf"^{name}: nothing is made in /"):
        need_way(Path(name))


@pytest.mark.parametrize("name", ["file", "new/x.tsv", "folder/x", "nothing", "a/b/c/d"])
def test_files_are_replaced_and_folders_made(places: Path, name: str) -> None:
    write_text(Path(name), "text")
    assert (places / name).read_text() == "text"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("file/x", "expected directories, found a file, file;"),
        ("nothing/x", "expected directories, found a link to nothing"),
        ("file", "expected a directory to be made, found something else"),
        ("fifo", "expected a directory to be made, found something else"),
        ("", "expected a new or an empty directory, found other files"),
        ("/dev/new", "nothing is made in /dev"),
    ],
)
def test_a_folder_takes_no_place_of_anything_else(places: Path, name: str, told: str) -> None:
    before = sorted(places.iterdir())
    with pytest.raises(UserError, match=told), atomic_folder(Path(name)):
        raise AssertionError("it was made")
    assert sorted(places.iterdir()) == before


def test_the_folder_that_one_is_in_is_none_to_be_made(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(places / "folder")
    with pytest.raises(UserError, match="found the one that you are in"), atomic_folder(Path()):
        raise AssertionError("it was made")
    assert (places / "folder").is_dir()


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("name", ["file/x.tsv", "file/x", "nothing/x.tsv", "fifo/x/y", "fifo.x/"])
def test_transcripts_have_no_such_place(name: str) -> None:
    """Said before anything is recognised."""
    Path("fifo.x").symlink_to("fifo")
    with pytest.raises(UserError, match=rf"^{name.rstrip('/')}.*: expected .*, found a"):
        open_output(Path(name), FORMATS["text"], [], print)
