"""From words to phones that a model knows: `parp-align --phonemise`."""

from collections.abc import Callable, Sequence

from parp_espnet.corpora.known.phonemise import chosen
from parp_espnet.corpora.rejects import UnusableError
from parp_espnet.corpora.spelling import make_speller
from parp_espnet.errors import UserError
from parp_espnet.phones.phonemiser import LETTERS

type Phonemise = Callable[[str], Sequence[str]]
"""Returns a text's phones; raises `ValueError` that says why it has none."""


def phonemiser(kind: str) -> Phonemise:
    """Return what makes phones of texts, as `phn.sh --phonemise` does.

    Args:
        kind: a language of eSpeak NG's, or a table's path (`parp_espnet.phones.rules`).

    Raises `UserError` where it is neither.
    """
    if kind == LETTERS:
        raise UserError(
            f"parp-align: --phonemise {LETTERS}: expected a language or a table; a model of "
            f"letters takes words as they are"
        )
    speller = make_speller(chosen(kind, "parp-align"))

    def phonemise(text: str) -> tuple[str, ...]:
        try:
            return speller.units(text)
        except UnusableError as error:
            raise ValueError(str(error)) from None

    return phonemise
