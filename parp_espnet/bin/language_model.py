"""Prepare the text of language models, or estimate an n-gram of it.

python3 -m parp_espnet.bin.language_model text --text data/train/text --token_list FILE --out FILE
python3 -m parp_espnet.bin.language_model ngram --text FILE --token_list FILE --order 3 --out
FILE.arpa
"""

import argparse
from pathlib import Path

from parp_espnet.errors import UserError, command
from parp_espnet.pipeline.language_models import make_ngram, make_text


@command
def main() -> None:
    """Print one line about what was written."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    actions = parser.add_subparsers(dest="action", required=True)
    text = actions.add_parser(
        "text", help="check a Kaldi text and keep its sentences that are not empty"
    )
    ngram = actions.add_parser(
        "ngram", help="write an ARPA file of a Kaldi text: interpolated, Witten-Bell"
    )
    for action in (text, ngram):
        action.add_argument(
            "--text", type=Path, required=True, help="lines 'utterance token token …'"
        )
        action.add_argument(
            "--token_list", type=Path, required=True, help="the recogniser's tokens, one a line"
        )
        action.add_argument("--out", type=Path, required=True, help="file to write")
    text.add_argument("--subwords", type=Path, help="sentencepiece's model, of stage 4")
    ngram.add_argument("--order", type=int, default=3, help="words of the longest n-grams [3]")
    options = parser.parse_args()
    if options.action == "text":
        print(make_text(options.text, options.token_list, options.out, options.subwords))
        return
    if options.order < 1:
        raise UserError(f"--order {options.order}: expected 1 or more")
    print(make_ngram(options.text, options.token_list, options.order, options.out))


if __name__ == "__main__":
    main()
