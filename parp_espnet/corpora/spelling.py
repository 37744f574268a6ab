"""From the text of an utterance to what is recognised: phones or letters, as a user asks for it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from parp_espnet.corpora.rejects import UnusableError, Why
from parp_espnet.phones.letters import describe_dropped, spell
from parp_espnet.phones.orthography import Orthography, learn
from parp_espnet.phones.phonemiser import LETTERS, WrongScriptError, phones_of
from parp_espnet.phones.rules import Rules, is_table, read_rules


@dataclass
class Speller:
    """What makes tokens of texts, and counts the characters that it leaves out.

    Attributes:
        phonemise: the code of a language, `letters`, or a table's path; None where the text holds
            tokens already, with spaces between them.
        orthography: what all texts say of letters; None for each alone.
        rules: the table.
    """

    phonemise: str | None
    orthography: Orthography | None = None
    rules: Rules | None = None
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def note(self) -> str:
        """What the user should know of it, in a few words."""
        spelled = "" if self.orthography is None else self.orthography.describe()
        return "; ".join(filter(None, [spelled, describe_dropped(self.dropped)]))

    def units(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text. Raises `UnusableError` where it has none."""
        try:
            tokens = self._units(text)
        except WrongScriptError as error:
            raise UnusableError(Why.SCRIPT, str(error)) from None
        except ValueError as error:
            raise UnusableError(Why.TEXT, str(error)) from None
        if not tokens:
            raise UnusableError(Why.TEXT, "expected a text, found none")
        return tokens

    def _units(self, text: str) -> tuple[str, ...]:
        if self.phonemise is None:
            return tuple(text.split())
        if self.phonemise == LETTERS:
            spelling = spell(text, self.orthography)
            self.dropped += spelling.dropped
            return spelling.letters
        if self.rules is not None:
            return self.rules.phones_of(text, self.dropped)
        return phones_of(self.phonemise, text, self.dropped)


def make_speller(phonemise: str | None, texts: Iterable[str] = ()) -> Speller:
    """Return what spells or phonemises; `texts` are all that are spelled alike, and read for
    letters alone. Raises `UserError` where a table is none.
    """
    if phonemise == LETTERS:
        return Speller(phonemise, orthography=learn(texts))
    if phonemise is not None and is_table(phonemise):
        return Speller(phonemise, rules=read_rules(Path(phonemise)))
    return Speller(phonemise)
