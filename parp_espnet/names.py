"""Ids out of data, and names that a user gives: what may be one, and which file name each has.

An id is never a path: a corpus may hold any, such as `../../x`.
"""

import hashlib
import re
import unicodedata
from pathlib import Path

from parp_espnet.errors import UserError, printable

SYSTEM = frozenset(
    {"__macosx", "thumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "system volume information"}
)
"""What operating systems leave beside people's files, in lower case; names that begin with a dot
are theirs, too.
"""
LONGEST = 200
"""Bytes of a file name without its suffix; most file systems take 255, of which a temporary file
needs some.
"""
_PLAIN_ID = re.compile(r"\w[\w-]*", re.ASCII)
"""Most ids are such, which is quick to see."""
_NAME = re.compile(r"[\w=+-][\w.=+-]*")


def form_of_file(name: str) -> str:
    """Return the name of a file as such names are compared, in small letters and NFC: a transcript
    may end in .TXT, and Apple's systems write ñ as two characters.
    """
    return unicodedata.normalize("NFC", name).lower()


def file_name(word: str, suffix: str = "") -> str:
    """Return a name for a file or folder of an id: the id itself, if that is safe.

    What a path gives a meaning, a dot in front, white space and control characters are
    percent-encoded; a name that is too long is cut, and ends in a hash of the id. Two ids never
    have one name.
    """
    letters = list(word)
    safe = "".join(letter if _is_safe(letter) else _encoded(letter) for letter in letters)
    if safe.startswith("."):
        safe = _encoded(".") + safe[1:]
    # A lone % is no encoding of anything.
    safe = safe or "%"
    if len(safe.encode()) > LONGEST:
        hashed = hashlib.sha256(word.encode(errors="surrogatepass")).hexdigest()[:32]
        kept = safe.encode()[: LONGEST - 34].decode(errors="ignore")
        # No encoding has a % with a dash after it.
        safe = f"{kept}%-{hashed}"
    return safe + suffix


def why_no_id(word: str) -> str | None:
    """Return why a word can be no id of an utterance, a speaker or a recording; None where it can
    be one.
    """
    if _PLAIN_ID.fullmatch(word):
        return None
    if len(word.split()) != 1 or word != word.strip():
        return "one word"
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in word):
        return "letters without control characters"
    if any(part in ("", ".", "..") for part in word.split("/")):
        return "a name, not a path"
    return None


def check_id(where: object, what: str, word: str) -> None:
    """Raise `UserError` where `word` can be no id; `what` it is of, such as "speaker", and `where`
    it is, begin it.
    """
    if (expected := why_no_id(word)) is not None:
        raise UserError(
            f"{where}: {what} {printable(repr(word))}: an id must be {expected}; give it another"
        )


def check_name(option: str, name: str) -> None:
    """Raise `UserError`, which begins with `option` and what it is given, for what is no name of a
    folder.
    """
    if not _NAME.fullmatch(name):
        found = name if name.strip() and name.isprintable() else repr(name)
        raise UserError(
            f"{option} {found}: expected letters, digits and . _ = + - only, and no . in front"
        )
    if len(name.encode()) > LONGEST:
        raise UserError(
            f"{option} {name[:40]}…: expected at most {LONGEST} bytes, found {len(name.encode())}"
        )


def plain_name(word: str) -> str:
    """Return a word as a part of a name that `check_name` takes: itself if it can be, else with a
    hash of it.
    """
    plain = re.sub(r"[^\w.=+-]+", "_", word)
    if plain == word and len(word.encode()) <= LONGEST // 2:
        return word
    hashed = hashlib.sha256(word.encode(errors="surrogatepass")).hexdigest()
    return f"{plain[: LONGEST // 8]}-{hashed[:8]}"


def check_place(option: str, path: str) -> None:
    """Raise `UserError`, which begins with `option` and what it is given, for what is no directory
    to write to.
    """
    expected = None
    if not path.strip():
        expected = "the path of a directory"
    elif not path.isprintable():
        expected = "a path of printable letters on one line"
    elif path.startswith("-"):
        expected = "a path without a dash in front; write ./-…"
    if expected is not None:
        raise UserError(f"{option} {printable(repr(path))}: expected {expected}")


def _is_safe(letter: str) -> bool:
    return letter not in "/\\%" and unicodedata.category(letter) not in (
        "Cc",
        "Cs",
        "Zs",
        "Zl",
        "Zp",
    )


def _encoded(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode(errors="surrogatepass"))


def digest(words: object) -> str:
    """Eight letters and digits that stand for other words in a name."""
    return hashlib.sha256(str(words).encode()).hexdigest()[:8]


def is_system(path: Path) -> bool:
    """Whether a file or folder is one that systems leave."""
    return path.name.startswith(".") or path.name.lower() in SYSTEM
