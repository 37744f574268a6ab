"""A search that keeps to the phones that a language has."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from parp_espnet.errors import UserError
from parp_espnet.files import text_of
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.ipa import load_inventory
from parp_espnet.phones.spelled import SPACE
from parp_espnet.recognition.labels import BLANK
from parp_espnet.recognition.listening import Heard, Listener, Samples

SHOWN = 12


def read_inventory(given: str) -> tuple[str, ...]:
    """Return the phones of a file, apart by spaces or lines, or of a language of the project's.

    Raises `UserError` where it is neither, or has none.
    """
    path = Path(given)
    if path.is_file():
        phones = tuple(text_of(path).split())
        if not phones:
            raise UserError(f"--inventory {given}: expected phones apart by spaces, found none")
        return phones
    try:
        return load_inventory(given)
    except UserError as error:
        raise UserError(f"--inventory {given}: expected a file, found none; {error}") from None


class Narrowed(Listener):
    """A model that hears some of its tokens only: all others are impossible."""

    def __init__(self, listener: Listener, phones: Collection[str]) -> None:
        """Raises `UserError` where the model has none of the phones.

        Args:
            phones: what it may hear; a space between words it always may.
        """
        self._listener = listener
        self.tokens, self.grid = listener.tokens, listener.grid
        self.batchable, self.device = listener.batchable, listener.device
        wanted = {decomposed(phone): phone for phone in phones}
        self._kept = np.zeros(len(self.tokens), bool)
        self._kept[BLANK] = True
        for place, token in enumerate(self.tokens):
            if token == SPACE or decomposed(token) in wanted:
                self._kept[place] = True
        known = {decomposed(token) for token in self.tokens}
        self.unknown = tuple(phone for form, phone in wanted.items() if form not in known)
        """Phones that the model does not know."""
        if len(self.unknown) == len(wanted):
            raise UserError(
                f"--inventory: expected phones that the model knows, such as "
                f"{' '.join(self.tokens[2:5])}, found {shown(self.unknown)}"
            )

    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        """Return what is heard; what is left of the probability of each frame is one again."""
        narrowed = []
        for heard in self._listener.listen(audio):
            rows = np.where(self._kept, heard.logprobs, -np.inf)
            best = rows.max(1, keepdims=True)
            sums = np.log(np.exp(rows - best).sum(1, keepdims=True))
            rows = (rows - best - sums).astype(np.float32)
            narrowed.append(Heard(rows.argmax(1), rows))
        return narrowed


def narrowed(listener: Listener, given: str) -> tuple[Listener, str]:
    """Return a model that keeps to the phones of a file or a language, and in words which of them
    it does not know.

    Raises `UserError` as `read_inventory` and `Narrowed` do.
    """
    kept = Narrowed(listener, read_inventory(given))
    return kept, shown(kept.unknown)


def shown(phones: Sequence[str]) -> str:
    """Return the first phones, and how many more there are."""
    more = len(phones) - SHOWN
    return " ".join(phones[:SHOWN]) + (f" and {more} more" if more > 0 else "")
