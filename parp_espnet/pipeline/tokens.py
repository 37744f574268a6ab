"""ESPnet's token list: the phones of the training text, between ESPnet's own symbols."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import write_text
from parp_espnet.phones.spelled import SPACE, are_letters

BLANK, UNKNOWN, END = "<blank>", "<unk>", "<sos/eos>"


def token_list(texts: list[tuple[str, ...]]) -> list[str]:
    """Return the list in ESPnet's order: blank, unknown, phones from frequent to rare (ties
    bytewise), end.

    Raises `UserError` when there is no phone, or one bears the name of a special symbol.
    """
    counts = Counter(chain.from_iterable(texts))
    if not counts:
        raise UserError("the training text holds no phone: expected lines such as 'utt1 o l a'")
    if taken := {BLANK, UNKNOWN, END} & counts.keys():
        raise UserError(
            f"the training text holds {', '.join(sorted(taken))}, which is a special symbol's name"
        )
    phones = sorted(counts, key=lambda phone: (-counts[phone], phone.encode()))
    return [BLANK, UNKNOWN, *phones, END]


def need_letters(data: Path, texts: Sequence[tuple[str, ...]]) -> None:
    """Raise `UserError` unless texts are letters."""
    used = set(chain.from_iterable(texts))
    if are_letters(used):
        return
    longest = max(used, key=lambda token: (len(token), token))
    raise UserError(
        f"{data}: --token_type char: expected letters, with {SPACE} between words, found "
        f"{longest!r}; --own PATH --token_type char spells words"
    )


def write_tokens(
    data: Path,
    out: Path,
    letters: bool = False,
    nbpe: int | None = None,
    model: Path | None = None,
) -> str:
    """Write the list of a data directory, one token a line; return a line about it.

    Args:
        letters: the text is to be in letters.
        nbpe: how many subwords are trained on it, in place of its own tokens.
        model: where sentencepiece's model of them goes.

    Raises `UserError`.
    """
    texts = [utterance.phones for utterance in read_data_dir(data)]
    if letters:
        need_letters(data, texts)
    if nbpe is None:
        tokens, what = token_list(texts), "phones"
    else:
        from parp_espnet.pipeline.subwords import train_subwords  # noqa: PLC0415

        assert model is not None
        tokens, what = train_subwords(data, texts, nbpe, model), "subwords"
    write_text(out, "".join(f"{token}\n" for token in tokens))
    return f"{out}: {len(tokens) - 3} {what}"
