"""Decoding log-probabilities into words of a list."""

from pathlib import Path

import numpy as np

from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.export.decodings import find_tuned
from parp_espnet.files import read_json, write_json
from parp_espnet.pipeline.search import ModelFiles, decode

TOKENS = ("<blank>", "<unk>", "a", "b", "<sos/eos>")


def test_words_of_a_lexicon(tmp_path: Path) -> None:
    lexicon = tmp_path / "lexicon.txt"
    lexicon.write_text("one a\ntwo b a\n")
    heard = {"u-2": [2, 0, 3, 0, 2], "u-1": [3, 0, 3, 2, 0]}
    rows = {}
    for name, path in heard.items():
        rows[name] = np.log(0.9 * np.eye(5)[path] + 0.02).astype(np.float32)
    file = tmp_path / "logprobs.safetensors"
    LogProbs(TOKENS, rows).write(file)
    exp = tmp_path / "exp"
    out = exp / "decode_words/test"
    decode(file, out, ModelFiles(lexicon=lexicon), 20, Weights())
    # Of b b a, whose first b is no word, it is one that is nearest.
    assert (out / "text").read_text() == "u-1 b a\nu-2 a b a\n"
    assert (out / "words").read_text() == "u-1 two\nu-2 one two\n"
    told = read_json(out / "decode.json")
    assert told["decoding"] == "beam 20 of words"
    # parp-recognize finds words only where it is given a list.
    best = {"lm_weight": 0.0, "ngram_weight": 0.3, "penalty": 0.0, "tuned_on": "dev"}
    write_json(exp / "decode_words/dev/weights.json", best | {"error_rate": 0.1})
    assert find_tuned(exp) == ()
