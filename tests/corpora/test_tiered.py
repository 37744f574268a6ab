"""Recordings with files of ELAN's and Praat's, as linguists keep them."""

import copy
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import own
from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.items import Items
from parp_espnet.corpora.layouts import read_items
from parp_espnet.corpora.sets import How
from parp_espnet.errors import UserError
from parp_espnet.sound.reader import open_sound
from parp_espnet.tiers.eaf import write_eaf
from parp_espnet.tiers.textgrid import write_textgrid
from parp_espnet.tiers.tier import Annotation, Tier

Record = Callable[..., Path]
SPOKEN = [Annotation(0, 0.2, "a b"), Annotation(0.25, 0.4, "b a")]
SPOKEN_LATER = [Annotation(0.5, 0.7, "a b"), Annotation(0.75, 0.9, "b a")]


def eaf(path: Path, recording: Path, *tiers: Tier) -> None:
    path.write_text(write_eaf(tiers, recording, "audio/x-wav"))


def grid(path: Path, *tiers: Tier, seconds: float = 0.5) -> None:
    path.write_text(write_textgrid(tiers, seconds))


def texts(found: Items) -> list[tuple[str, str, str | None, float | None, float | None]]:
    return [(Path(i.audio).name, i.text, i.speaker, i.begin, i.end) for i in found.items]


@pytest.mark.parametrize("suffix", [".eaf", ".EAF", ".TextGrid", ".textgrid"])
def test_annotations_are_utterances(tmp_path: Path, record: Record, suffix: str) -> None:
    recording = record(tmp_path / "ana" / "Talk.wav")
    path = recording.with_name(f"talk{suffix}")
    if suffix.lower() == ".eaf":
        eaf(path, recording, Tier("tx", SPOKEN))
    else:
        grid(path, Tier("tx", SPOKEN))
    found = read_items(tmp_path)
    assert texts(found) == [
        ("Talk.wav", "a b", "ana", 0, 0.2),
        ("Talk.wav", "b a", "ana", 0.25, 0.4),
    ]
    assert [item.name for item in found.items] == [
        "ana/Talk-0000000-0000200",
        "ana/Talk-0000250-0000400",
    ]
    assert not found.rejected
    # Named itself it is read alike; what is beside it is of no interest.
    record(recording.with_name("other.wav"))
    alone = read_items(path)
    assert [row[:2] + row[3:] for row in texts(alone)] == [
        row[:2] + row[3:] for row in texts(found)
    ]
    assert not alone.rejected


def test_recordings_elsewhere_of_one_name_keep_their_utterances(
    tmp_path: Path, record: Record
) -> None:
    """Two sessions, both annotated at the same times; the files are in one folder."""
    for number, session in enumerate(("s1", "s2")):
        recording = record(tmp_path / "disk" / session / "talk.wav", seed=number)
        spoken = [Annotation(0, 0.2, f"a {session}"), Annotation(0.25, 0.4, f"b {session}")]
        (tmp_path / "eaf").mkdir(exist_ok=True)
        eaf(tmp_path / "eaf" / f"{session}.eaf", recording, Tier("tx", spoken))
    found = read_items(tmp_path / "eaf")
    assert [item.text for item in found.items] == ["a s1", "b s1", "a s2", "b s2"]
    assert [Path(item.audio).parent.name for item in found.items] == ["s1", "s1", "s2", "s2"]
    assert len({item.name for item in found.items}) == 4
    assert not found.rejected


@pytest.mark.parametrize("tiers", [["tx"], ["tx@Ana", "tx@Luis"]])
def test_recordings_of_one_name_and_two_endings_keep_their_utterances(
    tmp_path: Path, record: Record, tiers: list[str]
) -> None:
    for name in ("talk.flac", "talk.wav"):
        spoken = [Tier(tier, [Annotation(0, 0.2, f"a {name}")]) for tier in tiers]
        eaf(tmp_path / f"of-{name}.eaf", record(tmp_path / name), *spoken)
    found = read_items(tmp_path, Told(tier="tx"))
    assert [item.text for item in found.items] == [
        f"a {name}" for name in ("talk.flac", "talk.wav") for _ in tiers
    ]
    assert len({item.name for item in found.items}) == 2 * len(tiers)


def test_of_several_tiers_one_is_asked_for(tmp_path: Path, record: Record) -> None:
    recording = record(tmp_path / "r.wav")
    phones = Tier("ph", [Annotation(0, 0.1, "a")], parent="tx")
    eaf(tmp_path / "r.eaf", recording, Tier("tx", SPOKEN), phones)
    with pytest.raises(UserError, match=r"found 2: tx \(2\), ph \(1\); say which it is: --tier"):
        read_items(tmp_path)
    assert [item.text for item in read_items(tmp_path, Told(tier="tx")).items] == ["a b", "b a"]
    with pytest.raises(UserError, match=r"expected the tier --tier words, found tx \(2\), ph"):
        read_items(tmp_path, Told(tier="words"))


def test_a_tier_for_each_speaker(tmp_path: Path, record: Record) -> None:
    recording = record(tmp_path / "r.wav")
    tiers = (
        Tier("tx@Ana", [Annotation(0, 0.3, "a b")]),
        Tier("tx@Luis", [Annotation(0, 0.3, "b")]),
        Tier("notes", [Annotation(0, 0.1, "?")]),
    )
    eaf(tmp_path / "r.eaf", recording, *tiers)
    found = read_items(tmp_path, Told(tier="tx"))
    assert texts(found) == [("r.wav", "a b", "Ana", 0, 0.3), ("r.wav", "b", "Luis", 0, 0.3)]
    assert len({item.name for item in found.items}) == 2
    assert [item.speaker for item in read_items(tmp_path, Told(tier="tx@Luis")).items] == ["Luis"]


@pytest.mark.parametrize(
    ("name", "asked", "taken"),
    [
        ("notes", "utterances", ["a b", "b a"]),
        ("notes", "notes", ["of ours"]),
        ("utterances@Luis", "utterances", ["a b", "b a", "of ours"]),
    ],
)
@pytest.mark.parametrize("is_part", [False, True])
def test_a_tier_that_was_added_to_a_file_of_ours(
    tmp_path: Path, record: Record, name: str, asked: str, taken: list[str], is_part: bool
) -> None:
    """ELAN gives it one of the types that the file has."""
    recording = record(tmp_path / "r.wav")
    phones = Tier("phones", [Annotation(0, 0.1, "a")], parent="utterances")
    eaf(tmp_path / "r.eaf", recording, Tier("utterances", SPOKEN), phones)
    tree = ElementTree.parse(tmp_path / "r.eaf")
    of_phones = {tier.get("TIER_ID"): tier for tier in tree.getroot().iter("TIER")}["phones"]
    free, included = (kind.attrib for kind in tree.getroot().iter("LINGUISTIC_TYPE"))
    assert included["CONSTRAINTS"] == "Included_In"
    added = copy.deepcopy(of_phones)
    added.set("TIER_ID", name)
    if not is_part:
        del added.attrib["PARENT_REF"]
    added.set("LINGUISTIC_TYPE_REF", (included if is_part else free)["LINGUISTIC_TYPE_ID"])
    for value in added.iter("ANNOTATION_VALUE"):
        value.text = "of ours"
    tree.getroot().insert(3, added)
    tree.write(tmp_path / "r.eaf", encoding="utf-8")
    found = read_items(tmp_path, Told(tier=asked))
    assert sorted(item.text for item in found.items) == taken


def test_files_that_lack_the_tier_are_named_and_the_rest_is_read(
    tmp_path: Path, record: Record
) -> None:
    for name, tier in (("a", "tx"), ("b", "words")):
        grid(record(tmp_path / f"{name}.wav").with_suffix(".TextGrid"), Tier(tier, SPOKEN))
    found = read_items(tmp_path, Told(tier="tx"))
    assert [Path(item.audio).name for item in found.items] == ["a.wav", "a.wav"]
    (reject,) = found.rejected
    assert reject.item == "b.TextGrid"
    assert reject.reason == "expected a tier tx with texts, found words (2)"


def test_media_elsewhere(tmp_path: Path, record: Record) -> None:
    recording = record(tmp_path / "sound" / "my talk.wav")
    (tmp_path / "eaf").mkdir()
    eaf(tmp_path / "eaf" / "session1.eaf", recording, Tier("tx", SPOKEN))
    assert [row[0] for row in texts(read_items(tmp_path))] == ["my talk.wav"] * 2
    # Of another machine, and moved beside it.
    path = tmp_path / "eaf" / "session1.eaf"
    theirs = "file:///C:/Users/x/my%20talk.wav"
    path.write_text(path.read_text().replace(recording.as_uri(), theirs))
    assert [row[0] for row in texts(read_items(tmp_path))] == ["my talk.wav"] * 2
    # Two of the name: nothing says which.
    record(tmp_path / "old" / "my talk.wav")
    lost = read_items(tmp_path)
    assert not lost.items
    reasons = {reject.item: reject.reason for reject in lost.rejected}
    assert reasons["eaf/session1.eaf"] == ("expected its recording beside it, found no my talk.wav")
    recording.rename(path.with_name("My Talk.WAV"))
    assert [row[0] for row in texts(read_items(tmp_path))] == ["My Talk.WAV"] * 2


def test_grids_in_a_folder_of_their_own(tmp_path: Path, record: Record) -> None:
    record(tmp_path / "wav" / "r.wav")
    (tmp_path / "grids").mkdir()
    grid(tmp_path / "grids" / "r.TextGrid", Tier("tx", SPOKEN))
    assert [row[0] for row in texts(read_items(tmp_path))] == ["r.wav"] * 2


def test_a_linked_video_does_not_hide_the_sound(tmp_path: Path, record: Record) -> None:
    recording = record(tmp_path / "r.wav")
    path = tmp_path / "r.eaf"
    eaf(path, recording, Tier("tx", SPOKEN))
    video = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///v/r.mpg" MIME_TYPE="video/mpeg" />'
    path.write_text(path.read_text().replace("<MEDIA_DESCRIPTOR", f"{video}<MEDIA_DESCRIPTOR", 1))
    assert [row[0] for row in texts(read_items(tmp_path))] == ["r.wav"] * 2


def test_media_that_begins_later(tmp_path: Path, record: Record) -> None:
    recording = record(tmp_path / "r.wav")
    path = tmp_path / "r.eaf"
    eaf(path, recording, Tier("tx", SPOKEN[:1]))
    path.write_text(path.read_text().replace("MIME_TYPE", 'TIME_ORIGIN="100" MIME_TYPE', 1))
    assert texts(read_items(tmp_path)) == [("r.wav", "a b", None, 0.1, pytest.approx(0.3))]


def test_what_cannot_be_used_is_rejected(tmp_path: Path, record: Record) -> None:
    recording = record(tmp_path / "r.wav")
    spoken = [
        Annotation(0, 0.2, "a"),
        Annotation(0.1, 0.3, "over it"),
        Annotation(0.3, 0.35, ""),
        Annotation(0.4, 0.45, "b"),
    ]
    eaf(tmp_path / "r.eaf", recording, Tier("tx", spoken))
    (tmp_path / "s.TextGrid").write_text("nothing")
    found = read_items(tmp_path)
    assert [item.text for item in found.items] == ["a", "b"]
    assert [(reject.item, str(reject.why)) for reject in found.rejected] == [
        ("s.TextGrid", "text"),
        ("r-0000100-0000300", "row"),
        ("r-0000300-0000350", "alone"),
    ]
    assert all("expected" in reject.reason for reject in found.rejected)


def test_a_transcript_in_text_is_taken_unless_the_tier_is_named(
    tmp_path: Path, record: Record
) -> None:
    record(tmp_path / "r.wav").with_suffix(".txt").write_text("old")
    grid(tmp_path / "r.TextGrid", Tier("tx", SPOKEN))
    grid(record(tmp_path / "s.wav").with_suffix(".TextGrid"), Tier("tx", SPOKEN))
    found = read_items(tmp_path)
    assert [item.text for item in found.items] == ["old", "a b", "b a"]
    (reject,) = found.rejected
    assert reject.reason.endswith("found a transcript in text; --tier NAME takes this one")
    corrected = read_items(tmp_path, Told(tier="tx"))
    assert [item.text for item in corrected.items] == ["a b", "b a"] * 2


def test_a_table_is_read_before_the_files_that_it_was_made_of(
    tmp_path: Path, record: Record
) -> None:
    recording = record(tmp_path / "r.wav")
    (tmp_path / "all.csv").write_text("file,text\nr.wav,of the table\n")
    eaf(tmp_path / "r.eaf", recording, Tier("tx", SPOKEN))
    assert [item.text for item in read_items(tmp_path).items] == ["of the table"]
    assert len(read_items(tmp_path, Told(tier="tx")).items) == 2


@pytest.mark.parametrize("kind", ["table", "text", "kaldi"])
def test_a_tier_of_what_has_none(tmp_path: Path, record: Record, kind: str) -> None:
    recording = record(tmp_path / "r.wav")
    if kind == "table":
        (tmp_path / "all.csv").write_text("file,text\nr.wav,a\n")
    elif kind == "text":
        (tmp_path / "r.txt").write_text("a")
    else:
        (tmp_path / "wav.scp").write_text(f"r {recording}\n")
        (tmp_path / "text").write_text("r a\n")
    with pytest.raises(UserError, match="--tier is for files of ELAN's and Praat's, found"):
        read_items(tmp_path, Told(tier="tx"))
    with pytest.raises(UserError, match="--mp3_times praat is for TextGrids of mp3s, found"):
        read_items(tmp_path, Told(as_praat=True))


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
    soundfile.write(recording, np.zeros(16000), 16000, format=recording.suffix[1:].upper())
    said = Tier("tx", [Annotation(0, 0.04, "a"), Annotation(0.05, 0.4, "b"), *SPOKEN_LATER])
    if suffix == ".eaf":
        eaf(tmp_path / "a.eaf", recording, said)
    else:
        grid(tmp_path / "a.TextGrid", said, seconds=1.0)
    found = read_items(tmp_path, Told(as_praat=as_praat))
    times = [(item.begin, item.end) for item in found.items]
    begins = [(annotation.begin, annotation.end) for annotation in said.annotations]
    moved = [(max(0.0, begin - earlier), end - earlier) for begin, end in begins]
    # What Praat has before the sound is not in it.
    assert times == [pytest.approx(pair, abs=1e-3) for pair in moved if pair[1] > 0]
    assert [reject.reason for reject in found.rejected] == [
        "expected what is said, found an annotation before the sound begins"
    ] * bool(earlier)


def test_parts_are_cut_and_what_ends_behind_the_recording_is_not(
    tmp_path: Path, record: Record
) -> None:
    corpus = tmp_path / "corpus"
    spoken = [
        *(Annotation(0.5 * n, 0.5 * n + 0.4, f"{word} a") for n, word in enumerate("bdg")),
        Annotation(1.5, 99, "z"),
    ]
    recording = record(corpus / "r.wav", seconds=2)
    eaf(corpus / "r.eaf", recording, Tier("tx", spoken))
    made = {
        split: own.read(corpus, split, tmp_path / split, "und", how=How())
        for split in ("train", "dev", "test")
    }
    utterances = [one for part in made.values() for one in part.utterances]
    assert sorted(" ".join(one.phones) for one in utterances) == ["b a", "d a", "g a"]
    for utterance in utterances:
        with open_sound(utterance.wav) as sound:
            assert sound.frames() == round(0.4 * sound.rate)
    rejected = [reject for part in made.values() for reject in part.rejected]
    assert any("found 1.5 to 99 s" in reject.reason for reject in rejected)
