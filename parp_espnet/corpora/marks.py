"""Marks in transcripts: events that are no speech, and speech that nobody could write.

    [laughter] {noise} (cough) =laughs= <breath> &=laughs !SIL @@ #     events, left out of the text
    xxx yyy *** <unk> (()) [unintelligible] <SPOKEN_NOISE>      speech that the text has not: the utterance is left out
    [//] +... [*] word@s <PERIOD>                               marks of the transcriber's, left out of the text
    %uh ((guess)) <I want> [/] &-uh (be)cause                   what was said is kept, without the mark

They are those of CHAT (CHILDES), of ELAN's users, LDC, Babel, Switchboard, Kaldi, and Common Voice. A parenthesis is an
event where its words are (`EVENTS`); any other is taken for something said, and counted.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from parp_espnet.corpora.mark_words import BESIDE, EVENTS, UNWRITTEN


class Marks(StrEnum):
    """What is done with marks."""

    DROP = "drop"
    """Events are left out of the text, an utterance with speech that is not written out of the set."""
    TEXT = "text"
    """Both are left out of the text."""
    UTTERANCE = "utterance"
    """An utterance with either is left out."""
    KEEP = "keep"
    """The text is taken as it is."""


class Kind(StrEnum):
    """What a mark stands for."""

    EVENT = "events"
    UNWRITTEN = "speech that is not written"
    NOTE = "marks of the transcriber's"
    SAID = "marks of what was said"


@dataclass(frozen=True)
class Marked:
    """A text without its marks, and the marks, each with its kind, in order."""

    text: str
    marks: tuple[tuple[Kind, str], ...]

    def has(self, kind: Kind) -> bool:
        """Whether there is a mark of a kind."""
        return any(found is kind for found, _ in self.marks)


def read_marks(text: str, of_phones: bool = False) -> Marked:
    """Return a text without its marks. `of_phones`, where @ { = * are X-SAMPA, only those that no phone is."""
    found: list[tuple[Kind, str]] = []
    text = text if of_phones else text.translate(_WIDE)
    for rule in _PHONE_RULES if of_phones else _RULES:
        text = rule.apply(text, found)
    return Marked(" ".join(text.split()), tuple(found))


def summary(counts: Counter[tuple[Kind, str]], shown: int = 4) -> str:
    """Return what marks there were: "12 events ([laughter] 9, (cough) 3), 1 speech that is not written (xxx 1)"."""
    parts = []
    for kind in Kind:
        own = Counter({mark: count for (found, mark), count in counts.items() if found is kind})
        if own:
            examples = ", ".join(f"{mark} {count}" for mark, count in own.most_common(shown))
            more = ", …" if len(own) > shown else ""
            parts.append(f"{own.total()} {kind} ({examples}{more})")
    return ", ".join(parts)


type _Judge = Callable[[re.Match[str]], tuple[Kind | None, str]]
"""What a match stands for, and what is left of it; no kind where it is no mark."""


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    judge: _Judge

    def apply(self, text: str, found: list[tuple[Kind, str]]) -> str:
        def replace(match: re.Match[str]) -> str:
            kind, left = self.judge(match)
            if kind is not None:
                found.append((kind, " ".join(match[0].split())))
            return left

        return self.pattern.sub(replace, text)


def _always(kind: Kind, left: str = " ") -> _Judge:
    return lambda match: (kind, match.expand(left))


def _words_of(text: str) -> list[str]:
    return [word for word in re.split(r"[\W\d_]+", text.lower()) if word]


def _kind_of(content: str) -> Kind | None:
    """The kind of a mark by its words, where one of them is known."""
    words = _words_of(content)
    if any(word in UNWRITTEN for word in words):
        return Kind.UNWRITTEN
    return Kind.EVENT if any(word in EVENTS for word in words) else None


def _bracket(match: re.Match[str]) -> tuple[Kind | None, str]:
    """[…] and {…}: nothing in them is said, but for Switchboard's [laughter-yeah] and CHAT's [=! …]."""
    content = match[0][1:-1].strip()
    laughing = re.fullmatch(r"(?:laughter|laughing|laugh)-([\w']+)", content, re.IGNORECASE)
    if laughing is not None:
        return Kind.SAID, f" {laughing[1]} "
    if _UNKNOWN.fullmatch(content) and content != "?":
        return Kind.UNWRITTEN, " "
    if re.match(r"[=%:*?!/+^<>-]", content):
        # CHAT's own, such as [//], and [=! laughs] of what is said laughing.
        return Kind.NOTE, " "
    return _kind_of(content) or Kind.EVENT, " "


def _parenthesis(match: re.Match[str]) -> tuple[Kind | None, str]:
    """(…): an event where its words are, a pause where it has none; otherwise something said."""
    content = match[0][1:-1].strip()
    words = _words_of(content)
    if _UNKNOWN.fullmatch(content):
        return Kind.UNWRITTEN, " "
    if not words and _PAUSE.fullmatch(content):
        return Kind.EVENT, " "
    kind = _kind_of(content) if all(word in EVENTS | UNWRITTEN | BESIDE for word in words) else None
    return (kind, " ") if kind is not None else (Kind.SAID, f" {content} ")


def _within(match: re.Match[str]) -> tuple[Kind | None, str]:
    """Letters in brackets within a word, which were not said; or a mark without spaces around it."""
    kind = Kind.UNWRITTEN if _UNKNOWN.fullmatch(match[0][1:-1]) else _kind_of(match[0])
    return (Kind.SAID, "") if kind is None else (kind, " ")


def _guess(match: re.Match[str]) -> tuple[Kind | None, str]:
    """LDC's ((…)): what somebody believes to have heard, or nothing."""
    content = match[1].strip()
    if not _words_of(content) or _kind_of(content) is Kind.UNWRITTEN or _UNKNOWN.fullmatch(content):
        return Kind.UNWRITTEN, " "
    return Kind.SAID, f" {content} "


def _tag(match: re.Match[str]) -> tuple[Kind | None, str]:
    """<…> of one word, or with attributes: an event, a word that is not known, or punctuation."""
    name = match[1].lower()
    if name.strip("/") in _PUNCTUATION:
        return Kind.NOTE, " "
    return _kind_of(name) or Kind.EVENT, " "


def _group(match: re.Match[str]) -> tuple[Kind | None, str]:
    """<…> of several words: what CHAT repeats or corrects is said; <loud noise> is not."""
    kind = _kind_of(match[1]) if len(_words_of(match[1])) <= _MOST_WORDS else None
    return (kind, " ") if kind is not None else (Kind.SAID, f" {match[1]} ")


def _equals(match: re.Match[str]) -> tuple[Kind | None, str]:
    """=…=: an event."""
    return _kind_of(match[1]) or Kind.EVENT, " "


def _if_known(match: re.Match[str]) -> tuple[Kind | None, str]:
    """A mark only where its word is known: !SIL is one, !xung is a word."""
    kind = _kind_of(match[1])
    return (kind, " ") if kind is not None else (None, match[0])


def _percent(match: re.Match[str]) -> tuple[Kind | None, str]:
    """LDC's fillers: %uh was said as it is written, %hesitation is the name of something."""
    kind = _kind_of(match[1])
    return (kind, " ") if kind is not None else (Kind.SAID, match[1])


def _token_of(match: re.Match[str]) -> tuple[Kind | None, str]:
    """A bracketed token in a text of phones: a mark where it has a known word, or is in capitals."""
    content = match[0][1:-1]
    kind = _kind_of(content)
    if kind is None and not re.fullmatch(r"[A-Z][A-Z_-]{2,}", content):
        return None, match[0]
    return kind or Kind.EVENT, " "


_MOST_WORDS = 4
"""Words that <…> of an event has; a longer one is something said."""
_UNKNOWN = re.compile(r"[xX]{2,}|\?+|\*+|-+|_+|")
"""What stands in brackets for speech that is not written, nothing included."""
_PAUSE = re.compile(r"[.…]+|\d{0,2}[.,:]\d+|\d")
_WIDE = str.maketrans("（）［］【】＜＞〈〉", "()[][]<><>")
# Scripts without spaces between words: there brackets within a word are any brackets.
_SPACED = r"[^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff]"
_PUNCTUATION = frozenset(
    {"comma", "period", "questionmark", "exclamationpoint", "exclamationmark", "colon", "semicolon", "dash"}
)
_FORMS = r"b|c|d|fp?|g|i|k|lp|ls?|nv?|o|p|q|sas|si|sl|t|u|wp|x(?::\w+)?|z:\w+"
"""CHAT's markers of special forms, behind a word."""
_BEFORE, _AFTER = r"(?<!\S)", r"(?=[.,;:!?…]*(?:\s|$))"


def _rule(pattern: str, judge: _Judge) -> _Rule:
    return _Rule(re.compile(pattern), judge)


_RULES: Sequence[_Rule] = (
    # A foreign word is not of the language whose phones are to be recognised.
    _rule(r"<foreign\b[^<>]*>[^<>]*</foreign>|<[a-z]{2,3}:[^<>]*>", _always(Kind.UNWRITTEN)),
    _rule(r"\(\(([^()]*)\)\)", _guess),
    # Within a word: letters that were not said, as in CHAT's (be)cause and Switchboard's th[is]-.
    _rule(rf"(?<={_SPACED})[(\[][\w?]+[)\]]|[(\[][\w?]+[)\]](?={_SPACED})", _within),
    _rule(r"&=\S+|&\{\S*|&\}\S*", _always(Kind.EVENT)),
    _rule(_BEFORE + r"&[-+~]?(?=\w)", _always(Kind.SAID, "")),
    # What CHAT's [/] repeats and [//] corrects was said, too.
    _rule(r"<([^<>]*)>(?=\s*\[[/=%?!*:])", _always(Kind.SAID, r"\1")),
    _rule(r"\[[^\[\]]*\]|\{[^{}]*\}", _bracket),
    _rule(r"<\s*(/?[\w.-]+/?|\w+(?:\s+\w+=\S+)+)\s*>", _tag),
    _rule(r"<([^<>]*)>", _group),
    _rule(r"\(([^()]*)\)", _parenthesis),
    _rule(_BEFORE + r"=(\w[\w -]*)=" + _AFTER, _equals),
    _rule(_BEFORE + r"!([A-Za-z_-]{2,})" + _AFTER, _if_known),
    _rule(_BEFORE + r"%([A-Za-z']+)", _percent),
    _rule(_BEFORE + r"\+(?:\.\.\.|…|[/\"!?.,<^+]+)" + r"(?!\S)", _always(Kind.NOTE)),
    _rule(_BEFORE + r"\w+@s(?::[\w+&]+)*(?![\w.])", _always(Kind.UNWRITTEN)),
    _rule(rf"(?<=\w)@(?:{_FORMS})(?![\w.])", _always(Kind.NOTE, "")),
    _rule(_BEFORE + r"(?:[xX]{3,}|xx|yyy|www|\*{2,}|\?{3,})" + _AFTER, _always(Kind.UNWRITTEN)),
    _rule(_BEFORE + r"(?:@+|#+)(?!\S)|♪+", _always(Kind.EVENT)),
    _rule(_BEFORE + r"(?:(SPN|NSN|LAU|GBG|UNK|OOV|SIL))(?!\S)", _if_known),
)
_PHONE_RULES: Sequence[_Rule] = (
    _rule(_BEFORE + r"\(\(\s*\)\)(?!\S)", _always(Kind.UNWRITTEN)),
    _rule(_BEFORE + r"(?:\[[^\[\]\s]{2,}\]|\{[^{}\s]{2,}\}|\([^()\s]{2,}\)|<[^<>\s]{2,}>)(?!\S)", _token_of),
    _rule(_BEFORE + r"=(\w{3,})=(?!\S)", _if_known),
    _rule(_BEFORE + r"&=\S+", _always(Kind.EVENT)),
    _rule(_BEFORE + r"!([A-Za-z_-]{3,})(?!\S)", _if_known),
    _rule(_BEFORE + r"(?:xxx+|\*{3,}|@@+)(?!\S)", _always(Kind.UNWRITTEN)),
)
