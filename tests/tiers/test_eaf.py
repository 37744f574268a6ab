"""ELAN's files: what people have in them is read, and what is written is read by others."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pympi
import pytest

from parp_espnet.errors import UserError
from parp_espnet.tiers.eaf import read_eaf, write_eaf
from parp_espnet.tiers.tier import Annotation, Medium, Tier, list_tiers

WHEN = datetime(2026, 11, 28, tzinfo=UTC)


def document(tiers: str, slots: str, header: str = "", attributes: str = "") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-11-28T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"{attributes}>{header}</HEADER>
<TIME_ORDER>{slots}</TIME_ORDER>{tiers}
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="text" TIME_ALIGNABLE="true"/></ANNOTATION_DOCUMENT>"""


def slots(*times: int | None) -> str:
    return "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{number}"'
        + ("" if time is None else f' TIME_VALUE="{time}"')
        + "/>"
        for number, time in enumerate(times, 1)
    )


def aligned(name: str, begin: int, end: int, text: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="ts{begin}" '
        f'TIME_SLOT_REF2="ts{end}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>'
        f"</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def referring(name: str, other: str, text: str, previous: str = "") -> str:
    after = f' PREVIOUS_ANNOTATION="{previous}"' if previous else ""
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{other}"{after}>'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def tier(name: str, annotations: str, more: str = "") -> str:
    return f'<TIER LINGUISTIC_TYPE_REF="text" TIER_ID="{name}"{more}>{annotations}</TIER>'


def read(tmp_path: Path, text: str) -> list[Tier]:
    path = tmp_path / "x.eaf"
    path.write_text(text)
    return list(read_eaf(path).tiers)


def test_a_tier_with_its_speaker(tmp_path: Path) -> None:
    spoken = aligned("a1", 1, 2, " ka\n na ") + aligned("a2", 3, 4, "")
    found = read(
        tmp_path,
        document(tier("tx", spoken, ' PARTICIPANT="Ana"'), slots(0, 1500, 1500, 2000)),
    )
    assert found == [
        Tier("tx", [Annotation(0, 1.5, "ka na"), Annotation(1.5, 2, "")], "Ana", "text")
    ]
    assert found[0].texts == 1


def test_annotations_of_a_tier_are_in_the_order_of_their_times(tmp_path: Path) -> None:
    spoken = aligned("a1", 3, 4, "b") + aligned("a2", 1, 2, "a")
    (found,) = read(tmp_path, document(tier("tx", spoken), slots(0, 100, 100, 200)))
    assert [annotation.text for annotation in found.annotations] == ["a", "b"]


def test_what_refers_to_another_has_its_times(tmp_path: Path) -> None:
    tiers = tier("ref", aligned("a1", 1, 2, "1") + aligned("a2", 3, 4, "2"))
    tiers += tier(
        "tx",
        referring("a3", "a1", "one") + referring("a4", "a2", "two"),
        ' PARENT_REF="ref"',
    )
    # Two words of one annotation, the second of them first; and what refers to what refers.
    tiers += tier(
        "mb", referring("a6", "a3", "B", "a5") + referring("a5", "a3", "A"), ' PARENT_REF="tx"'
    )
    _, text, morphs = read(tmp_path, document(tiers, slots(0, 500, 700, 900)))
    assert text.annotations == [Annotation(0, 0.5, "one"), Annotation(0.7, 0.9, "two")]
    assert text.parent == "ref"
    assert morphs.annotations == [Annotation(0, 0.5, "A B")]


def test_times_that_are_left_open_are_in_equal_parts(tmp_path: Path) -> None:
    words = aligned("a1", 1, 2, "a") + aligned("a2", 2, 3, "b") + aligned("a3", 3, 4, "c")
    (found,) = read(tmp_path, document(tier("w", words), slots(1000, None, None, 1900)))
    assert [(one.begin, one.end) for one in found.annotations] == [(1, 1.3), (1.3, 1.6), (1.6, 1.9)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_times_that_are_left_open_lie_in_those_of_the_tier_above(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """An utterance of two words, the second of three phones, in whatever order the tiers are."""
    words = aligned("a2", 1, 2, "o") + aligned("a3", 2, 5, "kan")
    phones = aligned("a4", 1, 2, "o") + aligned("a5", 2, 3, "k")
    phones += aligned("a6", 3, 4, "a") + aligned("a7", 4, 5, "n")
    tiers = [
        tier("tx", aligned("a1", 1, 5, "o kan")),
        tier("wd", words, ' PARENT_REF="tx"'),
        tier("ph", phones, ' PARENT_REF="wd"'),
    ]
    text = document("".join(tiers[place] for place in order), slots(0, None, None, None, 6000))
    found = {tier.name: tier.annotations for tier in read(tmp_path, text)}
    assert [(one.begin, one.end) for one in found["wd"]] == [(0, 3), (3, 6)]
    assert [(one.begin, one.end) for one in found["ph"]] == [(0, 3), (3, 4), (4, 5), (5, 6)]


@pytest.mark.parametrize(
    ("told", "speakers"),
    [
        ({"tx": ' PARTICIPANT="Ana"'}, ["Ana", "Ana", "Ana"]),
        ({"tx": ' PARTICIPANT=" Ana "', "ph": ' PARTICIPANT=" "'}, ["Ana", "Ana", "Ana"]),
        ({"tx": ' PARTICIPANT="Ana"', "wd": ' PARTICIPANT="Luis"'}, ["Ana", "Luis", "Luis"]),
        ({"wd": ' PARTICIPANT="Luis"'}, [None, "Luis", "Luis"]),
        ({}, [None, None, None]),
    ],
)
def test_the_speaker_of_a_part_is_that_of_the_tier_above(
    tmp_path: Path, told: dict[str, str], speakers: list[str | None]
) -> None:
    tiers = tier("ph", referring("a3", "a2", "k a"), f' PARENT_REF="wd"{told.get("ph", "")}')
    tiers += tier("wd", referring("a2", "a1", "ka"), f' PARENT_REF="tx"{told.get("wd", "")}')
    tiers += tier("tx", aligned("a1", 1, 2, "ka"), told.get("tx", ""))
    found = {tier.name: tier.speaker for tier in read(tmp_path, document(tiers, slots(0, 900)))}
    assert [found[name] for name in ("tx", "wd", "ph")] == speakers


def test_tiers_that_are_parts_of_each_other(tmp_path: Path) -> None:
    tiers = tier("a", aligned("a1", 1, 2, "ka"), ' PARENT_REF="b"')
    tiers += tier("b", aligned("a2", 1, 2, "na"), ' PARENT_REF="a" PARTICIPANT="Ana"')
    found = read(tmp_path, document(tiers, slots(0, 900)))
    assert [(tier.speaker, tier.texts) for tier in found] == [("Ana", 1), ("Ana", 1)]


def test_what_cannot_be_read_of_it_is_said(tmp_path: Path) -> None:
    spoken = (
        aligned("a1", 1, 9, "gone")
        + aligned("a2", 2, 1, "back")
        + referring("a3", "a99", "lost")
        + referring("a4", "a4", "itself")
        + aligned("a5", 1, 2, "one")
        + aligned("a6", 1, 2, "two")
    )
    path = tmp_path / "x.eaf"
    path.write_text(document(tier("tx", spoken), slots(0, 100)))
    found = read_eaf(path)
    assert [annotation.text for annotation in found.tiers[0].annotations] == ["one"]
    assert [fault.partition(":")[0] for fault in found.faults] == [
        f"tier tx, annotation {name}" for name in ("a1", "a2", "a6", "a3", "a4")
    ]


def test_media(tmp_path: Path) -> None:
    header = (
        '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/my%20talk.wav" MIME_TYPE="audio/x-wav" '
        'RELATIVE_MEDIA_URL="./my%20talk.wav" TIME_ORIGIN="2500"/>'
    )
    path = tmp_path / "x.eaf"
    path.write_text(document("", "", header))
    assert read_eaf(path).media == [
        Medium("./my%20talk.wav", 2.5), Medium("file:///C:/my%20talk.wav", 2.5)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no XML"),
        ("hola", "found no XML"),
        (document("", "").replace("</HEADER>", ""), "found no XML"),
        ("<Trans/>", "expected a file of ELAN's (ANNOTATION_DOCUMENT), found Trans"),
        (
            document("", "").replace("milliseconds", "PAL-frames"),
            "expected times in milliseconds, found PAL-frames",
        ),
        (document("", slots(1)).replace('"1"', '"1.5"'), "expected whole milliseconds"),
    ],
)
def test_what_is_no_such_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'x.eaf'}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


TIERS = (
    Tier("utterances", [Annotation(0, 1.25, "tʃ a"), Annotation(1.5, 2, '<b> & "c"')], "Ana"),
    Tier(
        "phones",
        [
            Annotation(0.1, 0.12, "tʃ"),
            Annotation(0.9, 0.92, "a"),
            Annotation(1.6, 1.62, "<b>"),
        ],
        parent="utterances",
    ),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.eaf"
    path.write_text(write_eaf(TIERS, tmp_path / "my talk.wav", "audio/x-wav", WHEN))
    found = read_eaf(path)
    assert [tier.annotations for tier in found.tiers] == [tier.annotations for tier in TIERS]
    assert [(tier.name, tier.speaker, tier.parent) for tier in found.tiers] == [
        ("utterances", "Ana", None),
        ("phones", "Ana", "utterances"),
    ]
    assert [medium.url for medium in found.media] == [
        "./my talk.wav", (tmp_path / "my talk.wav").as_uri()
    ]  # fmt: skip
    assert list_tiers([found, found]) == "utterances (4), phones (6)"


def test_pympi_reads_it_and_writes_it_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "talk.eaf"
    path.write_text(write_eaf(TIERS, tmp_path / "talk.wav", "audio/x-wav", WHEN))
    theirs = pympi.Eaf(str(path))
    assert list(theirs.get_tier_names()) == ["utterances", "phones"]
    for own in TIERS:
        assert theirs.get_annotation_data_for_tier(own.name) == [
            (round(one.begin * 1000), round(one.end * 1000), one.text) for one in own.annotations
        ]
    assert theirs.get_parameters_for_tier("phones")["PARENT_REF"] == "utterances"
    back = tmp_path / "back.eaf"
    theirs.to_file(str(back))
    assert read_eaf(back).tiers == read_eaf(path).tiers


def test_annotations_of_one_begin_and_of_no_length(tmp_path: Path) -> None:
    tiers = (
        Tier("a", [Annotation(0, 0.0001, "x")]),
        Tier("b", [Annotation(0, 1, "y")], parent="a"),
    )
    path = tmp_path / "x.eaf"
    path.write_text(write_eaf(tiers, tmp_path / "x.wav", "audio/x-wav"))
    first, second = read_eaf(path).tiers
    assert first.annotations == [Annotation(0, 0.001, "x")]
    assert second.annotations == [Annotation(0, 1, "y")]
