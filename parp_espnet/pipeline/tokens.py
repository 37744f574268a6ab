"""ESPnet's token list: the phones of the training text, between ESPnet's own symbols."""

from collections import Counter
from itertools import chain
from pathlib import Path

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import write_text

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


def write_tokens(data: Path, out: Path) -> str:
    """Write the list of a data directory, one token a line; return a line about it.

    Raises `UserError`.
    """
    tokens = token_list([utterance.phones for utterance in read_data_dir(data)])
    write_text(out, "".join(f"{token}\n" for token in tokens))
    return f"{out}: {len(tokens) - 3} phones"
