#!/usr/bin/env bash
# transformers 5.23.0: a Wav2Vec2CTCTokenizer that was saved comes back with another word delimiter.
#
# `word_delimiter_token` is what stands for the space between words. It is in the tokenizer_config.json that
# `save_pretrained` writes, and `from_pretrained` takes "|" all the same: what was "ab c" before is "ab<space>c" after.
# We name our space "|" in the vocabulary that we write.
#
# Seen: "saved with <space>, read with |". Exit code 1 says that this has changed.
#
#     findings/ctc_tokenizer_forgets_its_delimiter.sh        needs Python 3.12 or 3.13 and PyPI, a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet transformers==5.23.0 numpy==2.3.5
venv/bin/python - <<'END'
import json
import sys
from pathlib import Path

from transformers import Wav2Vec2CTCTokenizer

vocabulary = {"<blank>": 0, "<unk>": 1, "<space>": 2, "a": 3, "b": 4, "c": 5}
Path("vocab.json").write_text(json.dumps(vocabulary))
own = Wav2Vec2CTCTokenizer(
    "vocab.json",
    pad_token="<blank>",
    unk_token="<unk>",
    bos_token=None,
    eos_token=None,
    word_delimiter_token="<space>",
)
own.save_pretrained("saved")
written = json.loads(Path("saved/tokenizer_config.json").read_text())["word_delimiter_token"]
back = Wav2Vec2CTCTokenizer.from_pretrained("saved")
labels = [3, 4, 2, 5]
print(f"saved with {written}, read with {back.word_delimiter_token}")
print(f"before: {own.decode(labels)!r}, after: {back.decode(labels)!r}")
sys.exit(not (written == "<space>" and back.word_delimiter_token == "|"))
END
