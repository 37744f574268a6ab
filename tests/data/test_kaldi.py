from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.data.kaldi import Utterance, read_data_dir, write_data_dir
from parp_espnet.errors import UserError

FILES = ["wav.scp", "text", "orig_text", "utt2spk", "spk2utt", "utt2lang", "utt2dur"]


def _utterance(id_: str = "ana-1", **changed: object) -> Utterance:
    one = Utterance(
        id_, id_.partition("-")[0], "es", f"wav/{id_}.wav", ("d", "o", "s"), "dos, ¡2!", 1.25
    )
    return replace(one, **changed)  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    utterances = [
        _utterance("b-2"),
        _utterance("b-1", phones=("t̪", "ɑː")),
        _utterance("a-9", text="a  b\nc"),
    ]
    write_data_dir(tmp_path / "data", utterances)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(FILES)
    assert read_data_dir(tmp_path / "data") == [
        _utterance("a-9", text="a b c"),
        utterances[1],
        utterances[0],
    ]
    assert (tmp_path / "data" / "spk2utt").read_text() == "a a-9\nb b-1 b-2\n"
    assert (tmp_path / "data" / "utt2dur").read_text() == "a-9 1.250\nb-1 1.250\nb-2 1.250\n"


@given(st.sets(st.text(st.characters(categories=("L", "N")), min_size=1), min_size=1, max_size=8))
def test_files_are_sorted_by_bytes(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    path = tmp_path_factory.mktemp("data")
    utterances = [_utterance(f"s-{name}") for name in names]
    write_data_dir(path, utterances)
    lines = (path / "utt2spk").read_bytes().removesuffix(b"\n").split(b"\n")
    assert lines == sorted(lines, key=lambda line: line.split(b" ")[0])
    assert {one.id for one in read_data_dir(path)} == {one.id for one in utterances}


@pytest.mark.parametrize(
    ("utterances", "message"),
    [
        ([], "no utterance to write"),
        ([_utterance(), _utterance()], "two utterances have the id ana-1"),
        (
            [_utterance(speaker="bea")],
            "'ana-1': an id must begin with its speaker and a dash, bea-",
        ),
        ([_utterance(id="ana-1 2")], "an id must be one word"),
        ([_utterance(phones=())], "'ana-1': there are no phones"),
        ([_utterance(duration=0.0)], "'ana-1': the duration is 0.0 s, expected more than 0"),
        ([_utterance(duration=float("nan"))], "'ana-1': the duration is nan s"),
        ([_utterance(wav="")], "'ana-1': no recording is named"),
    ],
)
def test_bad_utterances_are_not_written(
    tmp_path: Path, utterances: list[Utterance], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        write_data_dir(tmp_path / "data", utterances)
    assert not (tmp_path / "data").exists()


def test_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such data directory; make it first"):
        read_data_dir(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [name for name in FILES if name != "spk2utt"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (None, "no such file; the data directory is incomplete"),
        ("", "the file is empty"),
        ("ana-1 1\n", "ana-2 is in .* and not in"),
        ("ana-1 1\nana-1 1\n", "line 2: ana-1 for the second time"),
        ("ana-1\n\nana-2 1\n", "line 2: expected an id and a value, found a blank line"),
    ],
)
def test_damaged_directory(tmp_path: Path, name: str, damage: str | None, message: str) -> None:
    write_data_dir(tmp_path, [_utterance("ana-1"), _utterance("ana-2")])
    if damage is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(damage)
    with pytest.raises(UserError, match=message):
        read_data_dir(tmp_path)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("utt2dur", "ana-1 long\n", "ana-1: expected seconds, found 'long'"),
        ("utt2dur", "ana-1 -1\n", "the duration is -1.0 s"),
        ("text", "ana-1\n", "there are no phones"),
    ],
)
def test_line_that_means_nothing(tmp_path: Path, name: str, line: str, message: str) -> None:
    write_data_dir(tmp_path, [_utterance()])
    (tmp_path / name).write_text(line)
    with pytest.raises(UserError, match=message):
        read_data_dir(tmp_path)


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    write_data_dir(tmp_path, [_utterance()])
    (tmp_path / "orig_text").write_bytes(b"ana-1 \xff\n")
    with pytest.raises(UserError, match="orig_text: expected UTF-8"):
        read_data_dir(tmp_path)
