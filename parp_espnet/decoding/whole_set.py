"""Search a whole data set, with one choice of weights or with many."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

import numpy as np

from parp_espnet.decoding.language_model import LanguageModel
from parp_espnet.decoding.lexicon import Lexicon
from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.decoding.prefix_search import Weighted, search

BATCH = 32

type Transcripts = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Weights:
    """What a search may weigh: the weights multiply natural logarithms, the penalty is added for
    every token.
    """

    lm_weight: float = 0.0
    ngram_weight: float = 0.0
    penalty: float = 0.0


@dataclass(frozen=True)
class Models:
    """The language models of a search, and the words that it keeps to."""

    lm: LanguageModel | None = None
    """A neural one."""
    ngram: LanguageModel | None = None
    lexicon: Lexicon | None = None

    def weighted(self, weights: Weights) -> list[Weighted]:
        """Return the models that there are, with their weights; a lexicon's is 1."""
        pairs = ((self.lm, weights.lm_weight), (self.ngram, weights.ngram_weight))
        weighted = [Weighted(model, weight) for model, weight in pairs if model is not None]
        if self.lexicon is not None:
            weighted.append(Weighted(self.lexicon, 1.0))
        return weighted

    def finished(self, tokens: tuple[int, ...]) -> tuple[int, ...]:
        """Return tokens that a search has found, without a word that they break off in."""
        return tokens if self.lexicon is None else self.lexicon.finished(tokens)

    def release(self) -> None:
        """Let go of what the models remember of a batch."""
        for model in (self.lm, self.ngram):
            if model is not None:
                model.release()


def search_all(
    logprobs: LogProbs, beam: int, models: Models, choices: Sequence[Weights]
) -> Iterator[Mapping[Weights, Transcripts]]:
    """Yield the transcripts of a batch of utterances after the other, by every choice of weights.

    A batch is searched with all choices before the next one, since a neural model's answers are
    good for all of them and too many to keep.
    """
    names = sorted(logprobs.utterances, key=lambda name: (-len(logprobs.utterances[name]), name))
    for batch in batched(names, BATCH):
        arrays = [logprobs.utterances[name].astype(np.float64) for name in batch]
        transcripts: dict[Weights, Transcripts] = {}
        for weights in choices:
            hypotheses = search(arrays, beam, weights.penalty, models.weighted(weights))
            transcripts[weights] = {}
            for name, hypothesis in zip(batch, hypotheses, strict=True):
                tokens = models.finished(hypothesis.tokens)
                transcripts[weights][name] = tuple(logprobs.tokens[token] for token in tokens)
        models.release()
        yield transcripts
