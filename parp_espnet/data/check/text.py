"""What is wrong with the phones of a text."""

from collections.abc import Iterable, Iterator
from unicodedata import is_normalized

from parp_espnet.data.check.faults import Fault
from parp_espnet.data.check.folder import Folder
from parp_espnet.data.check.tables import named
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.spelled import are_letters

SYMBOLS = frozenset({"<blank>", "<unk>", "<sos/eos>"})
"""ESPnet's own tokens."""


def judge_texts(folders: Iterable[Folder], inventory: frozenset[str] | None) -> Iterator[Fault]:
    """Yield the faults of the texts of data directories, whose phones together are to be one set of
    tokens.
    """
    folders = list(folders)
    used: set[str] = set()
    for folder in folders:
        for text in folder.rows("text").values():
            used.update(text.split())
    # Letters are written as people type them; which of the two forms, is no matter while it is one.
    spelled_out = are_letters(used)
    odd: set[str] = set()
    mixed: set[str] = set()
    for phone in used:
        if decomposed(phone) == phone:
            continue
        if decomposed(phone) in used:
            mixed.add(phone)
            odd.add(phone)
        elif not spelled_out or not is_normalized("NFC", phone):
            odd.add(phone)
    for folder in folders:
        where = str(folder.tables["text"].path)
        for utterance, text in folder.rows("text").items():
            phones = text.split()
            if not phones:
                yield Fault("empty-text", folder.name, utterance, where, "phones", "none")
            for phone in sorted(odd.intersection(phones)):
                kind = "mixed-forms" if phone in mixed else "normal-form"
                yield Fault(
                    kind,
                    folder.name,
                    utterance,
                    where,
                    spelled(decomposed(phone)),
                    spelled(phone),
                    True,
                )
            for phone in sorted(SYMBOLS.intersection(phones)):
                yield Fault(
                    "symbol", folder.name, utterance, where, "a phone of another name", phone
                )
            if inventory is not None:
                yield from _outside(folder, utterance, where, phones, inventory)


def _outside(
    folder: Folder, utterance: str, where: str, phones: Iterable[str], inventory: frozenset[str]
) -> Iterator[Fault]:
    # In which normal form a phone is written is another fault.
    outside = dict.fromkeys(phone for phone in phones if decomposed(phone) not in inventory)
    for phone in outside.keys() - SYMBOLS:
        yield Fault(
            "phone", folder.name, utterance, where, "a phone of the inventory", spelled(phone)
        )


def spelled(phone: str) -> str:
    """Return a phone and its characters, since two that look alike may not be: "g (U+0067 (LATIN
    SMALL LETTER G))".
    """
    return f"{phone} ({', '.join(map(named, phone))})"


def counted(number: int, word: str) -> str:
    """Return how many there are of something: "1 time", "2 times"."""
    return f"{number} {word}" + "s" * (number != 1)
