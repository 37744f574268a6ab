"""Words and characters of what is scored: `text` holds letters, subwords or words, with spaces
between them.

Letters are joined to words at `<space>`, ESPnet's token between them, subwords where one begins
with ▁. WER and CER are then the
error rate of `per` on words and on characters, and jiwer's `wer` and `cer` of the same sentences.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from itertools import chain

from parp_espnet.phones.spelled import SPACE, WORD_BEGIN, are_letters, are_pieces
from parp_espnet.scoring.alignment import Phones


class Metric(StrEnum):
    """What an error is counted in."""

    PER = "per"
    WER = "wer"
    CER = "cer"

    @property
    def unit(self) -> str:
        """The plural of what is counted."""
        return {Metric.PER: "phones", Metric.WER: "words", Metric.CER: "characters"}[self]


def units(
    metric: Metric,
    references: Mapping[str, Phones],
    hypotheses: Mapping[str, Phones],
    spelled: bool | None = None,
) -> tuple[dict[str, Phones], dict[str, Phones]]:
    """Return references and hypotheses in the metric's units: phones as they are, words or
    characters.

    Args:
        spelled: whether tokens are parts of words; None is what these references look like. Of a
            part of a set, what the whole of it looks like: some of its utterances may have words
            of one letter alone.
    """
    if metric is Metric.PER:
        return dict(references), dict(hypotheses)
    if spelled is None:
        spelled = is_spelled(references)
    split = words if metric is Metric.WER else characters
    sides = []
    for side in (references, hypotheses):
        sides.append({name: split(sentence(tokens, spelled)) for name, tokens in side.items()})
    return sides[0], sides[1]


def is_spelled(references: Mapping[str, Phones]) -> bool:
    """Whether tokens are parts of words: letters (`<space>` is among them, or none is longer than
    one character and its marks), or subwords.
    """
    used = set(chain.from_iterable(references.values()))
    return are_letters(used) or are_pieces(used)


def sentence(tokens: Phones, spelled: bool) -> str:
    """Return what tokens (letters or subwords where `spelled`, words otherwise) say, with single
    spaces and composed (NFC).
    """
    said = " ".join(tokens)
    if spelled:
        said = "".join(tokens).replace(SPACE, " ").replace(WORD_BEGIN, " ")
    return " ".join(unicodedata.normalize("NFC", said).split())


def words(said: str) -> Phones:
    """Return the words of a sentence."""
    return tuple(said.split())


def characters(said: str) -> Phones:
    """Return the characters of a sentence, `SPACE` for a space between words."""
    return tuple(SPACE if character == " " else character for character in said)
