"""Files of a directory that are damaged, or do not agree."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check
from parp_espnet.errors import UserError
from parp_espnet.pipeline.formatting import format_data

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
        ("text", lambda raw: raw.replace(b"ana-1 o", "ana-1 o\u200b".encode()), [("control",
        "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o", "ana-1\u00a0o".encode()), [("control",
        "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o", "ana-1 \ufffd".encode()), [("control",
        "ana-1")]),
        ("text", lambda raw: raw.replace(b" ", b"\t"), []),
        ("text", lambda raw: raw + b"bea-2 t\n", [("duplicate", "bea-2")]),
        ("text", lambda raw: b"".join(reversed(raw.splitlines(True))), [("order", "")]),
        ("text", lambda raw: raw.replace(b"ana-1", b"ana-0"), [("ids", "ana-0"), ("ids", "ana-1")]),
        ("text", lambda raw: raw.replace(b"ana-1 o l a "
                                         b"t\n", b"ana-1\n"), [("empty-text", "ana-1")]),
        ("utt2spk", lambda raw: raw.replace(b"bea-2 bea\n", b""), [("ids", "bea-2"), ("spk2utt",
        "bea")]),
        ("utt2spk", lambda raw: raw.replace(b"bea-2 bea", b"bea-2 ana"),
         [("speaker", "bea-2"), ("spk2utt", "ana"), ("spk2utt", "bea")]),
        ("spk2utt", lambda raw: raw.replace(b" ana-2", b""), [("spk2utt", "ana")]),
        ("utt2dur", lambda raw: raw.replace(b"bea-1 1.000", b"bea-1"), [("line", "bea-1")]),
        ("utt2dur", lambda raw: raw.replace(b"bea-1 1.000", b"bea-1 long"), [("line", "bea-1")]),
        ("utt2dur", lambda raw: raw.replace(b"bea-1 1.000", b"bea-1 1.5"), [("duration", "bea-1")]),
    ],
)  # fmt: skip
def test_lines(
    make: Make,
    find: Find,
    name: str,
    change: Callable[[bytes], bytes],
    faults: list[tuple[str, str]],
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
    (data / "utt2dur").write_text(
        "".join(f"{id_} {0.9 if id_ == 'bea-1' else 0.5}\n" for id_ in ids)
    )
    assert find(data) == [("duration", "bea-1")]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data / "nowhere", "nowhere: no such data directory"),
        (
            lambda data: data / "text",
            "text: expected a data directory, with wav.scp and text, found a file",
        ),
        (
            lambda data: (data / "wav.scp").unlink(),
            "wav.scp: no such file; a data directory has wav.scp",
        ),
        (lambda data: (data / "text").unlink(), "text: no such file"),
        (lambda data: (data / "text").write_text("\n"), "text: the file is empty"),
        (lambda data: (data / "utt2spk").write_text(""), "utt2spk: the file is empty"),
    ],
)
def test_what_is_no_data_directory(
    make: Make, damage: Callable[[Path], object], message: str
) -> None:
    data = make()
    path = damage(data)
    with pytest.raises(UserError, match=message):
        check([path if isinstance(path, Path) else data], Limits(), levels({}))


def test_a_directory_twice(make: Make) -> None:
    data = make()
    with pytest.raises(UserError, match="expected each directory once"):
        check([data, data.parent / "train"], Limits(), levels({}))


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ({"../../x": "../../x"}, [("id", "../../x")]),
        ({"/tmp/x": "x"}, [("id", "/tmp/x")]),
        ({"a//b": "a"}, [("id", "a//b")]),
        ({"a-1": "ana maria"}, [("id", "a-1")]),
        ({"a-1": "../a"}, [("id", "a-1")]),
        ({"x": "s", "s-x": "s"}, [("one-name", "x")]),
        ({"b-x": "a", "x": "a-b"}, [("one-name", "x")]),
        ({"a/b": "a/b"}, []),
    ],
)
def test_ids_that_stage_2_refuses(
    make: Make, rows: dict[str, str], faults: list[tuple[str, str]]
) -> None:
    data = make()
    wavs = sorted((data / "wav").iterdir())
    for name in ("spk2utt", "utt2dur"):
        (data / name).unlink()
    values = {"wav.scp": map(str, wavs), "text": ["o l a", "t o l a"], "utt2spk": rows.values()}
    for name, column in values.items():
        lines = sorted(f"{id_} {value}\n" for id_, value in zip(rows, column, strict=False))
        (data / name).write_text("".join(lines))
    found = check([data], Limits(), levels({}))
    errors = {
        (fault.kind, fault.utterance)
        for fault in found.faults
        if fault.kind in ("id", "one-name", "path")
    }
    assert errors == set(faults)
    out = data.parent / "stage2"
    if faults:
        with pytest.raises(UserError, match=r"an id must be|both become"):
            format_data(data, out, "es", jobs=1)
        assert not out.exists()
    else:
        format_data(data, out, "es", jobs=1)


def test_a_path_that_goes_up(make: Make, find: Find) -> None:
    data = make()
    rewrite(data / "wav.scp", lambda raw: raw.replace(b"/wav/ana-1.wav", b"/wav/../wav/ana-1.wav"))
    assert find(data) == [("path", "ana-1")]
    with pytest.raises(UserError, match="ana-1 is a path that goes up"):
        format_data(data, data.parent / "out", "es", jobs=1)


@pytest.mark.parametrize(
    "name",
    [
        "wav.scp",
        "text",
        "utt2spk",
        "spk2utt",
        "utt2dur",
        "segments",
        "utt2lang",
        "reco2file_and_channel",
    ],
)
def test_a_table_that_is_a_pipe_or_a_folder(make: Make, find: Find, name: str) -> None:
    file = make() / name
    file.unlink(missing_ok=True)
    file.mkdir()
    with pytest.raises(UserError, match=f"{name}: expected a file, found a directory"):
        find(file.parent)
    file.rmdir()
    os.mkfifo(file)
    with pytest.raises(UserError, match=rf"{name}: expected a file, found a pipe \(FIFO\)"):
        find(file.parent)


def test_a_link_that_leads_nowhere_is_no_missing_table(make: Make, find: Find) -> None:
    file = make() / "utt2lang"
    file.symlink_to("gone")
    with pytest.raises(UserError, match="utt2lang: no such file"):
        find(file.parent)
