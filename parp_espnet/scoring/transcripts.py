"""Transcripts: Kaldi's `utterance phone phone` and sclite's `phone phone (speaker-utterance)`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from parp_espnet.data.lines import read_table
from parp_espnet.files import write_text

SCLITE = "sclite -s -e utf-8 -i rm -r ref.trn trn -h hyp.trn trn -o all stdout"
"""How ref.trn and hyp.trn are scored by sclite, in their directory."""

COMMENTS = (";;", "**")
"""What begins a line that sclite leaves out."""


def write_trn(
    path: Path, phones: Mapping[str, tuple[str, ...]], speakers: Mapping[str, str]
) -> None:
    """Write sclite's form; it takes what stands before the first dash for the speaker."""
    text = ""
    for utterance, said in phones.items():
        text += f"{' '.join(said)}\t({speakers[utterance]}-{utterance})\n"
    write_text(path, text)


def write_notes(folder: Path, phones: Iterable[str]) -> None:
    """Write, beside ref.trn and hyp.trn, how sclite has to be called, and which phones it does not
    read as such.
    """
    text = (
        f"ref.trn and hyp.trn are for NIST's sclite, with Debian's sctk `sctk sclite`:\n\n    "
        f"{SCLITE}\n\n"
    )
    text += "Without -s it takes N for n.\n"
    misread = set()
    for phone in phones:
        if phone == "@" or "{" in phone or phone.startswith(COMMENTS):
            misread.add(phone)
    if misread:
        text += (
            f"\nIt misreads these phones, whatever its options: {' '.join(sorted(misread))}\n"
            "To sclite, @ is nothing (it is not counted), { begins alternatives, and a line that "
            "begins with ;; or ** "
            "is a comment.\n"
            "result.json, which is not sclite's, has counted them as phones.\n"
        )
    write_text(folder / "README.txt", text)


def read_text(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a Kaldi text file, `utterance phone phone …`; an utterance without phones is one that
    said nothing.

    Raises `UserError` when the file is missing, or an utterance stands in it twice.
    """
    table = read_table(path, "no such file; decode first", empty=True)
    return {utterance: tuple(said.split()) for utterance, said in table.items()}
