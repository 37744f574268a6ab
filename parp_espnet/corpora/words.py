"""Whether a text that is to hold phones holds words instead.

Nobody writes a phone with four letters on an average, and no language has hundreds of phones: the largest inventories,
with every tone of every vowel a phone of its own, stay below `MOST_PHONES`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from statistics import mean

from parp_espnet.phones.espeak import VOICES

MOST_PHONES = 200
"""More different tokens of letters are words, or characters that stand for syllables."""
FEWEST = 20
"""With fewer, nothing is said: they may be phones with names."""
LETTERS_OF_A_WORD = 3.0
"""Letters, without marks and modifiers, that different words have on an average, at least; those of phones have two."""


def find_words(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the different tokens that are words of letters, the longest first; none where they may be phones."""
    words = [token for token in set(tokens) if _letters(token) and not _is_special(token)]
    is_text = len(words) > MOST_PHONES or (len(words) >= FEWEST and mean(map(_letters, words)) >= LETTERS_OF_A_WORD)
    return tuple(sorted(words, key=lambda word: (-_letters(word), word))) if is_text else ()


def not_phones(words: Sequence[str]) -> str:
    """Say that words were found in the place of phones, and what to do."""
    some = ", ".join(words[: len(words) : max(1, len(words) // 3)][:3])
    return (
        f"expected phones with spaces between them, found {len(words)} different words, such as {some}: --own PATH "
        f"--phonemise LANG ({' '.join(VOICES)}) makes phones of them, --phonemise letters spells them; if words are "
        "what is to be recognised, give --words_as_tokens true"
    )


def _letters(token: str) -> int:
    """How many letters a token has; none where it has something that no word has."""
    count = 0
    for mark in unicodedata.normalize("NFD", token):
        category = unicodedata.category(mark)
        if category in ("Lu", "Ll", "Lt", "Lo"):
            count += 1
        elif category[0] not in "LMP" and mark not in "'’`":
            return 0
    return count


def _is_special(token: str) -> bool:
    return re.fullmatch(r"[<\[{(].*[>\]})]|SIL|SPN|NSN|sil|spn|nsn|pau", token) is not None
