"""Whether a text that is to hold phones holds words instead.

Nobody writes a phone with four letters on an average, or with Chinese characters; a consonant and
the vowel behind it are two phones, in one token they are a syllable or a word; and no language has
hundreds of phones: the largest inventories, with every tone of every vowel a phone of its own, stay
below `MOST_PHONES`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse, pairwise
from statistics import mean

from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.espeak import VOICES

MOST_PHONES = 200
"""More different tokens of letters are words, or characters that stand for syllables."""
FEWEST = 20
"""With fewer, nothing is said: they may be phones with names. Unless they are long and have
syllables, too.
"""
FEWEST_LONG = 8
LETTERS_OF_A_WORD = 3.0
"""Letters, without marks and modifiers, that different words have on an average, at least; those of
phones have two.
"""
LETTERS_ELSEWHERE = 2.0
"""The same of scripts without vowels, or of syllables, in which nobody writes phones of several
letters.
"""
LETTERS_OF_A_SPOKEN_WORD = 1.6
"""Letters that words have on an average, counted as often as they are said, at least; Vietnamese
has 3, phones have one, or two.
"""
SYLLABLES = 0.5
"""Part of different words that have a consonant and a vowel behind it, at least; a glide may belong
to a diphthong.
"""

_TONE = re.compile("[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}$")
_OF_PHONES = frozenset({"LATIN", "GREEK", "CYRILLIC", "BOPOMOFO"})
_VOWELS = frozenset("aeiouæøœɐɑɒɔəɘɛɜɞɤɨɪɯɵʉʊʌʏıαεηιουωаеиоуыэюяіәөүұ")
_GLIDES = frozenset("jwɥyʋɰй")


@dataclass(frozen=True)
class _Token:
    """What a token looks like: how many letters it has, none where it has something that no word
    has.
    """

    letters: int
    is_syllable: bool
    is_character: bool
    is_elsewhere: bool
    """Whether it is of a script that nobody writes phones in."""


def find_words(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the different tokens that are words of letters, the longest first; none where they may
    be phones.
    """
    words = {}
    for token in filterfalse(_is_special, set(tokens)):
        look = _look(token)
        if look.letters:
            words[token] = look
    if not _are_words(list(words.values())):
        return ()
    return tuple(sorted(words, key=lambda word: (-words[word].letters, word)))


def _are_words(looks: Sequence[_Token]) -> bool:
    if len(looks) < FEWEST_LONG:
        return False
    length = mean(look.letters for look in looks)
    syllables = mean(look.is_syllable for look in looks)
    if len(looks) < FEWEST:
        return length >= LETTERS_OF_A_WORD and syllables >= SYLLABLES
    elsewhere = [look.letters for look in looks if look.is_elsewhere]
    return (
        len(looks) > MOST_PHONES
        or length >= LETTERS_OF_A_WORD
        or syllables >= SYLLABLES
        or sum(look.is_character for look in looks) >= FEWEST
        or (len(elsewhere) >= FEWEST and mean(elsewhere) >= LETTERS_ELSEWHERE)
    )


def hold_phones(texts: Iterable[str]) -> bool:
    """Whether texts that are to hold words hold phones, or letters, with spaces between them.

    Other scripts than those of `_OF_PHONES` say nothing: a character of theirs may be a word.
    """
    lengths: list[int] = []
    for text in texts:
        for token in filterfalse(_is_special, text.split()):
            look = _look(token)
            if look.is_elsewhere:
                return False
            if look.letters:
                lengths.append(look.letters)
    return len(lengths) >= FEWEST and mean(lengths) < LETTERS_OF_A_SPOKEN_WORD


def not_words(phonemise: str, texts: Iterable[str]) -> str:
    """Say that phones were found in the place of words, and what to do."""
    some = next((text for text in texts if len(text.split()) > 1), "")
    return (
        f"expected words, of which --phonemise {phonemise} makes phones, found phones or letters "
        f"with spaces between them, such as {' '.join(some.split()[:6])}; leave --phonemise out: "
        f"what is between spaces is recognised"
    )


def not_phones(words: Sequence[str]) -> str:
    """Say that words were found in the place of phones, and what to do."""
    some = ", ".join(words[: len(words) : max(1, len(words) // 3)][:3])
    return (
        f"expected phones with spaces between them, found {len(words)} different words, such as "
        f"{some}: --own PATH "
        f"--phonemise LANG ({' '.join(VOICES)}) makes phones of them, --phonemise letters spells "
        f"them; if words are "
        "what is to be recognised, give --words_as_tokens true"
    )


def _look(token: str) -> _Token:
    bare = _TONE.sub("", token)
    marks = decomposed(bare)
    letters = [mark for mark in marks.lower() if unicodedata.category(mark) in ("Ll", "Lo")]
    if not all(map(_may_be_of_word, marks)):
        letters = []
    scripts = set(map(_script, letters))
    is_syllable = "HANGUL" in scripts and len(letters) > 1
    for first, second in pairwise(letters):
        is_syllable |= first not in _VOWELS | _GLIDES and second in _VOWELS
    is_elsewhere = bool(letters) and not scripts & _OF_PHONES
    return _Token(len(letters), is_syllable, "CJK" in scripts, is_elsewhere)


def _may_be_of_word(mark: str) -> bool:
    # An underscore is of names that are made: M_abl, aa_B.
    return mark in "'’`" or (mark != "_" and unicodedata.category(mark)[0] in "LMP")


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def _is_special(token: str) -> bool:
    return re.fullmatch(r"[<\[{(].*[>\]})]|SIL|SPN|NSN|sil|spn|nsn|pau", token) is not None
