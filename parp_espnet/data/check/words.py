"""What is in the place of phones: words, marks of events, or punctuation."""

from collections import Counter
from collections.abc import Iterator, Sequence

from parp_espnet.data.check.faults import Fault
from parp_espnet.data.check.folder import Folder
from parp_espnet.data.check.text import SYMBOLS, counted, spelled
from parp_espnet.data.marks import read_marks
from parp_espnet.data.words import find_words, not_phones
from parp_espnet.phones.spelled import SPACE

_PUNCTUATION = """
    . .. ... … , ; : - -- --- – — / // \\ ( ) [ ] < > “ ” „ « » ‹ › ¿ ¡ 。 ， 、 ； ： ？ ！ ، ؛ ؟ ।
    | || ‖ ▁ _ # ## + ++ * ~ $
"""
PUNCTUATION = frozenset(_PUNCTUATION.split())
"""Tokens that are punctuation, pauses or borders of words to those who write them. ? ! @ { & = '
may be phones.
"""


def judge_words(folders: Sequence[Folder]) -> Iterator[Fault]:
    """Yield one fault where the texts of data directories, which are one set of tokens, hold words
    of letters; one for each utterance and mark of an event in the place of a phone; and one for
    each set and token of punctuation.
    """
    used: set[str] = set()
    marks: list[Fault] = []
    for folder in folders:
        where = str(folder.tables["text"].path)
        for utterance, text in folder.rows("text").items():
            left, in_text = _without_marks(text)
            used.update(left.split())
            for mark in in_text:
                marks.append(Fault("mark", folder.name, utterance, where, "phones only", mark))
    words = find_words(used - SYMBOLS)
    if words:
        first = folders[0]
        where = str(first.tables["text"].path)
        expected, _, found = not_phones(words).removeprefix("expected ").partition(", found ")
        yield Fault("words", first.name, "", where, expected, found)
    yield from marks
    if SPACE not in used:
        for folder in folders:
            yield from _punctuation(folder)


def _without_marks(text: str) -> tuple[str, list[str]]:
    """A text without marks, and these, each once; ESPnet's own tokens are another fault."""
    plain = " ".join(token for token in text.split() if token not in SYMBOLS)
    marked = read_marks(plain, of_phones=True)
    return marked.text, sorted({mark for _, mark in marked.marks})


def _punctuation(folder: Folder) -> Iterator[Fault]:
    times: Counter[str] = Counter()
    utterances: Counter[str] = Counter()
    for text in folder.rows("text").values():
        tokens = text.split()
        times.update(tokens)
        utterances.update(set(tokens))
    where = str(folder.tables["text"].path)
    for token in sorted(PUNCTUATION.intersection(times)):
        found = (
            f"{spelled(token)}, {counted(times[token], 'time')} in "
            f"{counted(utterances[token], 'utterance')}"
        )
        yield Fault("punctuation", folder.name, token, where, "phones only", found)
