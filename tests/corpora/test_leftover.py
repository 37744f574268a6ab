from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.corpora import own
from parp_espnet.corpora.layouts import SPLITS, read_items
from parp_espnet.corpora.rejects import Made, Reject, Why, count_rejects, refuse_if_most
from parp_espnet.errors import UserError

Record = Callable[..., Path]


def test_what_a_folder_has_besides_is_listed(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "unpacked"
    for number in range(6):
        record(root / f"ana{number % 3}" / f"{number}.wav", 0.5, seed=number).with_suffix(
            ".txt"
        ).write_text("a b")
        # What macOS packs beside each file.
        (root / f"ana{number % 3}" / f"._{number}.wav").write_bytes(b"\x00\x05\x16\x07\xb0")
        (root / f"ana{number % 3}" / f"._{number}.txt").write_bytes(b"\x00\x05\x16\x07\xb0")
        (root / "__MACOSX" / "ana").mkdir(parents=True, exist_ok=True)
        (root / "__MACOSX" / "ana" / f"._{number}.wav").write_bytes(b"\xb0")
    (root / ".DS_Store").write_bytes(b"\xb0")
    (root / "Thumbs.db").write_bytes(b"\xb0")
    record(root / "ana0" / "silent.wav")
    (root / "ana0" / "lost.txt").write_text("c d")
    (root / "ana0" / "0.lab").write_text("c d")
    (root / "ana0" / "0.trs").write_text("")
    (root / "ana0" / "0.TextGrid").write_text("")
    (root / "notes.docx").write_text("")
    found = read_items(root)
    assert [item.text for item in found.items] == ["a b"] * 6
    listed = {reject.item: (str(reject.why), reject.reason) for reject in found.rejected}
    assert len(listed) == 12 + 3 + 6
    assert listed["ana0/silent"] == (
        "alone",
        "expected a transcript beside it (.txt or .lab), found none",
    )
    assert listed["ana0/lost.txt"] == (
        "alone",
        "expected a recording of the same name beside it, found none",
    )
    assert "found another of this name (.txt)" in listed["ana0/0.lab"][1]
    assert "found .trs, of a kind that is not read" in listed["ana0/0.trs"][1]
    assert "expected a TextGrid of Praat's, found another" in listed["ana0/0.TextGrid"][1]
    assert listed["notes.docx"][0] == "kind"
    assert "that a system left there" in listed["__MACOSX"][1]
    # More is left out than used, and none of it says that the rest is bad.
    (root / "ana0" / "0.txt").write_text("c d")
    (root / "ana1" / "1.txt").write_text("c e")
    sets = [own.read(root, split, tmp_path, "xx") for split in SPLITS]
    assert sum(len(made.utterances) for made in sets) == 6
    assert len(sets[0].rejected) == 21
    refuse_if_most(sets[0], tmp_path / "rejected.tsv")


def test_what_a_table_does_not_name_is_listed(tmp_path: Path, record: Record) -> None:
    for number in range(4):
        record(tmp_path / "clips" / f"{number}.wav", 0.5, seed=number)
    (tmp_path / "clips" / "._0.wav").write_bytes(b"\xb0")
    (tmp_path / "read me.pdf").write_bytes(b"")
    (tmp_path / "a.csv").write_text("path,text\n0.wav,a\n1.wav,\n2.wav,b\n9.wav,c\n")
    found = read_items(tmp_path)
    listed = {reject.item: (str(reject.why), reject.reason) for reject in found.rejected}
    assert listed["1"] == ("alone", "expected a text, found none")
    assert listed["3.wav"] == ("alone", "expected a line of a.csv, found 3.wav alone")
    assert listed["read me.pdf"][0] == listed["clips/._0.wav"][0] == "kind"
    assert len(listed) == 4
    assert len(found.items) == 3, "that 9.wav is not there is found where it is read"


def test_a_recording_without_segments_is_listed(tmp_path: Path, record: Record) -> None:
    for name in "ab":
        record(tmp_path / f"{name}.wav", 0.5)
    (tmp_path / "wav.scp").write_text("a a.wav\nb b.wav\n")
    (tmp_path / "segments").write_text("a-1 a 0 0.4\n")
    (tmp_path / "text").write_text("a-1 x y\nc-1 x\n")
    found = read_items(tmp_path)
    assert {reject.item: str(reject.why) for reject in found.rejected} == {
        "b": "alone",
        "c-1": "missing",
    }


def test_what_stands_beside_the_sets_is_listed_once(tmp_path: Path, record: Record) -> None:
    for split in SPLITS:
        record(tmp_path / split / "1.wav", 0.5).with_suffix(".txt").write_text(f"a {split}")
    record(tmp_path / "more" / "2.wav", 0.5)
    (tmp_path / "README.md").touch()
    rejected = [
        [reject.item for reject in own.read(tmp_path, split, tmp_path, "xx").rejected]
        for split in SPLITS
    ]
    assert rejected == [["README.md", "more"], [], []]


def test_a_summary_counts_what_is_left_out_by_its_kind(tmp_path: Path) -> None:
    rejected = [Reject("a", "a", why, "") for why in (Why.KIND, Why.ALONE, Why.KIND)]
    assert (
        count_rejects(rejected) == "3 left out (2 other files, 1 recordings or transcripts alone)"
    )
    assert all(why.what for why in Why)
    # The reason of each of these says itself what to do.
    assert [why for why in Why if not why.advice] == [Why.PATH, Why.DECODER]
    with pytest.raises(UserError, match="so it is with 1 of 3 looked at"):
        refuse_if_most(Made((), rejected), tmp_path / "rejected.tsv")


def test_links_that_go_round_are_read_once(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "corpus"
    record(root / "ana" / "1.wav").with_suffix(".txt").write_text("a b")
    (root / "ana" / "up").symlink_to(root)
    (root / "bea").symlink_to(root / "ana")
    elsewhere = record(tmp_path / "disk" / "2.wav")
    elsewhere.with_suffix(".txt").write_text("c d")
    (root / "zoe").symlink_to(elsewhere.parent)
    found = read_items(root)
    assert sorted(item.text for item in found.items) == ["a b", "c d"]
    assert len(found.rejected) == 2
    assert {reject.reason for reject in found.rejected} == {
        "expected each folder once, found a link to one that is read"
    }
