"""Marks in transcripts: events that are no speech, and speech that nobody could write.

    [laughter] {noise} (cough) =laughs= <breath> &=laughs !SIL @@ #    events: left out of the text
    xxx yyy *** <unk> (()) [unintelligible] <SPOKEN_NOISE>    not written: the utterance is left out
    [//] +... [*] word@s <PERIOD>                the transcriber's own: left out of the text
    %uh ((guess)) <I want> [/] &-uh (be)cause    said: kept, without the mark

They are those of CHAT (CHILDES), of ELAN's users, LDC, Babel, Switchboard, Kaldi, and Common Voice.
A parenthesis is an event where its words are (`EVENTS`); any other is taken for something said, and
counted.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

from parp_espnet.data.mark_rules import PHONE_RULES, RULES, Kind, Rule

__all__ = ["Kind", "Marked", "Marks", "read_marks", "summary"]


class Marks(StrEnum):
    """What is done with marks."""

    DROP = "drop"
    """Events are left out of the text, an utterance with speech that is not written out of the set.
    """
    TEXT = "text"
    """Both are left out of the text."""
    UTTERANCE = "utterance"
    """An utterance with either is left out."""
    KEEP = "keep"
    """The text is taken as it is."""


@dataclass(frozen=True)
class Marked:
    """A text without its marks, and the marks, each with its kind, in order."""

    text: str
    marks: tuple[tuple[Kind, str], ...]

    def fault(self, *kinds: Kind) -> str | None:
        """Return in words why it is not all that is said, by its first mark of some kinds; None
        where it has none of them.
        """
        for kind, mark in self.marks:
            if kind in kinds:
                return f"expected all that is said, found {mark} ({kind})"
        return None

    def has(self, kind: Kind) -> bool:
        """Whether there is a mark of a kind."""
        return any(own is kind for own, _ in self.marks)


def read_marks(text: str, of_phones: bool = False) -> Marked:
    """Return a text without its marks. `of_phones`, where @ { = * are X-SAMPA, only those that no
    phone is.
    """
    marks: list[tuple[Kind, str]] = []
    text = _ENTITY.sub(lambda match: _character(match, marks), text)
    if of_phones:
        text = _without(text, PHONE_RULES, marks)
    elif text.strip() in _NO_VALUES:
        marks.append((Kind.UNWRITTEN, text.strip()))
        text = ""
    else:
        text = _without(text.translate(_WIDE), RULES, marks)
    return Marked(" ".join(text.split()), tuple(marks))


def _without(text: str, rules: Sequence[Rule], marks: list[tuple[Kind, str]]) -> str:
    for rule in rules:
        text = rule.apply(text, marks)
    return text


def _character(match: re.Match[str], marks: list[tuple[Kind, str]]) -> str:
    """The character that HTML's &amp; or &#39; stands for."""
    character = unescape(match[0])
    if character != match[0]:
        marks.append((Kind.NOTE, match[0]))
    return character


def summary(counts: Counter[tuple[Kind, str]], shown: int = 4) -> str:
    """Return what marks there were: "12 events ([laughter] 9, (cough) 3), 1 speech that is not
    written (xxx 1)".
    """
    parts = []
    for kind in Kind:
        own: Counter[str] = Counter()
        for (of_kind, mark), count in counts.items():
            if of_kind is kind:
                own[mark] = count
        if own:
            examples = [f"{mark} {count}" for mark, count in own.most_common(shown)]
            if len(own) > shown:
                examples.append("…")
            parts.append(f"{own.total()} {kind} ({', '.join(examples)})")
    return ", ".join(parts)


_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#[xX][0-9A-Fa-f]{2,5});")
_NO_VALUES = frozenset({"NaN", "N/A", "#N/A", "<NA>", "NULL", "#NAME?", "#REF!", "#VALUE!"})
"""What a table writes where there is nothing."""
_WIDE = str.maketrans("（）［］【】＜＞〈〉", "()[][]<><>")
