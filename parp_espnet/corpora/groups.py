"""What must not be parted between train, dev and test: what one speaker says, or one sentence."""

from collections.abc import Sequence
from unicodedata import normalize

from parp_espnet.corpora.items import Item

ENOUGH = 0.5
"""Part of the items that have a speaker, at least, where speakers are divided."""


def groups_of(items: Sequence[Item]) -> tuple[str, list[str | None]]:
    """Return what is divided, "speaker" or "sentence", and the group of each item; None where
    nobody knows the speaker, and it may be any.

    Speakers are divided from three on. A name, or a sentence, is the same however it is encoded
    (NFC and NFD), and in capitals.
    """
    named = [item.speaker for item in items if item.speaker]
    speakers = _of_one_form(named)
    if len(set(speakers.values())) < 3 or len(named) < ENOUGH * len(items):
        sentences = [" ".join(item.text.lower().split()) for item in items]
        same = _of_one_form(sentences)
        return "sentence", [same[sentence] for sentence in sentences]
    return "speaker", [speakers[item.speaker] if item.speaker else None for item in items]


def _of_one_form(names: Sequence[str]) -> dict[str, str]:
    """Each name, and one for all of its form: its own where there is no other, so that the hash of
    it is what it was.
    """
    chosen: dict[str, str] = {}
    for name in names:
        key = _form(name)
        chosen[key] = min(name, chosen.get(key, name))
    return {name: chosen[_form(name)] for name in names}


def _form(name: str) -> str:
    return normalize("NFC", normalize("NFC", name).casefold())
