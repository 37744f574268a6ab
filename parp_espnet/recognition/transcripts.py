"""What was recognised, and the formats that it is written in."""

import json
import mimetypes
import re
import unicodedata
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from parp_espnet.phones.spelled import SPACE, WORD_BEGIN, are_pieces
from parp_espnet.recognition.utterances import make_utterances
from parp_espnet.tiers.eaf import write_eaf
from parp_espnet.tiers.textgrid import write_textgrid
from parp_espnet.tiers.tier import Annotation, Tier

UTTERANCES = "utterances"
"""The tier that a person corrects, and gives back."""
CONFIDENCE = "confidence"
"""The tier that says how sure each phone or word is."""


@dataclass(frozen=True)
class Phone:
    """A phone from `begin` to `end`, in seconds.

    Attributes:
        confidence: the probability that it is this phone; None where that is not known.
        others: the likeliest other phones, each with its probability.
    """

    name: str
    begin: float
    end: float
    confidence: float | None = None
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Transcript:
    """The phones of a recording of so many `seconds`, in order; `name` is what the user calls it.

    Where it is `spelled`, they are letters, with `SPACE` between words, or subwords.

    Attributes:
        utterances: what was said from when to when, where that was given.
        words: that the phones make up, where these are known; None where not.
    """

    name: str
    seconds: float
    phones: tuple[Phone, ...]
    spelled: bool = False
    utterances: tuple[Annotation, ...] = ()
    words: tuple[Phone, ...] | None = None

    @property
    def unit(self) -> str:
        """What is written: word or phone."""
        return "word" if self.spelled or self.words is not None else "phone"

    @property
    def parts(self) -> tuple[Phone, ...]:
        """What is written: words, each from the begin of its first letter to the end of its last;
        or phones.
        """
        if self.words is not None:
            return self.words
        return words_of(self.phones) if self.spelled else self.phones

    @property
    def confidence(self) -> float | None:
        """The mean of its phones' or words'; None where they are not known, or there are none."""
        known = [part.confidence for part in self.parts if part.confidence is not None]
        return sum(known) / len(known) if known else None

    def later(self, seconds: float) -> "Transcript":
        """Return the same, with all times so many seconds later; what would be before the beginning
        is at it.
        """
        phones = tuple(_moved(self.phones, seconds))
        utterances = tuple(_moved(self.utterances, seconds))
        words = None if self.words is None else tuple(_moved(self.words, seconds))
        return replace(
            self,
            seconds=self.seconds + seconds,
            phones=phones,
            utterances=utterances,
            words=words,
        )


def _moved[T: (Phone, Annotation)](parts: Iterable[T], seconds: float) -> Iterator[T]:
    for part in parts:
        begin, end = max(0.0, part.begin + seconds), max(0.0, part.end + seconds)
        if end > begin:
            yield replace(part, begin=begin, end=end)


@dataclass(frozen=True)
class Format:
    """How a transcript is written: as a file of its own that ends with `suffix`, or after others;
    None if it cannot.
    """

    suffix: str
    alone: Callable[[Transcript], str]
    among: Callable[[Transcript], str] | None
    ours: re.Pattern[str] | None = None
    """A whole file, as it is written here; None where a program writes such files, too."""

    @property
    def is_of_programs(self) -> bool:
        """Whether its files are a program's own, in which people correct what is there."""
        return self.among is None

    def is_ours(self, path: Path) -> bool:
        """Whether a file holds nothing but what is written here; a program's may be corrected."""
        if self.ours is None:
            return False
        try:
            return self.ours.fullmatch(path.read_text(encoding="utf-8")) is not None
        except (OSError, UnicodeDecodeError):
            return False


def words_of(letters: Iterable[Phone]) -> tuple[Phone, ...]:
    """Return the words of letters, or of subwords, in order: a word is over where the next begins,
    and with the last letter.
    """
    words: list[list[Phone]] = [[]]
    for letter in letters:
        begins = letter.name.startswith(WORD_BEGIN)
        if begins or letter.name == SPACE:
            words.append([])
        name = letter.name.removeprefix(WORD_BEGIN)
        if name and name != SPACE:
            words[-1].append(replace(letter, name=name))
    spelled: list[Phone] = []
    for word in words:
        if word:
            name = unicodedata.normalize("NFC", "".join(letter.name for letter in word))
            spelled.append(joined(name, word))
    return tuple(spelled)


def joined(name: str, parts: Sequence[Phone]) -> Phone:
    """Return the word of letters or phones, from the first one's begin to the last one's end."""
    return Phone(name, parts[0].begin, parts[-1].end, _all_right(parts))


def _all_right(letters: Iterable[Phone]) -> float | None:
    """The probability that all parts of a word are right, as if each went wrong by itself."""
    whole = 1.0
    for letter in letters:
        if letter.confidence is None:
            return None
        whole *= letter.confidence
    return whole


def text(transcript: Transcript) -> str:
    """Return a line a phone or word, "begin end phone" with tabs between: a label track, as
    Audacity reads it.
    """
    return "".join(f"{part.begin:.4f}\t{part.end:.4f}\t{part.name}\n" for part in transcript.parts)


def named_text(transcript: Transcript) -> str:
    """Return the same lines after the recording's name and a tab."""
    return "".join(f"{transcript.name}\t{line}\n" for line in text(transcript).splitlines())


def as_json(transcript: Transcript, indent: int | None = None) -> str:
    """Return {"file", "seconds", "text", "confidence", "phones": [{"phone", "begin", "end",
    "confidence", "others": {phone: probability, …}}, …]}, in one line unless indented.

    Where it is spelled, there are "words" and "letters", or "subwords", instead of phones; where
    phones make up words, "words" beside them. Where confidences are not known, there are none.
    """
    content: dict[str, Any] = {
        "file": transcript.name,
        "seconds": round(transcript.seconds, 4),
        "text": " ".join(part.name for part in transcript.parts),
    }
    if transcript.confidence is not None:
        content["confidence"] = round(transcript.confidence, 4)
    content[f"{transcript.unit}s"] = _timed(transcript.unit, transcript.parts)
    if transcript.spelled:
        part = "subword" if are_pieces([letter.name for letter in transcript.phones]) else "letter"
        content[f"{part}s"] = _timed(part, transcript.phones)
    elif transcript.words is not None:
        content["phones"] = _timed("phone", transcript.phones)
    return json.dumps(content, ensure_ascii=False, indent=indent) + "\n"


def _timed(unit: str, parts: Iterable[Phone]) -> list[dict[str, Any]]:
    timed = []
    for part in parts:
        row: dict[str, Any] = {
            unit: part.name,
            "begin": round(part.begin, 4),
            "end": round(part.end, 4),
        }
        if part.confidence is not None:
            row["confidence"] = round(part.confidence, 4)
        if part.others:
            row["others"] = {name: round(probability, 4) for name, probability in part.others}
        timed.append(row)
    return timed


def ctm(transcript: Transcript) -> str:
    """Return NIST's and Kaldi's lines "<recording> <channel> <begin> <duration> <phone>
    <confidence>", or <word>, without blanks; a confidence that is not known is left out.
    """
    name = "_".join(transcript.name.split())
    lines = []
    for part in transcript.parts:
        line = f"{name} 1 {part.begin:.4f} {part.end - part.begin:.4f} {part.name}"
        lines.append(line if part.confidence is None else f"{line} {part.confidence:.4f}")
    return "".join(f"{line}\n" for line in lines)


def _tiers(transcript: Transcript) -> list[tuple[Tier, Tier]]:
    """The utterances, and what was recognised in them: a pair for each speaker."""
    parts = [Annotation(part.begin, part.end, part.name) for part in transcript.parts]
    utterances = transcript.utterances or make_utterances(parts, transcript.seconds)
    pairs = []
    for speaker in dict.fromkeys(utterance.speaker for utterance in utterances) or [None]:
        whose = "" if speaker is None else f"@{speaker}"
        own = [utterance for utterance in utterances if utterance.speaker == speaker]
        within = parts if len(own) == len(utterances) else _within(own, parts)
        spoken = Tier(f"{UTTERANCES}{whose}", own, speaker)
        unit = f"{transcript.unit}s{whose}"
        pairs.append((spoken, Tier(unit, within, speaker, parent=spoken.name)))
    return pairs


def _within(utterances: Sequence[Annotation], parts: Sequence[Annotation]) -> list[Annotation]:
    """Those that lie in one of some utterances, both in order."""
    begins = [utterance.begin for utterance in utterances]
    found = []
    for part in parts:
        middle = (part.begin + part.end) / 2
        number = bisect(begins, middle) - 1
        if number >= 0 and middle < utterances[number].end:
            found.append(part)
    return found


def textgrid(transcript: Transcript) -> str:
    """Return Praat's TextGrid, of tiers of intervals: `phones` or `words`, `utterances`, and
    `confidence` where it is known: "0.85 e 0.10 i 0.03", which is the phone's own, and those of
    others.
    """
    pairs = _tiers(transcript)
    tiers = [parts for _, parts in pairs] + [utterances for utterances, _ in pairs]
    sure = _confidence(transcript)
    if sure is not None:
        tiers.append(sure)
    return write_textgrid(tiers, transcript.seconds)


def _confidence(transcript: Transcript) -> Tier | None:
    if transcript.confidence is None:
        return None
    annotations = []
    for part in transcript.parts:
        words = [] if part.confidence is None else [f"{part.confidence:.2f}"]
        for name, probability in part.others:
            words += [name, f"{probability:.2f}"]
        annotations.append(Annotation(part.begin, part.end, " ".join(words)))
    return Tier(CONFIDENCE, annotations)


def eaf(transcript: Transcript) -> str:
    """Return ELAN's file, of two tiers: `utterances`, and `phones` or `words` within them; of
    several speakers, two of each.
    """
    recording = Path(transcript.name)
    kind = mimetypes.guess_type(recording.name)[0] or "unknown"
    return write_eaf(list(chain.from_iterable(_tiers(transcript))), recording, kind)


_LABELS = re.compile(r"((?:[^\t\n]+\t)?\d+\.\d{4}\t\d+\.\d{4}\t[^\t\n]+\n)*")
_JSON = re.compile(r'(\{\s*"file": "([^"\\]|\\.)*",\s*"seconds": .*)?', re.DOTALL)
_CTM = re.compile(r"([^ \n]+ 1 \d+\.\d{4} \d+\.\d{4} [^ \n]+( \d\.\d{4})?\n)*")

FORMATS = {
    "text": Format(".txt", text, named_text, _LABELS),
    "json": Format(".json", lambda transcript: as_json(transcript, indent=2), as_json, _JSON),
    "textgrid": Format(".TextGrid", textgrid, None),
    "eaf": Format(".eaf", eaf, None),
    "ctm": Format(".ctm", ctm, ctm, _CTM),
}
