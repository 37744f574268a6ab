"""The file that a lexicon is read from.

For a recogniser of phones it is Kaldi's lexicon, a line a word: `word phone phone …`, with white
space between; a word may have several lines, all of which are ways to say it, and `word(2)` is
`word`, as CMUdict has it. For one of letters or subwords it is a list, a line a word. Lines that
begin with `;;;`, or `#` and white space, are remarks. Nothing is ever normalised to NFKC.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from parp_espnet.decoding.language_model import SPECIAL
from parp_espnet.decoding.lexicon import Lexicon, Symbols
from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.orthography import Orthography, learn_for
from parp_espnet.phones.spelled import SPACE, WORD_BEGIN, are_pieces, holds_words

OPTION = "--lexicon"
SHOWN = 8
_REMARK = re.compile(r";;;|#\s|#$")
_OTHER_PRONUNCIATION = re.compile(r"\(\d+\)$")


def read_lexicon(path: Path, tokens: Sequence[str]) -> tuple[Lexicon, str]:
    """Return the words of a file as a recogniser spells them, and in words what was left out.

    Args:
        tokens: the recogniser's.

    Raises `UserError` where the file is missing or empty, a line is no word with its spelling, or
    the recogniser can spell none of the words.
    """
    is_of_letters = holds_words(tokens)
    entries = _entries(path, is_of_letters)
    if is_of_letters:
        spoken = [token for token in tokens if token not in SPECIAL]
        orthography = learn_for(spoken, [word for word, _ in entries])
        begins = WORD_BEGIN if SPACE not in tokens else ""
        entries = _in_letters(entries, orthography, begins)
    symbols = _symbols(tokens)
    known = set(symbols.values())
    spellings: list[tuple[str, Symbols]] = []
    unknown: dict[str, None] = {}
    words_left_out = 0
    for word, spelling in entries:
        lacking = _lacking(spelling, known)
        if spelling and not lacking:
            spellings.append((word, spelling))
        else:
            words_left_out += 1
            unknown |= dict.fromkeys(lacking or [word])
    unit = "letters" if is_of_letters else "phones"
    if not spellings:
        raise UserError(
            f"{OPTION} {path}: expected {unit} that the model knows, such as "
            f"{' '.join(tokens[2:5])}, found in every word {unit} that it does not: "
            f"{_shown(unknown)}"
        )
    left_out = ""
    if words_left_out:
        left_out = (
            f"{words_left_out} of {len(entries)} words, whose {unit} the model does not know: "
            f"{_shown(unknown)}"
        )
    return Lexicon(spellings, symbols, len(tokens)), left_out


def check_lexicon(path: Path, is_of_letters: bool) -> None:
    """Raise `UserError` where a file is no list of words, whatever a recogniser can spell."""
    _entries(path, is_of_letters)


def _entries(path: Path, is_of_letters: bool) -> list[tuple[str, Symbols]]:
    """The words of a file, each with its phones."""
    try:
        text = text_of(path, "no such file; expected a list of words")
    except UserError as error:
        raise UserError(f"{OPTION} {error}") from None
    lines = lines_of(text)
    entries: list[tuple[str, Symbols]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or _REMARK.match(line):
            continue
        word, *phones = line.split()
        if is_of_letters and phones:
            raise UserError(
                f"{OPTION} {path}, line {number}: expected a word alone, since the model spells "
                f"words with letters, found {line.strip()!r}"
            )
        if not is_of_letters:
            if not phones:
                raise UserError(
                    f"{OPTION} {path}, line {number}: expected a word and its phones, found "
                    f"{word!r} alone"
                )
            word = _OTHER_PRONUNCIATION.sub("", word)
        entries.append((word, tuple(decomposed(phone) for phone in phones)))
    if not entries:
        wanted = "words" if is_of_letters else "lines of a word and its phones"
        raise UserError(f"{OPTION} {path}: expected {wanted}, found none")
    return entries


def _symbols(tokens: Sequence[str]) -> Mapping[int, Symbols]:
    """What each token is spelled with: a subword with its letters, any other with itself."""
    pieces = are_pieces(tokens) and SPACE not in tokens
    symbols: dict[int, Symbols] = {}
    for number, token in enumerate(tokens):
        if token not in SPECIAL:
            written = decomposed(token)
            symbols[number] = tuple(written) if pieces else (written,)
    return symbols


def _in_letters(
    entries: Sequence[tuple[str, Symbols]], orthography: Orthography, begins: str
) -> list[tuple[str, Symbols]]:
    """The same words with their letters; of one that texts have in parts (co-op), each part.

    Args:
        begins: what stands in front of a word among subwords.
    """
    spelled: list[tuple[str, Symbols]] = []
    for word, _ in entries:
        try:
            parts = " ".join(letters_of(word, orthography)).split(SPACE)
        except ValueError:  # there is no letter in it
            spelled.append((word, ()))
            continue
        for part in parts:
            letters = tuple(decomposed(letter) for letter in part.split())
            if begins:
                letters = tuple(decomposed(f"{begins}{''.join(letters)}"))
            name = word if len(parts) == 1 else "".join(letters)
            spelled.append((name, letters))
    return spelled


def _lacking(spelling: Symbols, known: set[Symbols]) -> list[str]:
    """What no token spells of a word; the symbols where the last token that fits ends."""
    reached = {0}
    longest = max(map(len, known), default=1)
    for end in range(1, len(spelling) + 1):
        for begin in range(max(0, end - longest), end):
            if begin in reached and spelling[begin:end] in known:
                reached.add(end)
    if len(spelling) in reached:
        return []
    alone = [symbol for symbol in spelling if not any(symbol in token for token in known)]
    return alone or [spelling[max(reached)]]


def _shown(unknown: Mapping[str, None]) -> str:
    names = list(unknown)
    more = len(names) - SHOWN
    return " ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
