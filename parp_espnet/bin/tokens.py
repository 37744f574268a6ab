"""Write ESPnet's token list of a data directory.

python3 -m parp_espnet.bin.tokens --data DIR --out FILE
python3 -m parp_espnet.bin.tokens --data DIR --out FILE --nbpe 100 --model FILE
"""

import argparse
from pathlib import Path

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.errors import command
from parp_espnet.files import write_text
from parp_espnet.pipeline.subwords import train_subwords
from parp_espnet.pipeline.tokens import need_letters, token_list


@command
def main() -> None:
    """Print one line about what was written."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="data directory of the training set"
    )
    parser.add_argument("--out", type=Path, required=True, help="token list, one token a line")
    parser.add_argument("--letters", action="store_true", help="the text is to be in letters")
    parser.add_argument("--nbpe", type=int, metavar="N", help="train so many subwords on it")
    parser.add_argument("--model", type=Path, help="sentencepiece's model, with --nbpe")
    options = parser.parse_args()
    texts = [utterance.phones for utterance in read_data_dir(options.data)]
    if options.letters:
        need_letters(options.data, texts)
    if options.nbpe is None:
        tokens, what = token_list(texts), "phones"
    else:
        tokens, what = train_subwords(options.data, texts, options.nbpe, options.model), "subwords"
    write_text(options.out, "".join(f"{token}\n" for token in tokens))
    print(f"{options.out}: {len(tokens) - 3} {what}")


if __name__ == "__main__":
    main()
