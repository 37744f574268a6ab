"""What is in the place of phones: words, or marks of events."""

from collections.abc import Iterator, Sequence

from parp_espnet.corpora.check.faults import Fault
from parp_espnet.corpora.check.folder import Folder
from parp_espnet.corpora.check.text import SYMBOLS
from parp_espnet.corpora.marks import read_marks
from parp_espnet.corpora.words import find_words, not_phones


def judge_words(folders: Sequence[Folder]) -> Iterator[Fault]:
    """Yield one fault where the texts of data directories, which are one set of tokens, hold words of letters; and one
    for each utterance that has a mark of an event in the place of a phone."""
    used = {token for folder in folders for text in folder.rows("text").values() for token in text.split()}
    marks = {token for token in used - SYMBOLS if read_marks(token, of_phones=True).marks}
    if words := find_words(used - marks):
        expected, found = not_phones(words).removeprefix("expected ").split(", found ", maxsplit=1)
        first = folders[0]
        yield Fault("words", first.name, "", str(first.tables["text"].path), expected, found)
    for folder in folders:
        where = str(folder.tables["text"].path)
        for utterance, text in folder.rows("text").items():
            for mark in sorted(marks.intersection(text.split())):
                yield Fault("mark", folder.name, utterance, where, "phones only", mark)
