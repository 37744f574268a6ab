"""A search that finds nothing but words: those of a list, spelled in a recogniser's tokens.

To a search it is a language model of weight 1, which gives 0 to what may follow and minus infinity
to all else, so that what is found is the best sequence of tokens that words make up, and nothing
else of the search changes. A hypothesis that ends within a word loses `UNFINISHED`: one of whole
words is better if the beam has any.

Words of phones follow each other with nothing between them, and several divisions of a hypothesis
into words may be under way at once: a state is the set of places in the tree of spellings where it
can be. Words of letters have a space between them; words of subwords are divided in any way.

flashlight-text has a lexicon decoder, too (torchaudio's), last released in 2024: a second search,
whose weights would not be those that this one's tuning finds, and none of ESPnet's language models.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.language_model import LanguageModel
from parp_espnet.phones.spelled import SPACE

UNFINISHED = -1e6
ROOT = 0

type Symbols = tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """A word in a sequence of tokens: from its first one to that after its last."""

    name: str
    begin: int
    end: int


@dataclass
class _Node:
    """A place in the tree of spellings, and the word that ends there: the first of the list."""

    children: dict[str, int] = field(default_factory=dict)
    word: str | None = None


class Lexicon(LanguageModel):
    """The words that a search may find."""

    def __init__(
        self, spellings: Sequence[tuple[str, Symbols]], symbols: Mapping[int, Symbols], size: int
    ) -> None:
        """Make the tree.

        Args:
            spellings: words, and the symbols that each is spelled with.
            symbols: of each token that is spelled with any.
            size: the number of tokens.
        """
        self._symbols = symbols
        self._spaces = frozenset(token for token, made in symbols.items() if made == (SPACE,))
        self._nodes = [_Node()]
        for word, spelling in spellings:
            self._add(word, spelling)
        self._moves: dict[int, dict[int, int]] = {}
        super().__init__(size)

    def words_of(self, tokens: Sequence[int]) -> tuple[Word, ...]:
        """Return the fewest words that tokens, or as many of the first ones as can be, are.

        Of words that are spelled alike it is the first of the list.
        """
        # By where the next word begins: how many words are before, the last of them, and its begin.
        fewest: dict[int, tuple[int, Word | None]] = {0: (0, None)}
        for begin in range(len(tokens)):
            if begin not in fewest:
                continue
            count = fewest[begin][0] + 1
            for word in self._words_from(tokens, begin):
                after = word.end + 1 if self._spaces else word.end
                if after not in fewest or count < fewest[after][0]:
                    fewest[after] = (count, word)
        words: list[Word] = []
        word_before = fewest[max(fewest)][1]
        while word_before is not None:
            words.append(word_before)
            word_before = fewest[word_before.begin][1]
        return tuple(reversed(words))

    def finished(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """Return tokens without what is behind the last whole word."""
        words = self.words_of(tokens)
        return tuple(tokens[: words[-1].end]) if words else ()

    def _add(self, word: str, spelling: Symbols) -> None:
        at = ROOT
        for symbol in spelling:
            child = self._nodes[at].children.setdefault(symbol, len(self._nodes))
            if child == len(self._nodes):
                self._nodes.append(_Node())
            at = child
        if self._nodes[at].word is None:
            self._nodes[at].word = word

    def _words_from(self, tokens: Sequence[int], begin: int) -> list[Word]:
        """The words that begin at a token, the shortest first."""
        found = []
        node = ROOT
        for place in range(begin, len(tokens)):
            after = self._walk(node, tokens[place])
            if after is None:
                break
            node, end = after, place + 1
            word = self._nodes[node].word
            ends_here = not self._spaces or end == len(tokens) or tokens[end] in self._spaces
            if word is not None and ends_here:
                found.append(Word(word, begin, end))
        return found

    def _walk(self, node: int, token: int) -> int | None:
        """Where a token leads within words; None where to none."""
        at: int | None = node
        for symbol in self._symbols.get(token, (None,)):
            if at is None or symbol is None:
                return None
            at = self._nodes[at].children.get(symbol)
        return at

    def _moves_from(self, node: int) -> dict[int, int]:
        """Where each token leads that may follow."""
        if node not in self._moves:
            moves: dict[int, int] = {}
            for token in self._symbols:
                after = self._walk(node, token)
                if after is not None:
                    moves[token] = after
            if self._nodes[node].word is not None:
                for token in self._spaces:
                    moves[token] = ROOT
            self._moves[node] = moves
        return self._moves[node]

    def _first(self) -> Hashable:
        return frozenset({ROOT})

    def _follow(self, key: Hashable, token: int) -> Hashable:
        assert isinstance(key, frozenset)
        nodes: set[int] = set()
        for node in key:
            after = self._moves_from(node).get(token)
            if after is None:
                continue
            nodes.add(after)
            if self._nodes[after].word is not None and not self._spaces:
                nodes.add(ROOT)
        return frozenset(nodes)

    def _score(self, keys: Sequence[Hashable]) -> NDArray[np.float64]:
        rows = np.full((len(keys), self._size + 1), -np.inf)
        rows[:, -1] = UNFINISHED
        for row, key in zip(rows, keys, strict=True):
            assert isinstance(key, frozenset)
            for node in key:
                row[list(self._moves_from(node))] = 0.0
                if node == ROOT or (self._spaces and self._nodes[node].word is not None):
                    row[-1] = 0.0
        return rows
