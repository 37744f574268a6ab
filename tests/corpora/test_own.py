import os
from collections.abc import Callable
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import own
from parp_espnet.corpora.layouts import SPLITS, Item, read_items
from parp_espnet.corpora.rejects import Made
from parp_espnet.corpora.spelling import Speller
from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check
from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.sound.segments import OpenSounds

Record = Callable[..., Path]


def read_all(root: Path, wavs: Path, phonemise: str | None = None) -> list[Utterance]:
    sets = [own.read(root, split, wavs, "xx", phonemise) for split in SPLITS]
    assert all(made.utterances for made in sets)
    return [utterance for made in sets for utterance in made.utterances]


def reasons(made: Made) -> dict[str, str]:
    return {reject.item: f"{reject.why}: {reject.reason}" for reject in made.rejected}


def kaldi(root: Path, record: Record, utterances: int = 6) -> Path:
    """A directory as in Kaldi's recipes, whose paths count from two directories above it."""
    data = root / "data" / "all"
    data.mkdir(parents=True)
    scp, text, speakers = [], [], []
    for number in range(utterances):
        record(root / "audio" / f"{number}.flac", seed=number)
        scp.append(f"s{number % 3}-{number} audio/{number}.flac\n")
        text.append(f"s{number % 3}-{number} a b {number}\n")
        speakers.append(f"s{number % 3}-{number} s{number % 3}\n")
    (data / "wav.scp").write_text("".join(scp))
    (data / "text").write_text("".join(text))
    (data / "utt2spk").write_text("".join(speakers))
    return data


def test_a_kaldi_directory_is_divided_by_speaker(tmp_path: Path, record: Record) -> None:
    data = kaldi(tmp_path, record)
    sets = {split: own.read(data, split, tmp_path / "wav", "xx") for split in SPLITS}
    assert [len({one.speaker for one in made.utterances}) for made in sets.values()] == [1, 1, 1]
    assert {made.note for made in sets.values()} == {"sets by speaker"}
    everything = [one for made in sets.values() for one in made.utterances]
    assert sorted(one.id for one in everything) == [f"s{n % 3}-{n}" for n in (0, 3, 1, 4, 2, 5)]
    assert {one.phones[:2] for one in everything} == {("a", "b")}
    assert all(Path(one.wav).is_file() and one.duration == 2.0 for one in everything)


@pytest.mark.parametrize("more", ["A", "female 23", "\tF"])
def test_more_than_a_speaker_is_no_speaker(tmp_path: Path, record: Record, more: str) -> None:
    data = kaldi(tmp_path, record)
    told = (data / "utt2spk").read_text()
    (data / "utt2spk").write_text(told.replace("s0-3 s0\n", f"s0-3 s0 {more}\n"))
    sets = [own.read(data, split, tmp_path / "wav", "xx") for split in SPLITS]
    (rejected,) = {reject for made in sets for reject in made.rejected}
    assert rejected.item == "s0-3"
    assert "expected one word in utt2spk, the speaker, found 's0" in rejected.reason
    assert sum(len(made.utterances) for made in sets) == 5


def test_segments_and_arks(tmp_path: Path, record: Record) -> None:
    data = kaldi(tmp_path, record, 1)
    ark = tmp_path / "audio" / "more.ark"
    samples = (3000 * np.random.default_rng(1).standard_normal(8000)).astype(np.int16)
    kaldiio.save_ark(str(ark), {"deep": (8000, samples)}, scp=str(tmp_path / "more.scp"))
    value = (tmp_path / "more.scp").read_text().split()[1]
    scp = (
        f"one audio/0.flac\ndeep {value}\ngone audio/none.flac\ncommand cat x |\nup "
        f"../audio/0.flac\n"
    )
    (data / "wav.scp").write_text(scp)
    (data / "segments").write_text(
        "u1 one 0.0 0.5\nu2 one 0.5 2.05\nu3 deep 0.25 1\nu4 one 1 9\nu5 two 0 1\nu6 one 2 1\nu7 "
        "gone 0 1\n"
        "u8 command 0 1\nu10 up 0 1\n"
    )
    (data / "text").write_text("".join(f"u{number} a b u{number}\n" for number in range(1, 11)))
    (data / "utt2spk").unlink()
    sets = [own.read(data, split, tmp_path / "wav", "xx") for split in SPLITS]
    utterances = {one.text: one for made in sets for one in made.utterances}
    assert {text[-2:]: one.duration for text, one in utterances.items()} == {
        "u1": 0.5,
        "u2": 1.5,
        "u3": 0.75,
    }
    heard, rate = soundfile.read(utterances["a b u3"].wav, dtype="int16")
    assert rate == 8000
    assert (heard == samples[2000:]).all()
    found = {name: reason for made in sets for name, reason in reasons(made).items()}
    assert {name: reason[:40] for name, reason in found.items()} == {
        "u4": "row: expected a part of 2.00 s, found 1 ",
        "u5": "row: expected a recording of wav.scp, fo",
        "u6": "row: expected 0 <= begin < end, found 'o",
        "u7": f"missing: expected the recording {data}"[:40],
        "u8": "row: expected a file, found a command (c",
        "u10": "row: expected a path without '..', found",
        "u9": "missing: expected its recording in wav.s",
    }


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"segments": "u1 r 0 1\nu2 r 1 2\nu3 r 0.5 2\n"}, True),
        ({"segments": "u1 r 0 1 0\nu2 r 1 2 1\nu3 r 0.5 2 1\n"}, False),
        (
            {"segments": "u1 r 0 1\nu2 r 1 2\nu3 r 0.5 2\n", "reco2file_and_channel": "r r A\n"},
            False,
        ),
        ({"segments": "u1 m 0 1\nu2 m 1 2\nu3 m 0.5 2\n"}, False),
        # Those stay as they are, and the check warns of them.
        ({"wav.scp": "u1 0.wav\nu2 0.wav\nu3 0.wav\n"}, False),
        (
            {"list.csv": "file,text,start,end\n0.wav,a b,0,1\n0.wav,b a,1,2\n0.wav,a a,0.5,2\n"},
            True,
        ),
        (
            {
                "list.csv": "file,text,start,end,channel\n"
                "0.wav,a b,0,1,1\n0.wav,b a,1,2,2\n0.wav,a a,0.5,2,1\n"
            },
            False,
        ),
    ],
)
def test_channels_of_which_none_is_named_are_said_to_be_averaged(
    tmp_path: Path, files: dict[str, str], told: bool
) -> None:
    sides = np.random.default_rng(0).standard_normal((32000, 2)) / 9
    soundfile.write(tmp_path / "0.wav", sides, 16000)
    soundfile.write(tmp_path / "1.wav", sides[:, 0], 16000)
    if "list.csv" not in files:
        files = {"wav.scp": "r 0.wav\nm 1.wav\n", "text": "u1 a b\nu2 b a\nu3 a a\n"} | files
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    root = tmp_path / "list.csv" if "list.csv" in files else tmp_path
    sets = [own.read(root, split, tmp_path / "wav", "xx") for split in SPLITS]
    assert all(made.utterances for made in sets)
    told_of = "the channels of 1 recordings are averaged, since nothing says which one an utterance"
    for made in sets:
        assert (told_of in made.note) == told
        assert (str(tmp_path / "0.wav") in made.note) == told


def test_features_are_no_waves(tmp_path: Path, record: Record) -> None:
    data = kaldi(tmp_path, record, 3)
    ark = tmp_path / "feats.ark"
    kaldiio.save_ark(str(ark), {"f": np.zeros((4, 3), np.float32)}, scp=str(tmp_path / "f.scp"))
    damaged = tmp_path / "damaged.ark"
    damaged.write_bytes(b"nothing that Kaldi wrote")
    value = (tmp_path / "f.scp").read_text().split()[1]
    (data / "wav.scp").write_text(f"s0-0 {value}\ns1-1 {damaged}:3\ns2-2 {tmp_path}/none.ark:3\n")
    found: dict[str, str] = {}
    for split in SPLITS:
        found |= reasons(own.read(data, split, tmp_path / "wav", "xx"))
    assert "expected waves, found a matrix" in found["s0-0"]
    assert found["s1-1"].startswith("decoder: undecodable: ")
    assert found["s2-2"].startswith("missing: expected the recording")


def test_a_folder_whose_folders_are_speakers(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "my corpus"
    for speaker in ("ana", "Bruno B", "carla", "ñandú"):
        for number in range(2):
            path = record(
                root / speaker / "day 1" / f"{number}.wav", seed=10 * len(speaker) + number
            )
            path.with_suffix(".lab" if number else ".txt").write_bytes(
                "\ufeffHola,\r\nmundo\r\n".encode()
            )
    record(root / "ana" / "alone.wav")
    utterances = read_all(root, tmp_path / "wav", "es")
    assert {one.phones for one in utterances} == {("o", "l", "a", "m", "u", "n", "d", "o")}
    assert {one.text for one in utterances} == {"Hola, mundo"}
    assert len({one.id for one in utterances}) == 8
    assert all(
        len(one.id.split()) == 1 and one.id.startswith(f"{one.speaker}-") for one in utterances
    )
    assert reasons(own.read(root, "train", tmp_path, "es", "es"))["ana/alone"].startswith(
        "alone: expected a transcript"
    )


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("list.tsv", ["clips/{}.wav\ta b {}"]),
        ("list.csv", ["clips/{}.wav,a b {}"]),
        ("list.csv", ["text;path", '"a b {}";clips/{}.wav']),
        ("list.tsv", ["speaker\tAudio\tTranscript", "s{}\tclips/{}.wav\ta b {}"]),
    ],
)
def test_a_table(tmp_path: Path, record: Record, name: str, lines: list[str]) -> None:
    for number in range(5):
        record(tmp_path / "clips" / f"{number}.wav", seed=number)
    *header, line = lines
    written = [*header, *(line.replace("{}", str(number)) for number in range(5))]
    (tmp_path / name).write_text("\r\n".join(written) + "\r\n")
    for root in (tmp_path / name, tmp_path):
        utterances = read_all(root, tmp_path / "wav")
        assert sorted(one.text for one in utterances) == [f"a b {number}" for number in range(5)]
    assert ("s1" in {one.speaker for one in utterances}) == (
        len(header) == 1 and "speaker" in header[0]
    )


def test_a_sentence_is_in_one_set_without_speakers(tmp_path: Path, record: Record) -> None:
    for number in range(12):
        record(tmp_path / f"{number}.wav", seed=number).with_suffix(".txt").write_text(
            f"a b {number % 4}"
        )
    sets = [
        {one.text for one in own.read(tmp_path, split, tmp_path, "xx").utterances}
        for split in SPLITS
    ]
    assert sum(map(len, sets)) == len(set.union(*sets)) == 4


def test_sets_of_ones_own(tmp_path: Path, record: Record) -> None:
    for split in SPLITS:
        record(tmp_path / split / "1.wav").with_suffix(".txt").write_text(f"a {split}")
    assert [one.text for one in read_all(tmp_path, tmp_path / "wav")] == [
        "a train",
        "a dev",
        "a test",
    ]
    (tmp_path / "dev").rename(tmp_path / "other")
    with pytest.raises(UserError, match="expected the directories train, dev, test, found no dev"):
        own.read(tmp_path, "train", tmp_path, "xx")


def test_rows_that_cannot_be_used(tmp_path: Path, record: Record) -> None:
    rows = ["audio\ttext\tspeaker"]
    for number in range(6):
        record(tmp_path / f"{number}.wav", seed=number)
        rows.append(f"{number}.wav\thola {'mundo ' * number}\ts{number}")
    rows += [
        "0.wav\totra vez\ts0",
        "gone.wav\thola\ts1",
        "\thola\ts1",
        "4.wav",
        "empty.wav\t\ts2",
        "ru.wav\tпривет\ts1",
    ]
    record(tmp_path / "empty.wav", seed=10)
    record(tmp_path / "ru.wav", seed=11)
    (tmp_path / "list.tsv").write_bytes("\n".join(rows).encode() + b"\n\xff\thola\ts1\n")
    kept = 0
    found: dict[str, str] = {}
    for split in SPLITS:
        made = own.read(tmp_path / "list.tsv", split, tmp_path / "wav", "es", "es")
        found |= reasons(made)
        kept += len(made.utterances)
    assert kept == 6
    assert {reason.partition(":")[0] for reason in found.values()} == {
        "row",
        "missing",
        "script",
        "alone",
    }
    assert "expected Latin letters (es), found п (CYRILLIC)" in found["ru"]


def test_letters(tmp_path: Path, record: Record) -> None:
    for number, text in enumerate(("One, two", "two three", "It's four")):
        record(tmp_path / f"{number}.wav", seed=number).with_suffix(".txt").write_text(text)
    spelled = {"".join(one.phones) for one in read_all(tmp_path, tmp_path / "wav", "letters")}
    assert spelled == {"one<space>two", "two<space>three", "it's<space>four"}
    notes = {
        split: own.read(tmp_path, split, tmp_path / "wav", "xx", "letters").note for split in SPLITS
    }
    assert sorted(notes.values()) == ["sets by sentence"] * 2 + [
        "sets by sentence; 1 character left out of the text (U+002C 1)"
    ]


def test_all_sets_are_spelled_by_what_all_their_texts_say(tmp_path: Path, record: Record) -> None:
    texts = ("tsit8 lang5", "u7 gua2 [noise]", "'a yak'", "'a so", "mo yak' da")
    for number, text in enumerate(texts):
        record(tmp_path / f"{number}.wav", seed=number).with_suffix(".txt").write_text(text)
    made = [own.read(tmp_path, split, tmp_path / "wav", "xx", "letters") for split in SPLITS]
    spelled = {"".join(one.phones) for set_ in made for one in set_.utterances}
    assert spelled >= {
        "tsit8<space>lang5",
        "u7<space>gua2",
        "'a<space>yak'",
        "mo<space>yak'<space>da",
    }
    assert all("digits in words are letters (" in set_.note for set_ in made)


def test_letters_that_are_written_pass_the_check(tmp_path: Path, record: Record) -> None:
    texts = ("Nda̠ku²³, ma3 ɓe˩˥!", "yak' 'a (kana:ta) ɔ̃", "á a̱ k͡p ñ – mí\u200cx", "किताब कि")
    utterances: list[Utterance] = []
    with OpenSounds() as sounds:
        for number, text in enumerate(texts):
            recording = record(tmp_path / f"{number}.wav", seed=number)
            item = Item("list:1", str(number), str(recording), text, f"s{number}")
            letters = Speller("letters").units(text)
            id_ = f"s{number}-{number}"
            utterances.append(own._utterance(item, id_, letters, sounds, tmp_path, "xx"))
    write_data_dir(tmp_path / "data", utterances)
    faults = check([tmp_path / "data"], Limits(), levels({})).faults
    assert [fault for fault in faults if fault.kind != "rate"] == []


def test_so_many_minutes(tmp_path: Path, record: Record) -> None:
    data = kaldi(tmp_path, record, 30)
    some = own.read(data, "train", tmp_path, "xx", None, 0.1)
    every = own.read(data, "train", tmp_path, "xx", None)
    left = len(every.utterances) - 3
    assert len(some.utterances) == 3
    assert f"{left} more are in no set: 0.1 min are enough" in some.note
    assert "in no set" not in every.note
    with pytest.raises(
        UserError, match=r"expected 5 minutes of training speech, found 0.\d\d that can be used"
    ):
        own.read(data, "train", tmp_path, "xx", None, 5)


def test_what_is_no_layout(tmp_path: Path, record: Record) -> None:
    with pytest.raises(UserError, match="nowhere: no such file or directory"):
        read_items(tmp_path / "nowhere")
    with pytest.raises(
        UserError, match=r"or one table \(.tsv, .csv, .jsonl\), or .*; found nothing"
    ):
        read_items(tmp_path)
    record(tmp_path / "1.wav")
    with pytest.raises(
        UserError,
        match=r"recordings with transcripts of the same name \(.txt or .lab\).* found 1.wav",
    ):
        read_items(tmp_path)
    with pytest.raises(UserError, match=r"1.wav: expected a table in .tsv, .csv or .jsonl"):
        read_items(tmp_path / "1.wav")
    for name, advice in (
        ("1.wav", "give the directory that it is in, with its transcript beside it"),
        ("1.mp3", "give the directory that it is in, with its transcript beside it"),
        ("list.xlsx", "save the sheet as .csv, in UTF-8"),
        ("list.ODS", "save the sheet as .csv, in UTF-8"),
    ):
        (tmp_path / name).touch()
        with pytest.raises(UserError, match=f"found another file; {advice}$"):
            read_items(tmp_path / name)
        if name != "1.wav":
            (tmp_path / name).unlink()
    (tmp_path / "a.csv").write_text("a,b,c,d\n")
    with pytest.raises(
        UserError,
        match=r"a.csv:1: expected a column of the recording .*, found a, b, c, d: name it",
    ):
        read_items(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("\n")
    with pytest.raises(UserError, match="expected lines of audio and text, found an empty table"):
        read_items(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("1.wav,a b\n")
    with pytest.raises(
        UserError,
        match="expected at least three speakers or sentences for three sets, found 1; add",
    ):
        own.read(tmp_path, "train", tmp_path, "xx")


@pytest.mark.parametrize(
    "odd", ["../../x", "/etc/x", "..", ".", "a/../../../b", ".hidden", "x" * 250]
)
def test_no_id_leads_out_of_the_directory(tmp_path: Path, record: Record, odd: str) -> None:
    data = kaldi(tmp_path, record)
    (data / "segments").write_text(
        "".join(f"s{n % 3}-{n} s{n % 3}-{n} 0.5 1.5\n" for n in range(1, 6)) + f"{odd} s0-0 0 1\n"
    )
    for name, value in {"text": "a b 0", "utt2spk": odd}.items():
        (data / name).write_text((data / name).read_text() + f"{odd} {value}\n")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    for split in SPLITS:
        own.read(data, split, tmp_path / "out/wav", "xx")
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert len(made) == 6
    assert {path.parent for path in made} == {tmp_path / "out/wav"}
    assert all(path.name[0] != "." for path in made)


def test_a_table_that_is_a_pipe_is_refused(tmp_path: Path, record: Record) -> None:
    os.mkfifo(tmp_path / "table.tsv")
    with pytest.raises(UserError, match=r"table\.tsv: expected a file, found a pipe \(FIFO\)"):
        own.read(tmp_path / "table.tsv", "train", tmp_path / "wav", "xx")
    for name in ("text", "utt2spk", "segments", "reco2file_and_channel"):
        data = kaldi(tmp_path / name, record)
        (data / name).unlink(missing_ok=True)
        os.mkfifo(data / name)
        with pytest.raises(UserError, match=rf"{name}: expected a file, found a pipe \(FIFO\)"):
            own.read(data, "train", tmp_path / "wav", "xx")


def test_ids_differ_where_only_slashes_do(tmp_path: Path, record: Record) -> None:
    """Beside dashes, a folder's recordings, and a table's with a speaker in front of some names."""
    root = tmp_path / "mine"
    names = ["ana/x/01", "ana/x-01", "ana/y", "luis/1", "luis/2", "eva/1", "eva/2"]
    for number, name in enumerate(names):
        record(root / f"{name}.wav", 0.5, seed=number).with_suffix(".txt").write_text(f"a {number}")
    made = [own.read(root, split, tmp_path / "wav", "xx") for split in SPLITS]
    texts = {
        one.id: one.text for one in (*made[0].utterances, *made[1].utterances, *made[2].utterances)
    }
    assert len(texts) == len(names)
    assert {"ana-y", "luis-1", "eva-2"} < texts.keys()
    assert sorted(texts.values()) == [f"a {number}" for number in range(len(names))]


def test_parts_whose_ids_would_be_one_have_a_recording_each(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "mine"
    lines = ["file,text,speaker,start,end"]
    for number, name in enumerate(("x/1", "x-1")):
        record(root / f"{name}.wav", 0.5, seed=number)
        lines += [f"{name}.wav,a {number} {begin},s,0.{begin},0.{begin + 2}" for begin in (1, 2)]
    (root / "list.csv").write_text("\n".join(lines) + "\n")
    said: dict[str, str] = {}
    for split in SPLITS:
        for one in own.read(root, split, tmp_path / split, "xx").utterances:
            said[one.wav] = one.text
    assert len(said) == len(set(said.values())) == 4
