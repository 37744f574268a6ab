"""Stage 10: the text that language models are made of, and the n-gram of it; stage 4: whether those
that are given fit.
"""

from itertools import chain
from pathlib import Path

from parp_espnet.decoding.binary import read_ngram
from parp_espnet.decoding.language_model import SPECIAL, words_of_tokens
from parp_espnet.decoding.witten_bell import estimate
from parp_espnet.decoding.word_list import read_lexicon
from parp_espnet.errors import UserError
from parp_espnet.files import need_file, regular, write_text
from parp_espnet.pipeline.subwords import Encoder
from parp_espnet.scoring.transcripts import read_text


def read_tokens(path: Path) -> list[str]:
    """Read ESPnet's token list. Raises `UserError` when it is missing or empty."""
    try:
        tokens = regular(path).read_text(encoding="utf-8").split()
    except OSError as error:
        raise UserError(
            f"{path}: cannot read the token list ({error.strerror}); stage 4 makes it"
        ) from None
    if not tokens:
        raise UserError(
            f"{path}: expected a token list, found an empty file; delete it, and stage 4 makes it"
        )
    return tokens


def need_fitting(token_list: Path, lexicon: Path | None = None, ngram: Path | None = None) -> str:
    """Return a line about what is of a lexicon and an n-gram in the recogniser's tokens.

    Raises `UserError` where one of them cannot be read, or is of other tokens.
    """
    tokens = read_tokens(token_list)
    told: list[str] = []
    if lexicon is not None:
        _, left_out = read_lexicon(lexicon, tokens)
        told.append(f"{lexicon} fits" + (f", without {left_out}" if left_out else ""))
    if ngram is not None:
        read_ngram(ngram, tokens)
        told.append(f"{ngram} fits")
    return f"{token_list}: {'; '.join(told)}"


def make_text(text: Path, token_list: Path, out: Path, subwords: Path | None = None) -> str:
    """Write the sentences of a Kaldi text that say something to `out`; return a line about them.

    With a model of subwords, sentences in letters or words are written in these.

    Raises `UserError` when the file holds none, or fewer than half of its words are the
    recogniser's tokens.
    """
    need_file(text, "no such file; expected lines 'utterance token token …' for the language model")
    sentences = {name: words for name, words in read_text(text).items() if words}
    if not sentences:
        raise UserError(
            f"{text}: expected lines 'utterance token token …' for the language model, found no "
            f"token"
        )
    if subwords is not None:
        encoded = Encoder(subwords).encode(list(sentences.values()))
        sentences = dict(zip(sentences, encoded, strict=True))
    known = set(read_tokens(token_list)) - set(SPECIAL)
    # Two ways to encode ã are one token, the recogniser's.
    spelled = words_of_tokens(sorted(set(chain.from_iterable(sentences.values()))), known)
    for name, said in sentences.items():
        sentences[name] = tuple(spelled.get(word, word) for word in said)
    words = list(chain.from_iterable(sentences.values()))
    unknown = [word for word in words if word not in known]
    if 2 * len(unknown) > len(words):
        examples = " ".join(sorted(set(unknown))[:3])
        raise UserError(
            f"{text}: {len(unknown)} of {len(words)} words, such as {examples}, are not among the "
            f"recogniser's tokens "
            f"({' '.join(sorted(known)[:3])} …); expected 'utterance token token …' in the same "
            f"tokens"
        )
    write_text(out, "".join(f"{name} {' '.join(said)}\n" for name, said in sentences.items()))
    others = f", {len(unknown)} of them unknown to the recogniser" if unknown else ""
    return f"{out}: {len(sentences)} sentences, {len(words)} tokens{others}"


def make_ngram(text: Path, token_list: Path, order: int, out: Path) -> str:
    """Estimate an n-gram of a Kaldi text and write it as an ARPA file; return a line about it.
    Raises `UserError`.
    """
    vocabulary = [token for token in read_tokens(token_list) if token not in SPECIAL]
    sentences = list(read_text(text).values())
    model = estimate(sentences, vocabulary, order)
    model.write(out)
    sizes: list[str] = []
    for number, entries in enumerate(model.ngrams, start=1):
        sizes.append(f"{len(entries)} {number}-grams")
    return f"{out}: {', '.join(sizes)} of {len(sentences)} sentences"
