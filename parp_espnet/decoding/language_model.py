"""What a search asks of a language model: where a sentence begins, what may follow, and where a
token leads.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.arpa import BEGIN, END, IMPOSSIBLE, UNKNOWN, Arpa, Words
from parp_espnet.errors import UserError, printable
from parp_espnet.phones.characters import decomposed
from parp_espnet.progress import say

SPECIAL = ("<blank>", "<unk>", "<sos/eos>")
"""ESPnet's own symbols in a token list."""
SHOWN = 3


class LanguageModel(ABC):
    """A language model over a recogniser's tokens, which remembers what it was asked.

    A state is a number that stands for all a model keeps of the tokens so far; equal states are
    followed alike.
    """

    lasting = True
    """Whether states are few and come again, so that they are worth keeping from batch to batch."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.forget()

    def forget(self) -> None:
        """Drop all states."""
        self._keys: list[Hashable] = []
        self._states: dict[Hashable, int] = {}
        self._next: dict[tuple[int, int], int] = {}
        self._rows = np.zeros((64, self._size + 1))
        self._known = np.zeros(64, bool)

    def release(self) -> None:
        """Drop what only the utterances so far needed; called between batches."""
        if not self.lasting:
            self.forget()

    @property
    def start(self) -> int:
        """The state at the beginning of a sentence."""
        return self._state(self._first())

    def rows(self, states: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return natural logarithms of what may follow, (*states, tokens + 1); the last is the
        sentence's end.
        """
        known = self._known[states]
        if not known.all():
            missing = np.unique(states[~known])
            self._rows[missing] = self._score([self._keys[state] for state in missing])
            self._known[missing] = True
        return self._rows[states]

    def advance(self, state: int, token: int) -> int:
        """Return the state after one more token."""
        step = (state, token)
        if step not in self._next:
            self._next[step] = self._state(self._follow(self._keys[state], token))
        return self._next[step]

    def _state(self, key: Hashable) -> int:
        if key not in self._states:
            self._states[key] = len(self._keys)
            self._keys.append(key)
            if len(self._keys) > len(self._known):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
                self._known = np.concatenate([self._known, np.zeros_like(self._known)])
        return self._states[key]

    @abstractmethod
    def _first(self) -> Hashable: ...

    @abstractmethod
    def _follow(self, key: Hashable, token: int) -> Hashable: ...

    @abstractmethod
    def _score(self, keys: Sequence[Hashable]) -> NDArray[np.float64]:
        """Return the rows of these states."""


class ArpaModel(LanguageModel):
    """An n-gram of an ARPA file. A state is the longest context that the file says something of."""

    def __init__(self, arpa: Arpa, tokens: Sequence[str], source: str) -> None:
        """Prepare for the recogniser's tokens; `source` is what errors call the file. Raises
        `UserError`.
        """
        known = {words[0] for words in arpa.ngrams[0]}
        spelled = words_of_tokens(tokens, known)
        check_vocabulary(spelled, known, tokens, source)
        self._words = [spelled.get(token, UNKNOWN) for token in tokens]
        self._order = arpa.order
        places: dict[str, list[int]] = {END: [len(tokens)]}
        for place, word in enumerate(self._words):
            places.setdefault(word, []).append(place)
        self._backoff: dict[Words, float] = {}
        self._explicit: dict[Words, list[tuple[int, float]]] = {}
        for entries in arpa.ngrams:
            for words, entry in entries.items():
                if len(words) < arpa.order and entry.backoff:
                    self._backoff[words] = entry.backoff
                given = [(place, entry.probability) for place in places.get(words[-1], ())]
                self._explicit.setdefault(words[:-1], []).extend(given)
        super().__init__(len(tokens))

    def _first(self) -> Words:
        return self._shortened((BEGIN,))

    def _follow(self, key: Hashable, token: int) -> Words:
        assert isinstance(key, tuple)
        return self._shortened((*key, self._words[token]))

    def _score(self, keys: Sequence[Hashable]) -> NDArray[np.float64]:
        return np.stack([self._row(key) for key in keys if isinstance(key, tuple)]) * math.log(10)

    def _row(self, context: Words) -> NDArray[np.float64]:
        if context:
            row = self._row(context[1:]) + self._backoff.get(context, 0.0)
        else:
            row = np.full(self._size + 1, IMPOSSIBLE)
        for place, probability in self._explicit.get(context, ()):
            row[place] = probability
        return row

    def _shortened(self, words: Words) -> Words:
        context = words[max(0, len(words) - self._order + 1) :]
        while context and context not in self._backoff and context not in self._explicit:
            context = context[1:]
        return context


def words_of_tokens(tokens: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """Return by which word of a model each token goes that it has: two ways to encode ã are one."""
    by_form: dict[str, str] = {}
    for word in sorted(known):
        by_form.setdefault(decomposed(word), word)
    spelled: dict[str, str] = {}
    for token in tokens:
        same = token if token in known else by_form.get(decomposed(token))
        if same is not None:
            spelled[token] = same
    return spelled


def check_vocabulary(
    spelled: Collection[str], known: Collection[str], tokens: Sequence[str], source: str
) -> None:
    """Say which tokens a model lacks; raise `UserError` when it has fewer than half of them: it is
    of other words.

    The few that it lacks are to it what its `<unk>` is.

    Args:
        spelled: the tokens that it has.
        known: its words.
    """
    own = [token for token in tokens if token not in SPECIAL]
    lacking = [token for token in own if token not in spelled]
    if 2 * len(lacking) > len(own):
        other = sorted(set(known) - {BEGIN, END, UNKNOWN})[:SHOWN]
        raise UserError(
            f"{source}: lacks {len(lacking)} of the recogniser's {len(own)} tokens, such as "
            f"{' '.join(lacking[:SHOWN])}; "
            f"its words are such as {' '.join(other)}: expected a model of the tokens in "
            f"data/train/text"
        )
    if lacking:
        such = "such as " if len(lacking) > SHOWN else ""
        what = f"to it each is {UNKNOWN}" if UNKNOWN in known else "a search with it finds none"
        say(
            f"warning: {source}: lacks {len(lacking)} of the recogniser's {len(own)} tokens, "
            f"{such}{printable(' '.join(lacking[:SHOWN]))}; {what}"
        )
