"""Stage 4, of subwords: sentencepiece's unigrams of the training text, and texts in them.

Texts are taken as they are: sentencepiece's own normal form (nmt_nfkc) would turn ʰ into h, ² into
2 and ː into a colon, so the rule is `identity`, and what is normalised (NFC, lower case) was so
before, when the text was spelled. Every character of the training text is kept (a coverage of 1),
and a subword may join letters of several scripts, and digits, as orthographies do. It is of
Unicode's characters, and may begin with a mark. Like ESPnet's, the number of subwords counts
sentencepiece's <unk>, <s> and </s>.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from parp_espnet.data.kaldi import read_data_dir, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write, need_file
from parp_espnet.phones.spelled import WORD_BEGIN, are_letters, holds_words
from parp_espnet.pipeline.tokens import BLANK, END, UNKNOWN
from parp_espnet.scoring.words import sentence

_LONGEST = 1 << 24
"""Bytes of a sentence: longer ones, sentencepiece leaves out."""
_TOO_MANY = re.compile(r"value <= (\d+)")
_TOO_FEW = re.compile(r"required_chars\. (\d+) vs (\d+)")


def train_subwords(
    data: Path, texts: Sequence[tuple[str, ...]], number: int, model: Path
) -> list[str]:
    """Train on the words of texts in letters, or in words; write sentencepiece's model, and return
    ESPnet's token list: blank, unknown, subwords in the model's order, end.

    Raises `UserError` where the text allows fewer subwords, or has more characters.
    """
    sentences = [said for said in plain_sentences(texts) if said]
    if not sentences:
        raise UserError(f"{data}: the training text is empty: expected words")
    taken = [said for said in sentences if WORD_BEGIN in said]
    if taken:
        raise UserError(
            f"{data}: expected texts without {WORD_BEGIN} (U+2581), which sentencepiece has for "
            f"the space, found {taken[0]!r}"
        )
    written = io.BytesIO()
    try:
        _library().SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=written,
            vocab_size=number,
            model_type="unigram",
            character_coverage=1.0,
            normalization_rule_name="identity",
            split_by_unicode_script=False,
            split_by_number=False,
            max_sentence_length=_LONGEST,
            # The same bits on any number of cores.
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _told(data, number, str(error)) from None
    with atomic_write(model) as temporary:
        temporary.write_bytes(written.getvalue())
    pieces = _load(model)
    tokens = [BLANK, UNKNOWN]
    for place in range(pieces.get_piece_size()):
        piece = pieces.id_to_piece(place)
        if piece not in ("<unk>", "<s>", "</s>"):
            tokens.append(piece)
    return [*tokens, END]


def _told(data: Path, number: int, said: str) -> UserError:
    """What sentencepiece said of a number of subwords, in words of ours."""
    what = f"phn.sh: --nbpe {number}: the text of {data}"
    if most := _TOO_MANY.search(said):
        return UserError(f"{what} has fewer subwords; expected {most[1]} or fewer")
    if few := _TOO_FEW.search(said):
        least = max(map(int, few.groups()))
        return UserError(f"{what} has more characters than that; expected {least} or more")
    return UserError(f"{what}: sentencepiece: {' '.join(said.split())}")


def plain_sentences(texts: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the sentences that tokens (letters, subwords or words) say, with single spaces."""
    every = list(texts)
    used = set(chain.from_iterable(every))
    spelled = holds_words(used) or are_letters(used)
    return [sentence(tokens, spelled) for tokens in every]


class Encoder:
    """A trained model of sentencepiece's."""

    def __init__(self, model: Path) -> None:
        """Raises `UserError` where it is missing or damaged."""
        self._pieces = _load(model)

    def encode(self, texts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Return each text in subwords; a character that the model does not know stays itself."""
        said = plain_sentences(texts)
        return [tuple(self._pieces.encode(text, out_type=str)) for text in said]


def encode_set(data: Path, model: Path, out: Path) -> str:
    """Write a data directory in subwords; return a line about it. Raises `UserError`."""
    utterances = read_data_dir(data)
    encoded = Encoder(model).encode([utterance.phones for utterance in utterances])
    written = []
    for utterance, pieces in zip(utterances, encoded, strict=True):
        written.append(replace(utterance, phones=pieces))
    write_data_dir(out, written)
    return f"{out}: {len(written)} utterances, {sum(map(len, encoded))} subwords"


def _library() -> Any:
    """sentencepiece, which has no types, and is for this alone."""
    return import_module("sentencepiece")


def _load(model: Path) -> Any:
    need_file(model, "no such model of subwords; stage 4 makes it")
    pieces = _library().SentencePieceProcessor()
    try:
        pieces.load_from_serialized_proto(model.read_bytes())
    except (OSError, RuntimeError):
        raise UserError(
            f"{model}: expected sentencepiece's model, found another file; delete it, and stage 4 "
            f"makes it"
        ) from None
    return pieces
