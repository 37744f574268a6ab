"""Why a recording cannot be read, and the advice that fits that fault and no other."""

import re
from enum import StrEnum
from pathlib import Path

from parp_espnet.errors import UserError

COPY_AGAIN = "copy or download it again"
"""The advice where a recording is cut off."""
_WINDOWS = re.compile(r"^[A-Za-z]:/|\\")
_ADDRESS = re.compile(r"(^|/)(https?|ftp|s3|gs|hdfs|az|abfss?):/")
_TAIL = 1024
"""Bytes at the beginning of a file that tell what it is."""


class Trouble(StrEnum):
    """The kinds of fault that a recording has before anybody has heard it."""

    MISSING = "missing"
    EMPTY = "empty"
    UNDECODABLE = "undecodable"
    TRUNCATED = "truncated"
    DECODER = "decoder"
    """The recording may be sound; what decodes it is not here."""


class SoundError(UserError):
    """A recording cannot be read: the `trouble`, what was `expected` and `found`, and an `advice`,
    "" for none.
    """

    def __init__(
        self, recording: object, trouble: Trouble, expected: str, found: str, advice: str = ""
    ) -> None:
        what_to_do = f"; {advice}" if advice else ""
        super().__init__(f"{recording}: expected {expected}, found {found}{what_to_do}")
        self.recording = str(recording)
        self.trouble = trouble
        self.expected = expected
        self.found = found
        self.advice = advice

    @property
    def reason(self) -> str:
        """What is wrong, as a list of what is left out has it: the kind of fault first."""
        advice = f"; {self.advice}" if self.advice else ""
        if self.trouble is Trouble.MISSING:
            return f"expected the recording {self.recording}, found {self.found}{advice}"
        return (
            f"{self.trouble}: {self.recording}: expected {self.expected}, found "
            f"{self.found}{advice}"
        )


def is_windows_path(name: str) -> bool:
    """Whether a path is written as Windows does it: with a drive, or with backslashes between
    folders.
    """
    return _WINDOWS.search(name) is not None


def missing(name: str, found: str) -> SoundError:
    """Return the error of a recording that is not where its path says; `found` is what is there
    instead.
    """
    path = Path(name)
    if is_windows_path(name):
        advice = "it is a path of Windows: write it as this machine has it, with / between folders"
    elif _ADDRESS.search(name):
        advice = (
            "it is an address: download the recordings, and give the list with their paths here"
        )
    elif path.is_symlink():
        advice = (
            f"it is a link to {path.readlink()}, which is not there: bring the data here "
            f"(git annex get, dvc pull)"
        )
    else:
        advice = ""
    return SoundError(name, Trouble.MISSING, "a file", found, advice)


def what_it_is(path: Path) -> str:
    """Return what a file is that is no recording, with what to do about it, in a few words; ""
    where nobody can say.
    """
    with path.open("rb") as file:
        begin = file.read(_TAIL)
    words = begin.lstrip().lower()
    if words.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page: download the recording itself"
    if words.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS: git lfs pull brings the recording"
    if begin.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")):
        return "it is a packed archive: unpack it"
    if begin.startswith(b"ajkg"):
        return "it is compressed by shorten: unpack it with sph2pipe, or with ffmpeg"
    if not begin.strip(b"\0"):
        return "it holds nothing but zeros: copy it again"
    return ""
