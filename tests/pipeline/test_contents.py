import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from parp_espnet.pipeline.contents import ABSENT, Contents, is_whole
from parp_espnet.pruning.bits import mask_identity
from parp_espnet.pruning.masks import Mask


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recordings with transcripts, and a list of them."""
    monkeypatch.chdir(tmp_path)
    for name in ("ana/1", "ana/2", "ben/3"):
        (tmp_path / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"corpus/{name}.wav").write_bytes(b"RIFF" + name.encode())
        (tmp_path / f"corpus/{name}.txt").write_text("a b")
    (tmp_path / "wav.scp").write_text(
        "u1 corpus/ana/1.wav\nu2 corpus/ana/2.wav\nu3 sox x |\nu4 corpus/gone.wav\n"
    )
    return tmp_path / "corpus"


def make_old(*paths: Path) -> None:
    """What was written long ago is not read again."""
    for path in paths:
        os.utime(path, (1e9, 1e9))


def test_a_file_is_read_once(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "seen.json"
    written = Path("wav.scp").stat().st_ctime_ns
    # Not this machine's clock, which may be seconds later by now.
    monkeypatch.setattr("time.time_ns", lambda: written + 10**9)
    first = Contents(cache)
    word = first.of("wav.scp")
    first.save()
    assert json.loads(cache.read_text())["wav.scp"][0] == -1, "it was written this very moment"
    monkeypatch.setattr("time.time_ns", lambda: written + 10**18 + 10**10)
    second = Contents(cache)
    assert second.of("wav.scp") == word
    second.save()
    monkeypatch.setattr(
        "parp_espnet.pipeline.contents.word_of", lambda path: pytest.fail(f"{path} is read again")
    )
    assert Contents(cache).of("wav.scp") == word


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b'{"wav.scp": null}', b'{"wav.scp": [1]}']
)
def test_a_cache_that_is_something_else_is_none(
    corpus: Path, tmp_path: Path, content: bytes
) -> None:
    cache = tmp_path / "seen.json"
    word = Contents().of("wav.scp")
    cache.write_bytes(content)
    assert Contents(cache).of("wav.scp") == word


def test_recordings_are_what_they_hold_and_not_what_they_are_called(
    corpus: Path, tmp_path: Path
) -> None:
    scp = Path("wav.scp")
    word = Contents().of_recordings(scp)
    (corpus / "ana/1.wav").rename(corpus / "other name.wav")
    scp.write_text(scp.read_text().replace("ana/1.wav", "other name.wav"))
    assert Contents().of_recordings(scp) == word
    changes = {
        "content": lambda: (corpus / "ana/2.wav").write_bytes(b"RIFFana/3"),
        "which": lambda: scp.write_text(scp.read_text().replace("ana/2.wav", "ben/3.wav")),
        "command": lambda: scp.write_text(scp.read_text().replace("sox x", "sox y")),
        "found": lambda: (corpus / "gone.wav").write_bytes(b"RIFF"),
        "utterance": lambda: scp.write_text(scp.read_text().replace("u1 ", "u9 ")),
    }
    for what, change in changes.items():
        change()
        assert Contents().of_recordings(scp) != word, what
        word = Contents().of_recordings(scp)


@pytest.mark.parametrize("name", ["a.ark", "a b.bin", "sounds 10:30.ark"])
def test_recordings_in_an_archive_are_the_archive_and_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"one")
    scp = Path("wav.scp")
    scp.write_text(f"u1 {name}:17\nu2 {name}:99\n")
    word = Contents().of_recordings(scp)
    assert Contents().gone_recording(scp) is None
    Path(name).write_bytes(b"two")
    assert Contents().of_recordings(scp) != word
    Path(name).write_bytes(b"one")
    assert Contents().of_recordings(scp) == word
    # Each says what the other said.
    scp.write_text(f"u1 {name}:99\nu2 {name}:17\n")
    assert Contents().of_recordings(scp) != word
    scp.write_text(f"u1 {name}:17[0:99]\nu2 {name}:99\n")
    assert Contents().of_recordings(scp) != word
    Path(name).unlink()
    assert Contents().gone_recording(scp) == name


def test_a_file_whose_name_ends_as_a_place_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "talk 10:30").write_bytes(b"RIFF")
    (tmp_path / "wav.scp").write_text("u1 talk 10:30\n")
    seen = Contents(base=tmp_path)
    word = seen.of_recordings(Path("wav.scp"))
    assert seen.gone_recording(Path("wav.scp")) is None
    (tmp_path / "talk 10:30").write_bytes(b"another")
    assert Contents(base=tmp_path).of_recordings(Path("wav.scp")) != word


CHANGES: dict[str, Callable[[Path], object]] = {
    "a transcript": lambda corpus: (corpus / "ana/1.txt").write_text("b a"),
    "a recording": lambda corpus: (corpus / "ana/1.wav").write_bytes(b"RIFF and more"),
    "a recording of the same size": lambda corpus: (corpus / "ana/1.wav").write_bytes(b"RIFFxxx/x"),
    "one is added": lambda corpus: (corpus / "ana/4.wav").write_bytes(b"RIFF"),
    "one is gone": lambda corpus: (corpus / "ana/2.txt").unlink(),
    "a name": lambda corpus: (corpus / "ben").rename(corpus / "bea"),
    "a table": lambda corpus: (corpus / "meta.csv").write_text("file,text\n"),
}
SAME: dict[str, Callable[[Path], object]] = {
    "nothing": lambda corpus: None,
    "a transcript is touched": lambda corpus: (corpus / "ana/1.txt").write_text("a b"),
    "hidden files": lambda corpus: (corpus / ".DS_Store").write_bytes(b"x"),
    "a Mac's": lambda corpus: (corpus / "ana/._1.wav").write_bytes(b"x"),
    "an archive's": lambda corpus: (
        (corpus / "__MACOSX").mkdir(),
        (corpus / "__MACOSX/1.wav").touch(),
    ),
    "what the project wrote": lambda corpus: (
        (corpus / "data/.steps").mkdir(parents=True),
        (corpus / "data/x").touch(),
    ),
}


@pytest.mark.parametrize("what", [*CHANGES, *SAME])
def test_a_folder_is_what_is_in_it(corpus: Path, what: str) -> None:
    make_old(*(file for file in corpus.rglob("*") if file.is_file()))
    word = Contents().of_tree(Path("corpus"))
    (CHANGES | SAME)[what](corpus)
    assert (Contents().of_tree(Path("corpus")) == word) == (what in SAME)


@pytest.mark.parametrize("what", [*CHANGES, *SAME])
def test_a_folder_of_speech_is_what_its_recordings_hold(
    corpus: Path, tmp_path: Path, what: str
) -> None:
    word = Contents().of_whole(Path("corpus"))
    (CHANGES | SAME)[what](corpus)
    assert (Contents().of_whole(Path("corpus")) == word) == (what in SAME)
    # Copied anew, as a download or a machine of another day is.
    word = Contents().of_whole(Path("corpus"))
    looks = Contents().of_tree(Path("corpus"))
    for file in corpus.rglob("*"):
        os.utime(file, (2e9, 2e9))
    assert Contents().of_whole(Path("corpus")) == word
    assert Contents().of_tree(Path("corpus")) != looks
    assert Contents().of_whole(Path("gone")) == Contents().of_tree(Path("gone"))


BEHIND_A_LINK: dict[str, Callable[[Path], object]] = {
    "a recording more": lambda behind: (behind / "5.wav").write_bytes(b"RIFF"),
    "another transcript": lambda behind: (behind / "4.txt").write_text("a c"),
    "a recording less": lambda behind: (behind / "4.wav").unlink(),
    "a folder in it": lambda behind: ((behind / "d").mkdir(), (behind / "d/6.wav").touch()),
}


@pytest.mark.parametrize("what", BEHIND_A_LINK)
def test_a_folder_holds_what_its_links_lead_to(corpus: Path, tmp_path: Path, what: str) -> None:
    behind = tmp_path / "disk"
    behind.mkdir()
    (behind / "4.wav").write_bytes(b"RIFF4")
    (behind / "4.txt").write_text("a b")
    (corpus / "eva").symlink_to(behind)
    (behind / "above").symlink_to(corpus)
    word = Contents().of_tree(Path("corpus"))
    assert Contents().of_tree(Path("corpus")) == word
    BEHIND_A_LINK[what](behind)
    assert Contents().of_tree(Path("corpus")) != word


def test_a_file_is_a_folder_of_one(corpus: Path) -> None:
    table = Path("table.tsv")
    assert Contents().of_tree(table) == Contents().of_tree(Path("gone.tsv"))
    table.write_text("a\tb\n")
    word = Contents().of_tree(table)
    assert word != Contents().of_tree(Path("gone.tsv"))
    table.write_text("a\tc\n")
    assert Contents().of_tree(table) != word


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero"), tmp_path / ("x" * 300)):
        assert Contents().of_any(path) == ABSENT
        with pytest.raises(OSError):  # noqa: PT011  # of any kind
            Contents().of(path)


@pytest.fixture
def mask() -> Mask:
    kept = {"b": torch.arange(12).reshape(3, 4) % 3 > 0, "a": torch.arange(9) % 2 > 0}
    return Mask(kept, origin="tests", sparsity_target=0.4)


def test_a_mask_is_its_bits(mask: Mask, tmp_path: Path) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    mask.save(one)
    Mask(mask.kept, origin="other words", sparsity_target=0.4, step=3).save(other)
    assert one.read_bytes() != other.read_bytes()
    assert Contents().of(one) == Contents().of(other) == f"mask {mask.sha256}"
    assert mask_identity(one) == mask.sha256
    flipped = Mask(
        {name: ~bits for name, bits in mask.kept.items()}, origin="tests", sparsity_target=0.4
    )
    flipped.save(other)
    assert Contents().of(other) == f"mask {flipped.sha256}" != Contents().of(one)


def test_a_mask_that_lies_about_its_hash_is_still_its_bits(mask: Mask, tmp_path: Path) -> None:
    path = tmp_path / "mask.safetensors"
    mask.save(path)
    path.write_bytes(path.read_bytes().replace(mask.sha256.encode(), b"0" * 64))
    assert mask_identity(path) == mask.sha256


@pytest.mark.parametrize("end", [0, 5, 100, -1])
def test_a_damaged_mask_is_a_file_like_any_other(mask: Mask, tmp_path: Path, end: int) -> None:
    path = tmp_path / "mask.safetensors"
    mask.save(path)
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:end])
    assert mask_identity(path) is None
    assert not Contents().of(path).startswith("mask")
    assert not is_whole(path)


def test_files_that_know_where_they_end(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1000)}, tmp_path / "model.pth")
    (tmp_path / "told.json").write_text('{"a": 1}')
    (tmp_path / "text").write_text("")
    for name in ("model.pth", "told.json"):
        path = tmp_path / name
        assert is_whole(path)
        path.write_bytes(path.read_bytes()[:-1])
        assert not is_whole(path)
    assert is_whole(tmp_path / "text")
    assert not is_whole(tmp_path / "gone.json")
