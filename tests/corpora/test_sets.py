from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from parp_espnet.corpora import own
from parp_espnet.corpora.choose import partition
from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.layouts import SPLITS
from parp_espnet.corpora.rejects import Made
from parp_espnet.corpora.sets import How, choose_set
from parp_espnet.data.marks import Marks
from parp_espnet.errors import UserError
from parp_espnet.tiers.eaf import write_eaf
from parp_espnet.tiers.tier import Annotation, Tier

Record = Callable[..., Path]


def folder(root: Path, record: Record, texts: list[str], speakers: int = 0) -> Path:
    """Recordings of a second, with these texts."""
    for number, text in enumerate(texts):
        name = f"s{number % speakers}/{number}" if speakers else str(number)
        record(root / f"{name}.wav", 1.0, seed=number).with_suffix(".txt").write_text(text)
    return root


def minutes(made: Made) -> float:
    return sum(one.duration for one in made.utterances) / 60


def read_sets(root: Path, wavs: Path, asked: dict[str, float]) -> dict[str, Made]:
    how = How(minutes=asked)
    return {
        split: own.read(root, split, wavs, "xx", None, asked.get(split), how) for split in SPLITS
    }


@pytest.mark.parametrize("speakers", [0, 12])
def test_dev_and_test_have_the_minutes_that_were_asked_for(
    tmp_path: Path, record: Record, speakers: int
) -> None:
    root = folder(tmp_path / "mine", record, [f"a b {number}" for number in range(48)], speakers)
    tenth = read_sets(root, tmp_path, {})
    assert minutes(tenth["dev"]) < 0.15
    assert minutes(tenth["test"]) < 0.15
    sets = read_sets(root, tmp_path, {"dev": 0.2, "test": 0.2})
    assert 0.2 <= minutes(sets["dev"]) < 0.22
    assert 0.2 <= minutes(sets["test"]) < 0.22
    names = [{one.id for one in made.utterances} for made in sets.values()]
    assert len(set.union(*names)) == sum(map(len, names))
    whole = {"train": 0.3, "dev": 0.3, "test": 0.2}
    if speakers:
        with pytest.raises(
            UserError, match=r"found 0.27 .*: dev and test have whole speakers, of 12"
        ):
            read_sets(root, tmp_path, whole)
    else:
        # All of it, to the last second.
        sets = read_sets(root, tmp_path, whole)
        assert [round(minutes(made), 3) for made in sets.values()] == [0.3, 0.3, 0.2]


def test_minutes_of_recordings_in_archives_are_counted(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "mine"
    content, lines, texts = b"", [], []
    for number in range(30):
        wav = record(root / "one.wav", 3.0, seed=number).read_bytes()
        lines.append(f"u{number} {root}/all.ark:{len(content) + 2}\n")
        content += b"u " + wav
        texts.append(f"u{number} a b {number}\n")
    (root / "all.ark").write_bytes(content)
    (root / "wav.scp").write_text("".join(lines))
    (root / "text").write_text("".join(texts))
    made = read_sets(root, tmp_path / "wav", {"dev": 0.2, "test": 0.2})
    # Twelve seconds each, and not twelve recordings.
    assert [len(sets.utterances) for sets in made.values()] == [20, 4, 4]


def test_what_cannot_be_given_is_refused_with_why(tmp_path: Path, record: Record) -> None:
    root = folder(tmp_path / "mine", record, [f"a b {number}" for number in range(9)], 3)
    with pytest.raises(
        UserError,
        match=r"expected 1 minutes of validation speech, found 0.05 .*: a speaker is in one set "
        r"only, and train keeps "
        r"the largest of 3; give --valid_minutes 0.05",
    ):
        read_sets(root, tmp_path, {"dev": 1})
    for split in SPLITS:
        folder(tmp_path / "sets" / split, record, [f"a {split}"])
    with pytest.raises(
        UserError,
        match=r"expected 1 minutes of test speech, .*test has no more; give --test_minutes",
    ):
        read_sets(tmp_path / "sets", tmp_path, {"test": 1})


def test_groups_are_taken_until_there_is_as_much_as_was_asked_for() -> None:
    sizes = {str(number): float(number) for number in range(1, 9)}
    sets = partition(sizes, asked={"dev": 9, "test": 12})
    has = {split: sum(sizes[group] for group in sizes if sets[group] == split) for split in SPLITS}
    assert has["dev"] >= 9
    assert has["test"] >= 12
    assert sets["8"] == "train"
    assert partition(sizes, asked={}) == partition(sizes)


def test_words_in_the_place_of_phones_are_asked_about(tmp_path: Path, record: Record) -> None:
    line = (
        "this text was written down by people who never thought about phones although they "
        "speak every single day"
    )
    line += " and what they write is read aloud with words between spaces"
    words = line.split()
    root = folder(tmp_path / "mine", record, [" ".join(words[n : n + 9]) for n in range(19)])
    with pytest.raises(
        UserError,
        match=r"found \d+ different words, such as .*--phonemise LANG .*--words_as_tokens true",
    ):
        own.read(root, "train", tmp_path, "xx")
    assert own.read(root, "train", tmp_path, "xx", how=How(words=True)).utterances
    assert own.read(root, "train", tmp_path, "xx", "letters").utterances


def test_phones_in_the_place_of_words_are_asked_about(tmp_path: Path, record: Record) -> None:
    texts = ["o l a m u n d o", "s o l i l u n a", "l a n a l u s"] * 6
    root = folder(tmp_path / "mine", record, texts)
    expected = r"--phonemise es makes phones, found phones .*such as (o l a|s o l|l a n).*leave"
    with pytest.raises(UserError, match=expected):
        own.read(root, "train", tmp_path, "es", "es")
    assert own.read(root, "train", tmp_path, "es").utterances
    assert own.read(root, "train", tmp_path, "es", "letters").utterances


TEXTS = [
    "hola [laughter] mundo",
    "sol (tos) luna",
    "xxx hola",
    "hola ((mundo))",
    "sol =ríe= sol",
    "luna <unk> sol",
]


@pytest.mark.parametrize(
    ("marks", "kept", "said"),
    [
        (Marks.DROP, 4, "olamundo"),
        (Marks.TEXT, 6, "olamundo"),
        (Marks.UTTERANCE, 1, "olamundo"),
    ],
)
def test_marks_are_no_phones(
    tmp_path: Path, record: Record, marks: Marks, kept: int, said: str
) -> None:
    root = folder(tmp_path / "mine", record, TEXTS)
    sets = [own.read(root, split, tmp_path, "es", "es", how=How(Told(), marks)) for split in SPLITS]
    utterances = [one for made in sets for one in made.utterances]
    assert len(utterances) == kept
    assert said in {"".join(one.phones) for one in utterances}
    notes = " ".join(made.note for made in sets)
    assert "[laughter] 1" in notes
    assert "xxx 1" in notes
    reasons = [reject for made in sets for reject in made.rejected]
    assert len(reasons) == 6 - kept
    assert all(str(reject.why) == "marks" for reject in reasons)


def test_marks_that_are_kept_are_text(tmp_path: Path, record: Record) -> None:
    root = folder(tmp_path / "mine", record, TEXTS)
    made = [
        own.read(root, split, tmp_path, "xx", "letters", how=How(marks=Marks.KEEP))
        for split in SPLITS
    ]
    spelled = {
        "".join(one.phones).replace("<space>", " ") for sets in made for one in sets.utterances
    }
    assert "hola laughter mundo" in spelled


@pytest.mark.parametrize("dev", ["dev", "valid", "validation", "Val"])
def test_directories_of_sets_by_the_names_that_people_give_them(
    tmp_path: Path, record: Record, dev: str
) -> None:
    root = tmp_path / "mine"
    for number, name in enumerate(("train", dev, "test")):
        folder(root / name, record, [f"a b {number}"])
    made = read_sets(root, tmp_path, {})
    assert [[one.text for one in sets.utterances] for sets in made.values()] == [
        ["a b 0"],
        ["a b 1"],
        ["a b 2"],
    ]
    assert not [reject for sets in made.values() for reject in sets.rejected]


def test_two_directories_for_a_set_are_not_guessed(tmp_path: Path, record: Record) -> None:
    for name in ("train", "valid", "validation", "test"):
        folder(tmp_path / "mine" / name, record, ["a b"])
    with pytest.raises(UserError, match="expected the directories train, dev, test, found no dev"):
        read_sets(tmp_path / "mine", tmp_path, {})


def test_one_list_beside_directories_of_recordings(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "mine"
    lines = ["file_name,text"]
    for number, name in enumerate(("train", "validation", "test", "more")):
        record(root / name / "0.wav", 1.0, seed=number)
        lines.append(f"{name}/0.wav,a b {number}")
    (root / "metadata.csv").write_text("\n".join(lines) + "\n")
    made = read_sets(root, tmp_path, {})
    assert [[one.text for one in sets.utterances] for sets in made.values()] == [
        ["a b 0"],
        ["a b 1"],
        ["a b 2"],
    ]
    assert [(reject.item, str(reject.why)) for reject in made["train"].rejected] == [
        ("more/0", "alone")
    ]
    assert made["test"].note == "sets by directory"


def test_a_tier_or_columns_are_said_of_the_sets_that_have_them(
    tmp_path: Path, record: Record
) -> None:
    """What was corrected in ELAN is trained on, beside the sets and transcripts of before."""
    root = tmp_path / "corpus"
    for split in SPLITS:
        folder(root / split, record, ["a b", "b a"])
    spoken = record(root / "train/talk.wav", 1.0, seed=9)
    tier = Tier("tx", [Annotation(0.1, 0.6, "d a")])
    (root / "train/talk.eaf").write_text(write_eaf([tier], spoken, "audio/x-wav"))
    # Neither is said of the sets that have no such files.
    how = How(told=Told(tier="tx", as_praat=True))
    made = {
        split: own.read(root, split, tmp_path / split, "xx", None, None, how) for split in SPLITS
    }
    assert [len(made[split].utterances) for split in SPLITS] == [3, 2, 2]
    assert {" ".join(utterance.phones) for utterance in made["train"].utterances} == {
        "a b", "b a", "d a",
    }  # fmt: skip
    (root / "train/talk.eaf").unlink()
    with pytest.raises(UserError, match="--tier is for files of ELAN's and Praat's"):
        own.read(root, "dev", tmp_path / "dev", "xx", None, None, how)


def test_columns_are_said_of_the_sets_that_are_tables(tmp_path: Path, record: Record) -> None:
    root = tmp_path / "corpus"
    for split in ("dev", "test"):
        folder(root / split, record, ["a b", "b a"])
    record(root / "train/wavs/1.wav", 1.0)
    (root / "train/all.csv").write_text("Datei,Wortlaut\n1.wav,d a\n")
    how = How(told=Told(audio="Datei", text="Wortlaut"))
    made = {
        split: own.read(root, split, tmp_path / split, "xx", None, None, how) for split in SPLITS
    }
    assert [len(made[split].utterances) for split in SPLITS] == [1, 2, 2]
    (root / "train/all.csv").unlink()
    folder(root / "train", record, ["a b"])
    with pytest.raises(UserError, match="_column is for tables"):
        own.read(root, "dev", tmp_path / "dev", "xx", None, None, how)


def listed(root: Path, record: Record, speakers: list[str]) -> Path:
    """A table of so many utterances, each a sentence of its own, with their speakers."""
    lines = ["file,text,speaker"]
    for number, speaker in enumerate(speakers):
        record(root / f"{number}.wav", 0.5, seed=number)
        lines.append(f"{number}.wav,a b {number},{speaker}")
    (root / "list.csv").write_text("\n".join(lines) + "\n")
    return root


def chosen(root: Path) -> dict[str, set[str]]:
    """The speakers of each set."""
    found = {}
    for split in SPLITS:
        items = choose_set(root, split, How()).items
        found[split] = {normalize("NFC", item.speaker or "").casefold() for item in items}
    return found


@pytest.mark.parametrize(
    "others",
    [
        lambda name: normalize("NFD", name),
        str.upper,
        lambda name: f"{name} ",
        lambda name: name.replace(" ", "  "),
        lambda name: normalize("NFD", name.upper()),
    ],
)
def test_a_speaker_is_in_one_set_however_the_name_is_written(
    tmp_path: Path, record: Record, others: Callable[[str], str]
) -> None:
    names = ["José Ma", "Anaí Lu", "Éva Xu", "Ñico Bo"]
    speakers = [name for name in names for _ in range(3)]
    root = listed(tmp_path, record, [*speakers, *map(others, speakers)])
    sets = chosen(root)
    assert sum(map(len, sets.values())) == len(names)
    assert all(sets.values())


def test_a_sentence_is_in_one_set_however_it_is_encoded(tmp_path: Path, record: Record) -> None:
    texts = [f"ñá ã {number}" for number in range(6)]
    root = folder(tmp_path, record, [*texts, *(normalize("NFD", text).upper() for text in texts)])
    found = []
    for split in SPLITS:
        items = choose_set(root, split, How()).items
        found += list({normalize("NFC", item.text).lower() for item in items})
    assert sorted(found) == sorted(texts)


@pytest.mark.parametrize(
    ("unknown", "kind"), [(0, "speaker"), (1, "speaker"), (8, "speaker"), (20, "sentence")]
)
def test_who_may_be_anybody_is_not_tested_on(
    tmp_path: Path, record: Record, unknown: int, kind: str
) -> None:
    names = ["A", "B", "C", "D"]
    root = listed(tmp_path, record, [name for name in names for _ in range(4)] + [""] * unknown)
    assert choose_set(root, "train", How()).note.startswith(f"sets by {kind}")
    sets = chosen(root)
    assert all(sets.values())
    if kind == "speaker":
        assert sorted(sets["dev"] | sets["test"] | sets["train"] - {""}) == ["a", "b", "c", "d"]
        assert sets["dev"].isdisjoint(sets["test"] | {""})
        assert sets["train"].isdisjoint(sets["dev"] | sets["test"])
        assert ("" in sets["train"]) == (unknown > 0)


@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
@pytest.mark.parametrize("lacking", ["", "dev", "test"])
def test_lists_beside_directories_that_have_nothing_but_their_recordings(
    tmp_path: Path, record: Record, dev: str, lacking: str
) -> None:
    for number, split in enumerate(SPLITS):
        name = dev if split == "dev" else split
        place = "train" if split == lacking else name
        record(tmp_path / place / f"{split}.wav", 0.5, seed=number)
        (tmp_path / f"{name}.csv").write_text(f"file,text\n{place}/{split}.wav,a b {split}\n")
    for split in SPLITS:
        chosen = choose_set(tmp_path, split, How())
        assert [item.text for item in chosen.items] == [f"a b {split}"]
        assert not chosen.rejected
    # Directories with transcripts of their own are the sets, or lack one.
    folder(tmp_path / "train", record, ["k train"])
    with pytest.raises(UserError, match=r"found no (dev|test)" if lacking else "expected wav.scp"):
        choose_set(tmp_path, "test", How())
