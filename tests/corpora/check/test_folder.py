"""Files of a directory that are damaged, or do not agree."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.corpora.check.faults import levels
from parp_espnet.corpora.check.judge import Limits
from parp_espnet.corpora.check.run import check
from parp_espnet.errors import UserError

Find = Callable[..., list[tuple[str, str]]]
Make = Callable[..., Path]


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_a_clean_directory(make: Make, find: Find) -> None:
    assert find(make()) == []


def test_wav_scp_and_text_are_enough(make: Make, find: Find) -> None:
    data = make()
    for name in ("utt2spk", "spk2utt", "utt2dur"):
        (data / name).unlink()
    assert find(data) == []


@pytest.mark.parametrize(
    ("name", "change", "faults"),
    [
        ("text", lambda raw: raw.replace(b"ana-2 o", b"ana-2 \xff"), [("encoding", "ana-2")]),
        ("text", lambda raw: raw.replace(b"\n", b"\r\n", 1), [("control", "ana-1")]),
        ("text", lambda raw: b"\xef\xbb\xbf" + raw, [("control", "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o", "ana-1 o\u200b".encode()), [("control", "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o", "ana-1\u00a0o".encode()), [("control", "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o", "ana-1 \ufffd".encode()), [("control", "ana-1")]),
        ("text", lambda raw: raw.replace(b" ", b"\t"), []),
        ("text", lambda raw: raw + b"bea-2 t\n", [("duplicate", "bea-2")]),
        ("text", lambda raw: b"".join(reversed(raw.splitlines(True))), [("order", "")]),
        ("text", lambda raw: raw.replace(b"ana-1", b"ana-0"), [("ids", "ana-0"), ("ids", "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o l a t\n", b"ana-1\n"), [("empty-text", "ana-1")]),
        ("utt2spk", lambda raw: raw.replace(b"bea-2 bea\n", b""), [("ids", "bea-2"), ("spk2utt", "bea")]),
        ("utt2spk", lambda raw: raw.replace(b"bea-2 bea", b"bea-2 ana"),
         [("speaker", "bea-2"), ("spk2utt", "ana"), ("spk2utt", "bea")]),
        ("spk2utt", lambda raw: raw.replace(b" ana-2", b""), [("spk2utt", "ana")]),
        ("utt2dur", lambda raw: raw.replace(b"bea-1 1.000", b"bea-1"), [("line", "bea-1")]),
        ("utt2dur", lambda raw: raw.replace(b"bea-1 1.000", b"bea-1 long"), [("line", "bea-1")]),
        ("utt2dur", lambda raw: raw.replace(b"bea-1 1.000", b"bea-1 1.5"), [("duration", "bea-1")]),
    ],
)  # fmt: skip
def test_lines(
    make: Make, find: Find, name: str, change: Callable[[bytes], bytes], faults: list[tuple[str, str]]
) -> None:
    data = make()
    rewrite(data / name, change)
    assert find(data) == faults


@pytest.mark.parametrize("command", ["touch {} |", "| touch {}", "touch {}|", "-"])
def test_a_command_is_not_run(make: Make, find: Find, tmp_path: Path, command: str) -> None:
    data = make()
    run = tmp_path / "was run"
    wav = str(data / "wav" / "ana-1.wav").encode()
    rewrite(data / "wav.scp", lambda raw: raw.replace(wav, command.format(f"'{run}'").encode()))
    assert find(data) == [("command", "ana-1")]
    assert not run.exists()


def test_odd_characters_of_a_written_text_may_be_meant(make: Make, find: Find) -> None:
    data = make()
    lines = [line.split()[0] for line in (data / "text").read_text().splitlines()]
    (data / "orig_text").write_text("".join(f"{id_} می\u200cخواهم\n" for id_ in lines))
    assert find(data) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("bea-1 bea-1 0.2", "line"),
        ("bea-1 bea-1 x 0.5", "line"),
        ("bea-1 bea-1 0.5 0.2", "segment"),
        ("bea-1 cat 0 0.5", "segment"),
        ("bea-1 bea-1 0.1 1.5", "segment"),
        ("bea-1 bea-1 0.1 1.05", None),
    ],
)
def test_segments(make: Make, find: Find, line: str, kind: str | None) -> None:
    data = make()
    others = (f"{id_} {id_} 0 0.5\n" for id_ in ("ana-1", "ana-2"))
    (data / "segments").write_text("".join(others) + f"{line}\nbea-2 bea-2 0.5 1\n")
    (data / "utt2dur").unlink()
    assert find(data) == ([(kind, "bea-1")] if kind else [])


def test_the_durations_of_segments(make: Make, find: Find) -> None:
    data = make()
    ids = ("ana-1", "ana-2", "bea-1", "bea-2")
    (data / "segments").write_text("".join(f"{id_} {id_} 0.25 0.75\n" for id_ in ids))
    (data / "utt2dur").write_text("".join(f"{id_} {0.9 if id_ == 'bea-1' else 0.5}\n" for id_ in ids))
    assert find(data) == [("duration", "bea-1")]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data / "nowhere", "nowhere: no such data directory"),
        (lambda data: (data / "wav.scp").unlink(), "wav.scp: No such file or directory; a data directory has wav.scp"),
        (lambda data: (data / "text").unlink(), "text: No such file"),
        (lambda data: (data / "text").write_text("\n"), "text: the file is empty"),
        (lambda data: (data / "utt2spk").write_text(""), "utt2spk: the file is empty"),
    ],
)
def test_what_is_no_data_directory(make: Make, damage: Callable[[Path], object], message: str) -> None:
    data = make()
    path = damage(data)
    with pytest.raises(UserError, match=message):
        check([path if isinstance(path, Path) else data], Limits(), levels({}))


def test_a_directory_twice(make: Make) -> None:
    data = make()
    with pytest.raises(UserError, match="expected each directory once"):
        check([data, data.parent / "train"], Limits(), levels({}))
