"""An n-gram estimated from a few hundred sentences: interpolated, discounted by Witten and Bell's
method.

Chen and Goodman 1998 ("An empirical study of smoothing techniques for language modeling", section
2.4, equation 18):

    p(w | h) = (c(h w) + T(h) p(w | h')) / (c(h) + T(h))

where c counts, h' is h without its first word, and T(h) is the number of different words seen after
h. Below the words alone is the uniform distribution, so that no word is impossible. Kneser and
Ney's discounts are better on much text, but come from the numbers of n-grams that are seen once to
four times; of fifty phones none may be seen only once, and the discounts are then undefined
(KenLM's lmplz refuses). Witten and Bell's need nothing of the kind.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from parp_espnet.decoding.arpa import BEGIN, END, Arpa, Entry, Words
from parp_espnet.errors import UserError

NEVER = -99.0
"""What ARPA files give the beginning of a sentence, which is never predicted."""


def estimate(sentences: Sequence[Words], vocabulary: Collection[str], order: int) -> Arpa:
    """Estimate a model whose words are those of the sentences and of the vocabulary.

    Args:
        sentences: the words of each; one without words counts as nothing said.
        vocabulary: words that have to be possible though the sentences may lack them.
        order: words of the longest n-grams, at least 1.

    Raises:
        UserError: there is no sentence, or one holds a word that stands for the beginning or the
            end.
    """
    if not any(sentences):
        raise UserError(
            "the text of a language model holds no word: expected lines such as 'utt1 o l a'"
        )
    words = set(vocabulary).union(*sentences)
    if taken := words & {BEGIN, END}:
        raise UserError(
            f"the text of a language model holds {min(taken)}, which is a special symbol's name"
        )
    followers = _followers(sentences, order)
    probabilities: dict[Words, dict[str, float]] = {
        (): dict.fromkeys(sorted({*words, END}), 1 / (len(words) + 1))
    }
    # Shorter contexts first: longer ones lean on them. In the uniform distribution's place come the
    # words alone.
    for context in sorted(followers, key=lambda words: (len(words), words)):
        lower = probabilities[context[1:]]
        counts = followers[context]
        total, different = counts.total(), len(counts)
        smoothed = counts if context else lower
        probabilities[context] = {
            word: (counts[word] + different * lower[word]) / (total + different)
            for word in smoothed
        }
    return _as_arpa(probabilities, followers, order)


def _followers(sentences: Sequence[Words], order: int) -> dict[Words, Counter[str]]:
    """Count the words after every context of up to `order` - 1 words."""
    followers: defaultdict[Words, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        padded = (BEGIN, *sentence, END)
        for position in range(1, len(padded)):
            for length in range(min(order - 1, position) + 1):
                followers[padded[position - length : position]][padded[position]] += 1
    return dict(followers)


def _as_arpa(
    probabilities: dict[Words, dict[str, float]], followers: dict[Words, Counter[str]], order: int
) -> Arpa:
    """The same model with back-off: what a context has not seen gets T(h) / (c(h) + T(h)) times p(w
    | h').
    """

    def backoff(words: Words) -> float:
        counts = followers.get(words)
        return 0.0 if counts is None else math.log10(len(counts) / (counts.total() + len(counts)))

    ngrams: list[dict[Words, Entry]] = [{} for _ in range(order)]
    for context, following in probabilities.items():
        for word, probability in following.items():
            ngram = (*context, word)
            ngrams[len(context)][ngram] = Entry(
                math.log10(probability), backoff(ngram) if len(ngram) < order else 0.0
            )
    ngrams[0][BEGIN,] = Entry(NEVER, backoff((BEGIN,)) if order > 1 else 0.0)
    return Arpa(ngrams)
