"""When the synthesiser began each phone of utterances of `cldr`, which it says again to tell."""

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from parp_espnet.corpora.speech import Spoken, speak
from parp_espnet.errors import UserError

_ID = re.compile(r"([a-z]+)-(train|dev|test)-(\d+)-(\d+)-(\d+)")
"""What `speak` calls an utterance."""


def are_spoken(utterances: Iterable[str]) -> bool:
    """Whether all ids are those of `cldr`."""
    return all(_ID.fullmatch(name) for name in utterances)


def say_again(utterances: Iterable[str]) -> dict[str, Spoken]:
    """Return utterances of `cldr` by their ids, with the true begins of their phones where they
    are known: where the synthesiser says the same samples while it tells.

    Raises `UserError` where an id is none of that corpus's.
    """
    said: dict[str, Spoken] = {}
    speakers: set[tuple[str, str, int, int]] = set()
    wanted = list(utterances)
    for name in wanted:
        found = _ID.fullmatch(name)
        if found is None:
            raise UserError(
                f"utterance {name}: expected one of cldr, such as es-test-00-00003-07; of other "
                f"corpora nobody knows when phones begin"
            )
        speaker = (found[1], found[2], int(found[3]), int(found[4]))
        if speaker not in speakers:
            speakers.add(speaker)
            said.update((spoken.id, spoken) for spoken in _with_begins(speaker))
        if name not in said:
            raise UserError(f"utterance {name}: the speaker says no such one, in this version")
    return {name: said[name] for name in wanted}


def _with_begins(speaker: tuple[str, str, int, int]) -> list[Spoken]:
    """A speaker's utterances, with begins where it says the same while it tells them."""
    told = {spoken.text: spoken for spoken in speak(*speaker, tells_begins=True)}
    utterances = []
    for spoken in speak(*speaker):
        other = told.get(spoken.text)
        begins: tuple[float | None, ...] = (None,) * len(spoken.phones)
        if other is not None and np.array_equal(other.samples, spoken.samples):
            begins = other.begins
        utterances.append(replace(spoken, begins=begins))
    return utterances
