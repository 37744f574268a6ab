"""The rules by which marks in transcripts are told (`parp_espnet.data.marks`), in order."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from parp_espnet.data.mark_words import BESIDE, EVENTS, STEMS, UNWRITTEN


class Kind(StrEnum):
    """What a mark stands for."""

    EVENT = "events"
    UNWRITTEN = "speech that is not written"
    NOTE = "marks of the transcriber's"
    SAID = "marks of what was said"


type _Judge = Callable[[re.Match[str]], tuple[Kind | None, str]]
"""What a match stands for, and what is left of it; no kind where it is no mark."""


@dataclass(frozen=True)
class Rule:
    pattern: str
    judge: _Judge

    def apply(self, text: str, marks: list[tuple[Kind, str]]) -> str:
        def replace(match: re.Match[str]) -> str:
            kind, left = self.judge(match)
            if kind is not None:
                marks.append((kind, " ".join(match[0].split())))
            return left

        return _compiled(self.pattern).sub(replace, text)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # When it is first used: who only reads options reads no texts.
    return re.compile(pattern)


def _always(kind: Kind, left: str = " ") -> _Judge:
    return lambda match: (kind, match.expand(left))


def _words_of(text: str) -> list[str]:
    # Vowel signs and other marks are parts of words.
    composed = unicodedata.normalize("NFC", text.lower())
    others = {mark for mark in composed if unicodedata.category(mark)[0] not in "LM"}
    for mark in others:
        composed = composed.replace(mark, " ")
    return composed.split()


def _kind_of(content: str) -> Kind | None:
    """The kind of a mark by its words, where one of them is known."""
    words = _words_of(content)
    if any(map(_is_unwritten, words)):
        return Kind.UNWRITTEN
    return None if EVENTS.isdisjoint(words) else Kind.EVENT


def _is_unwritten(word: str) -> bool:
    return word in UNWRITTEN or word.startswith(STEMS)


def _kind_of_all(content: str) -> Kind | None:
    """The kind of a mark by its words, where all of them are known."""
    words = _words_of(content)
    known = all(word in EVENTS | BESIDE or _is_unwritten(word) for word in words)
    return _kind_of(content) if known else None


def _bracket(match: re.Match[str]) -> tuple[Kind | None, str]:
    """[…] and {…}: nothing in them is said, but for Switchboard's [laughter-yeah] and CHAT's [=!
    …].
    """
    content = match[0][1:-1].strip()
    laughing = re.fullmatch(r"(?:laughter|laughing|laugh)-([\w']+)", content, re.IGNORECASE)
    if laughing is not None:
        return Kind.SAID, f" {laughing[1]} "
    if content in ("?", "*"):
        return Kind.NOTE, " "
    if _UNKNOWN.fullmatch(content) or _OMITTED.fullmatch(content):
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
    if (not words and _PAUSE.fullmatch(content)) or _SECONDS.fullmatch(content):
        return Kind.EVENT, " "
    if _REMARK.fullmatch(content):
        return Kind.NOTE, " "
    kind = _kind_of_all(content)
    return (kind, " ") if kind is not None else (Kind.SAID, f" {content} ")


def _within(match: re.Match[str]) -> tuple[Kind | None, str]:
    """Letters in brackets within a word, which were not said; or a mark without spaces
    around it.
    """
    kind = Kind.UNWRITTEN if _UNKNOWN.fullmatch(match[0][1:-1]) else _kind_of(match[0])
    return (Kind.SAID, "") if kind is None else (kind, " ")


def _guess(match: re.Match[str]) -> tuple[Kind | None, str]:
    """LDC's ((…)): what somebody believes to have heard, or nothing."""
    content = match[1].strip()
    if not _words_of(content) or _kind_of(content) is Kind.UNWRITTEN or _UNKNOWN.fullmatch(content):
        return Kind.UNWRITTEN, " "
    # Of ELAN's users, and in conversation analysis, it is what happens.
    if _SECONDS.fullmatch(content) or _kind_of_all(content) is Kind.EVENT:
        return Kind.EVENT, " "
    return Kind.SAID, f" {content} "


def _buckeye(match: re.Match[str]) -> tuple[Kind | None, str]:
    """Buckeye's <LAUGH-yes>, said laughing, and <CUTOFF-th=the>, which was said up to there."""
    if match[1].lower() in EVENTS:
        return None, match[0]
    return Kind.SAID, f" {match[1]} "


def _starred(match: re.Match[str]) -> tuple[Kind | None, str]:
    """*…*: an event where its words are, else what is stressed."""
    kind = _kind_of_all(match[1])
    return (kind, " ") if kind is not None else (Kind.SAID, match[1])


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


def _if_known_all(match: re.Match[str]) -> tuple[Kind | None, str]:
    """A mark only where all of its words are known: #laugh and //noise// are marks, #1 and /and/
    are text.
    """
    kind = _kind_of_all(match[1])
    return (kind, " ") if kind is not None else (None, match[0])


def _percent(match: re.Match[str]) -> tuple[Kind | None, str]:
    """LDC's fillers: %uh was said as it is written, %hesitation is the name of something."""
    kind = _kind_of(match[1])
    return (kind, " ") if kind is not None else (Kind.SAID, match[1])


def _several(match: re.Match[str]) -> tuple[Kind | None, str]:
    """Several tokens in brackets, in a text of phones: a mark where all are known, or longer than
    phones are.
    """
    content = match[1] or match[2] or match[3]
    words = _words_of(content)
    kind = _kind_of_all(content) if all(len(word) > 1 for word in words) else None
    if kind is None and words and all(len(word) >= _LONG for word in words):
        kind = _kind_of(content) or Kind.EVENT
    return (kind, " ") if kind is not None else (None, match[0])


def _token_of(match: re.Match[str]) -> tuple[Kind | None, str]:
    """A bracketed token in a text of phones: a mark where it has a known word, or is in
    capitals.
    """
    content = match[0][1:-1]
    kind = _kind_of(content)
    if kind is None and not re.fullmatch(r"[A-Z][A-Z_-]{2,}", content):
        return None, match[0]
    return kind or Kind.EVENT, " "


_LONG = 4
"""Letters."""
_MOST_WORDS = 4
"""Words that <…> of an event has; a longer one is something said."""
_UNKNOWN = re.compile(r"[xX]{2,}|\?+|\*+|-+|_+|")
"""What stands in brackets for speech that is not written, nothing included."""
_OMITTED = re.compile(r"\.{3}|…|x ?\d+")
"""What is not written out in brackets: speech that is left out, and how often a word was said."""
_SECONDS = re.compile(r"\d+(?:[.,]\d+)?\s*(?:s|secs?|seconds?|seg|sek|сек|с|ms)\.?", re.IGNORECASE)
_REMARK = re.compile(r"(?:ph|phon|phonetic|sp|spelling|sic)[.?!]*", re.IGNORECASE)
_PAUSE = re.compile(r"[.…]+|\d{0,2}[.,:]\d+|\d")
# Scripts without spaces between words: there brackets within a word are any brackets.
_SPACED = r"[^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff]"
_PUNCTUATION = frozenset(
    {
        "comma",
        "period",
        "questionmark",
        "exclamationpoint",
        "exclamationmark",
        "colon",
        "semicolon",
        "dash",
    }
)
_FORMS = r"b|c|d|fp?|g|i|k|lp|ls?|nv?|o|p|q|sas|si|sl|t|u|wp|x(?::\w+)?|z:\w+"
"""CHAT's markers of special forms, behind a word."""
_BUCKEYE = "LAUGH|EXT|HES|CUTOFF|ERROR|CONF|NOISE|VOCNOISE"
_SIGIL = r"(?:[#$~*_/\\]|//|__)"
"""What somebody puts before a word, and perhaps behind it, to say that it is none."""
_BEFORE, _AFTER = r"(?<!\S)", r"(?=[.,;:!?…]*(?:\s|$))"


RULES: Sequence[Rule] = (
    # A foreign word is not of the language whose phones are to be recognised.
    Rule(r"<foreign\b[^<>]*>[^<>]*</foreign>|<[a-z]{2,3}:[^<>]*>", _always(Kind.UNWRITTEN)),
    Rule(r"\(\(([^()]*)\)\)", _guess),
    # Within a word: letters that were not said, as in CHAT's (be)cause and Switchboard's th[is]-.
    Rule(rf"(?<={_SPACED})[(\[][\w?]+[)\]]|[(\[][\w?]+[)\]](?={_SPACED})", _within),
    # Who speaks: CHAT's *CHI:, captions' >>, and Speaker 1:.
    Rule(r"^\s*\*[A-Z0-9]{2,4}:|(?<!\S)>{2,3}(?!\S)", _always(Kind.NOTE)),
    Rule(
        r"^\s*(?:SPEAKER|Speaker|SPK|Interviewer|Interviewee)[ _]?\w{0,3}:(?=\s)",
        _always(Kind.NOTE),
    ),
    # CHAT's words that were left out, and Switchboard's variants of a word.
    Rule(_BEFORE + r"0[^\W\d_]{2,}(?!\w)", _always(Kind.NOTE)),
    Rule(r"(?<=[^\W\d_])_\d(?!\w)", _always(Kind.NOTE, "")),
    Rule(r"&=\S+|&\{\S*|&\}\S*", _always(Kind.EVENT)),
    Rule(_BEFORE + r"&[-+~]?(?=\w)", _always(Kind.SAID, "")),
    # What CHAT's [/] repeats and [//] corrects was said, too.
    Rule(r"<([^<>]*)>(?=\s*\[[/=%?!*:<>^+])", _always(Kind.SAID, r"\1")),
    Rule(r"\[[^\[\]]*\]|\{[^{}]*\}", _bracket),
    # Once more, for those that have another in them.
    Rule(r"\[[^\[\]]*\]|\{[^{}]*\}", _bracket),
    Rule(rf"<(?:{_BUCKEYE})-([^<>=\s]+)(?:=[^<>]*)?>", _buckeye),
    Rule(r"<:|:>", _always(Kind.NOTE)),
    Rule(r"<\s*(/?[\w.-]+/?|\w+(?:\s+\w+=\S+)+)\s*>", _tag),
    Rule(r"<[^\s<>]+>", _always(Kind.EVENT)),
    Rule(r"<([^<>]*)>", _group),
    Rule(r"\(([^()]*)\)", _parenthesis),
    Rule(_BEFORE + r"=(\w[\w -]*)=" + _AFTER, _equals),
    Rule(_BEFORE + r"=([^=<>]+)=" + _AFTER, _if_known_all),
    Rule(_BEFORE + r"\*{1,2}([^\W\d_][^*]*)\*{1,2}" + _AFTER, _starred),
    Rule(_BEFORE + rf"{_SIGIL}([^\W\d_]+(?:[-_][^\W\d_]+)*){_SIGIL}?" + _AFTER, _if_known_all),
    Rule(_BEFORE + r"!([A-Za-z_-]{2,})" + _AFTER, _if_known),
    Rule(_BEFORE + r"%([A-Za-z']+)%?", _percent),
    Rule(_BEFORE + r"\+(?:\.\.\.|…|[/\"!?.,<^+]+)" + r"(?!\S)", _always(Kind.NOTE)),
    Rule(_BEFORE + r"\w+@s(?::[\w+&]+)*(?![\w.])", _always(Kind.UNWRITTEN)),
    Rule(rf"(?<=\w)@(?:{_FORMS})(?![\w.])", _always(Kind.NOTE, "")),
    Rule(_BEFORE + r"(?:[xX]{3,}|xx|yyy|www|\*{2,}|\?{3,})" + _AFTER, _always(Kind.UNWRITTEN)),
    Rule(_BEFORE + r"(?:@+|#+)(?!\S)|[♩♪♫♬]+", _always(Kind.EVENT)),
    Rule(_BEFORE + r"(?:(SPN|NSN|LAU|GBG|UNK|OOV|SIL))(?!\S)", _if_known),
)
PHONE_RULES: Sequence[Rule] = (
    Rule(_BEFORE + r"\(\(\s*\)\)(?!\S)", _always(Kind.UNWRITTEN)),
    Rule(
        r"(?<!\S)(?:\[([^\[\]]+\s[^\[\]]+)\]|\(([^()]+\s[^()]+)\)|<([^<>]+\s[^<>]+)>)(?!\S)",
        _several,
    ),
    Rule(
        _BEFORE + r"(?:\[[^\[\]\s]{2,}\]|\{[^{}\s]{2,}\}|\([^()\s]{2,}\)|<[^<>\s]{2,}>)(?!\S)",
        _token_of,
    ),
    Rule(_BEFORE + r"=(\w{3,})=(?!\S)", _if_known),
    Rule(_BEFORE + r"&=\S+", _always(Kind.EVENT)),
    Rule(_BEFORE + r"!([A-Za-z_-]{3,})(?!\S)", _if_known),
    Rule(_BEFORE + r"(?:xxx+|yyy|\*{3,}|\?{3,}|@@+)(?!\S)", _always(Kind.UNWRITTEN)),
    Rule(_BEFORE + r"(?:\[(?:\.{3}|…)\]|\(\.+\)|[♩♪♫♬]+)(?!\S)", _always(Kind.EVENT)),
    Rule(_BEFORE + rf"{_SIGIL}([^\W\d_]{{4,}}){_SIGIL}?(?!\S)", _if_known_all),
)
