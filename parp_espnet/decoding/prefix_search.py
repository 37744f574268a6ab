"""CTC prefix beam search over log-probabilities that a model has given once.

Hannun et al. 2014 ("First-pass large vocabulary continuous speech recognition using bi-directional
recurrent DNNs", algorithm 1): a hypothesis is a sequence of tokens, not of frames, and its
probability is the sum over all paths of frames that collapse to it, held in two parts, of the paths
that end in a blank and of those that end in its last token.
What is maximised is ESPnet's:

    log p_ctc(y) + Σ weight · log p_lm(y, end of sentence) + penalty · |y|

The network is not run again, so that trying a weight costs a search of seconds, and a search takes
whole batches of utterances in arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.language_model import LanguageModel

BLANK = 0
NOTHING, NO_PARENT = -1, -2

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Weighted:
    """A language model, and the weight of its natural logarithms."""

    model: LanguageModel
    weight: float


@dataclass(frozen=True)
class Hypothesis:
    """The best sequence of tokens for an utterance, and the logarithm that it was chosen by."""

    tokens: tuple[int, ...]
    score: float


@dataclass
class _Beam:
    """The hypotheses of a batch, (utterances, beam) each, and of every hypothesis the state in
    every language model.
    """

    nodes: Ints
    ends_blank: Floats
    ends_token: Floats
    prior: Floats
    """What language models and penalty say of the tokens so far."""
    states: list[Ints]

    @property
    def acoustic(self) -> Floats:
        """The logarithm of the sum over both kinds of paths."""
        return np.logaddexp(self.ends_blank, self.ends_token)

    def first(self, count: int) -> "_Beam":
        """The hypotheses of the first utterances."""
        states = [states[:count] for states in self.states]
        return _Beam(
            self.nodes[:count],
            self.ends_blank[:count],
            self.ends_token[:count],
            self.prior[:count],
            states,
        )

    def put(self, other: "_Beam") -> None:
        """Replace the hypotheses of the first utterances."""
        count = len(other.nodes)
        for name in ("nodes", "ends_blank", "ends_token", "prior"):
            getattr(self, name)[:count] = getattr(other, name)
        for own, new in zip(self.states, other.states, strict=True):
            own[:count] = new


class _Trie:
    """All sequences of tokens that a search has met, each a node under the one without its last
    token.
    """

    def __init__(self, utterances: int) -> None:
        self.parents = np.full(utterances + 4096, NO_PARENT)
        self.tokens = np.full(utterances + 4096, NOTHING)
        self._count = utterances  # of these, each is the empty sequence of an utterance
        self._children: dict[tuple[int, int], int] = {}

    def child(self, node: int, token: int) -> int:
        """Return the node of a sequence with one more token; the same one whenever it is met."""
        child = self._children.setdefault((node, token), self._count)
        if child == self._count:
            if child == len(self.tokens):
                self.parents = np.concatenate([self.parents, np.full_like(self.parents, NO_PARENT)])
                self.tokens = np.concatenate([self.tokens, np.full_like(self.tokens, NOTHING)])
            self.parents[child], self.tokens[child] = node, token
            self._count += 1
        return child

    def sequence(self, node: int) -> tuple[int, ...]:
        """Return the tokens of a node."""
        tokens = []
        while self.parents[node] != NO_PARENT:
            tokens.append(int(self.tokens[node]))
            node = int(self.parents[node])
        return tuple(reversed(tokens))


def search(
    logprobs: Sequence[Floats], beam: int, penalty: float = 0.0, models: Sequence[Weighted] = ()
) -> list[Hypothesis]:
    """Return the best hypothesis for each utterance of a batch; what it is does not depend on the
    batch.

    Args:
        logprobs: natural logarithms of each utterance, (frames, tokens), token 0 being the blank.
        beam: hypotheses that are kept after every frame.
        penalty: what every token adds to the score; above 0 it makes for more tokens.
        models: language models, each over the same tokens.
    """
    models = [weighted for weighted in models if weighted.weight != 0]
    if not logprobs:
        return []
    order = sorted(range(len(logprobs)), key=lambda number: -len(logprobs[number]))
    ordered = [np.asarray(logprobs[number], np.float64) for number in order]
    trie = _Trie(len(ordered))
    beams = _begin(len(ordered), beam, models)
    lengths = np.array(list(map(len, ordered)))
    for frame in range(int(lengths.max())):
        active = int(np.count_nonzero(lengths > frame))
        now = np.stack([rows[frame] for rows in ordered[:active]])
        beams.put(_step(beams.first(active), now, trie, penalty, models))
    final = beams.acoustic + beams.prior
    for weighted, states in zip(models, beams.states, strict=True):
        final += weighted.weight * weighted.model.rows(states)[..., -1]
    hypotheses = {}
    for place, best in enumerate(final.argmax(axis=1)):
        tokens = trie.sequence(int(beams.nodes[place, best]))
        hypotheses[order[place]] = Hypothesis(tokens, float(final[place, best]))
    return [hypotheses[number] for number in range(len(logprobs))]


def _begin(utterances: int, beam: int, models: Sequence[Weighted]) -> _Beam:
    shape = (utterances, beam)
    beams = _Beam(
        nodes=np.full(shape, NOTHING),
        ends_blank=np.full(shape, -np.inf),
        ends_token=np.full(shape, -np.inf),
        prior=np.zeros(shape),
        states=[np.full(shape, weighted.model.start) for weighted in models],
    )
    beams.nodes[:, 0] = np.arange(utterances)
    beams.ends_blank[:, 0] = 0.0
    return beams


def _step(
    beams: _Beam, now: Floats, trie: _Trie, penalty: float, models: Sequence[Weighted]
) -> _Beam:
    """Go one frame on; `now` is (utterances, tokens)."""
    width, size = beams.nodes.shape[1], now.shape[1]
    last = np.where(beams.nodes >= 0, trie.tokens[beams.nodes], NOTHING)
    whole, rows, columns = beams.acoustic, *np.indices(last.shape)
    repeated = np.take_along_axis(now, np.maximum(last, 0), axis=1)

    longer = whole[:, :, None] + now[:, None, :]
    # The last token again is a new one only after a blank.
    longer[rows, columns, np.maximum(last, 0)] = np.where(
        last >= 0, beams.ends_blank + repeated, -np.inf
    )
    longer[:, :, BLANK] = -np.inf

    ends_blank = whole + now[:, BLANK, None]
    ends_token = beams.ends_token + repeated
    # A hypothesis with one more token may be in the beam already: its paths are that one's.
    parents = np.where(beams.nodes >= 0, trie.parents[beams.nodes], NO_PARENT)
    same = parents[:, :, None] == beams.nodes[:, None, :]
    places = np.nonzero(same.any(axis=2))
    source = (places[0], same.argmax(axis=2)[places], last[places])
    ends_token[places] = np.logaddexp(ends_token[places], longer[source])
    longer[source] = -np.inf

    gain = np.full(longer.shape, penalty)
    for weighted, states in zip(models, beams.states, strict=True):
        gain += weighted.weight * weighted.model.rows(states)[..., :-1]
    longer_prior = beams.prior[:, :, None] + gain
    stays = np.logaddexp(ends_blank, ends_token) + beams.prior
    scores = np.concatenate([stays, (longer + longer_prior).reshape(len(now), -1)], axis=1)
    kept = np.argpartition(-scores, width - 1, axis=1)[:, :width]
    # In order of their places, hypotheses that are equally good come in the same order everywhere.
    kept.sort(axis=1)

    grown = kept >= width
    source_of = np.where(grown, (kept - width) // size, kept)
    token_of = np.where(grown, (kept - width) % size, NOTHING)
    pick = (rows, source_of)
    new = _Beam(
        nodes=beams.nodes[pick],
        ends_blank=np.where(grown, -np.inf, ends_blank[pick]),
        ends_token=np.where(grown, longer[rows, source_of, token_of], ends_token[pick]),
        prior=np.where(grown, longer_prior[rows, source_of, token_of], beams.prior[pick]),
        states=[states[pick] for states in beams.states],
    )
    # Where fewer hypotheses are possible than the beam holds, the rest stand for nothing.
    possible = np.isfinite(new.acoustic + new.prior)
    new.nodes[~possible] = NOTHING
    for place in zip(*np.nonzero(grown & possible), strict=True):
        token = int(token_of[place])
        new.nodes[place] = trie.child(int(new.nodes[place]), token)
        for weighted, states in zip(models, new.states, strict=True):
            states[place] = weighted.model.advance(int(states[place]), token)
    return new
