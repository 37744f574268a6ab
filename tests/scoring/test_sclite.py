"""The counts of NIST's sclite on what we write for it; Debian's package `sctk` has it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from parp_espnet.scoring.alignment import canonical
from parp_espnet.scoring.per import count_errors
from parp_espnet.scoring.transcripts import write_notes, write_trn

SCLITE = (
    ["sclite"] if shutil.which("sclite") else ["sctk", "sclite"] if shutil.which("sctk") else None
)

# One alignment of each has the fewest errors, by our costs (1, 1, 1) and by sclite's (4, 3, 3).
UTTERANCES = {
    "s-right": ("o l a k e t a l", "o l a k e t a l"),
    "s-substituted": ("o l a k e t a l", "o r a k e t a l"),
    "s-inserted": ("o l a k e t a l", "o l a k e s t a l"),
    "s-deleted": ("o l a k e t a l", "o l a k e a l"),
    "s-all-three": ("b w e n o s ð i a s p a r a", "b w i n o s i a s p x a r a"),
    "s-silent": ("s i", ""),
    "s-diacritics": ("tʰ ɔ\u0303 aː ə˞", "t ɔ aː ə˞"),
    "s-letters-in-both-cases": ("a N a", "a n a"),
    "s-affricates": ("ts a t͡s a", "ts a ts a"),
}
PER_UTTERANCE = re.compile(
    r"^id: \(s-(\S+)\)\n(?:.*\n)*?Scores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)", re.MULTILINE
)


def errors_by_sclite(folder: Path) -> dict[str, tuple[int, ...]]:
    """Correct phones, substitutions, deletions and insertions of each utterance."""
    assert SCLITE is not None
    # Without -s, sclite does not tell N from n.
    command = [
        *SCLITE,
        "-r",
        "ref.trn",
        "trn",
        "-h",
        "hyp.trn",
        "trn",
        "-i",
        "rm",
        "-s",
        "-e",
        "utf-8",
    ]
    done = subprocess.run(
        [*command, "-o", "pralign", "stdout"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        found[1]: tuple(map(int, found.groups()[1:]))
        for found in PER_UTTERANCE.finditer(done.stdout)
    }


def test_what_is_read_of_sclites_report() -> None:
    report = (
        "id: (s-s-1)\nScores: (#C #S #D #I) 2 1 0 1\nREF:  o l a ***\n\nid: (s-s-2)\nScores: "
        "(#C #S #D #I) 2 0 0 0\n"
    )
    found = [match.groups() for match in PER_UTTERANCE.finditer(report)]
    assert found == [("s-1", "2", "1", "0", "1"), ("s-2", "2", "0", "0", "0")]


@pytest.mark.skipif(SCLITE is None, reason="sclite is not installed (Debian's package sctk)")
def test_counts_are_sclites(tmp_path: Path) -> None:
    references, hypotheses = (
        {name: canonical(both[side].split()) for name, both in UTTERANCES.items()}
        for side in (0, 1)
    )
    speakers = dict.fromkeys(UTTERANCES, "s")
    write_trn(tmp_path / "ref.trn", references, speakers)
    write_trn(tmp_path / "hyp.trn", hypotheses, speakers)
    ours = {
        one.utterance: (
            one.reference - one.substitutions - one.deletions,
            one.substitutions,
            one.deletions,
            one.insertions,
        )
        for one in count_errors(references, hypotheses)
    }
    assert errors_by_sclite(tmp_path) == ours


@pytest.mark.skipif(SCLITE is None, reason="sclite is not installed (Debian's package sctk)")
@pytest.mark.parametrize("phone", [";;", "**", "**a"])
def test_what_begins_a_comment_is_said_to(tmp_path: Path, phone: str) -> None:
    for side in ("ref", "hyp"):
        write_trn(
            tmp_path / f"{side}.trn", {"s-u": (phone, "a"), "s-v": ("a",)}, {"s-u": "s", "s-v": "s"}
        )
    write_notes(tmp_path, [phone])
    assert errors_by_sclite(tmp_path).keys() == {"s-v"}
    assert (
        f"misreads these phones, whatever its options: {phone}\n"
        in (tmp_path / "README.txt").read_text()
    )


@pytest.mark.skipif(SCLITE is None, reason="sclite is not installed (Debian's package sctk)")
@pytest.mark.parametrize(
    ("phone", "is_read"), [("@", False), ("{", False), ("@u", True), ("}", True), ("?", True)]
)
def test_what_sclite_misreads_is_what_the_notes_say(
    tmp_path: Path, phone: str, is_read: bool
) -> None:
    """A phone is deleted: sclite counts that, where it reads the phone."""
    write_trn(tmp_path / "ref.trn", {"s-u": ("o", phone, "a")}, {"s-u": "s"})
    write_trn(tmp_path / "hyp.trn", {"s-u": ("o", "a")}, {"s-u": "s"})
    write_notes(tmp_path, ["o", phone, "a"])
    assert (errors_by_sclite(tmp_path) == {"s-u": (2, 0, 1, 0)}) == is_read
    assert ("misreads" in (tmp_path / "README.txt").read_text()) != is_read
