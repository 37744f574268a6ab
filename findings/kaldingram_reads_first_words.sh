#!/usr/bin/env bash
# kaldingram 0.1.2: a unigram model of a text file is made of the first word of each line alone.
#
# `kaldingram train` of the next-generation Kaldi estimates n-gram models in ARPA form for decoding. With `--ngram-order 1
# --text FILE` each line is cut off after its first word before it is counted, whatever the number of workers. The same text on
# standard input is counted whole, and so is a file for any higher order, whose unigrams then have all words. Nothing is said,
# and the documentation does not say it. A baseline, or a model that only weighs the words of a lexicon, lacks most words: its
# own `ppl` finds them unknown in the very text that it was trained on, and what begins sentences counts as what is frequent.
#
# Seen, of 4 sentences with 14 words, 8 of them different; "ni" is said five times and begins none, "ka" begins three:
# "order 1, file: 2 words: ka na; log10 of ni: none, of ka: -0.60",
# "order 1, file, 2 workers: 2 words: ka na; log10 of ni: none, of ka: -0.60",
# "order 1, standard input: 8 words: bo ka le mi na ni su ti; log10 of ni: -0.64, of ka: -0.87",
# "order 2, file: 8 words: bo ka le mi na ni su ti; log10 of ni: -0.41, of ka: -1.11",
# "ppl of the model by the file, of its own text: 14 words, 10 OOVs".
# Exit code 1 says that this has changed.
#
#     findings/kaldingram_reads_first_words.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet kaldingram==0.1.2
cat >text <<'TEXT'
ka ni bo ni
ka mi ni
ka le su ni
na ti ni
TEXT
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys


def train(of, *options):
    with open("text") as text:
        command = ["venv/bin/kaldingram", "train", "--lm", f"{of}.arpa", *options]
        subprocess.run(command, stdin=text, check=True, capture_output=True)
    with open(f"{of}.arpa") as file:
        unigrams = file.read().split("\\1-grams:\n")[1].split("\n\n")[0].splitlines()
    words = {line.split("\t")[1]: float(line.split("\t")[0]) for line in unigrams}
    known = sorted(set(words) - {"<s>", "</s>"})
    number = f"{words['ni']:.2f}" if "ni" in words else "none"
    print(f"{of}: {len(known)} words: {' '.join(known)}; log10 of ni: {number}, of ka: {words['ka']:.2f}")
    return known


said = open("text").read().split()
one = train("order 1, file", "--ngram-order", "1", "--text", "text")
two = train("order 1, file, 2 workers", "--ngram-order", "1", "--text", "text", "--num-workers", "2")
piped = train("order 1, standard input", "--ngram-order", "1")
bigrams = train("order 2, file", "--ngram-order", "2", "--text", "text")
command = ["venv/bin/kaldingram", "ppl", "--lm", "order 1, file.arpa", "--text", "text"]
tested = subprocess.run(command, check=True, capture_output=True, text=True)
words, unknown = re.search(r"(\d+) words, (\d+) OOVs", tested.stdout + tested.stderr).groups()
print(f"ppl of the model by the file, of its own text: {words} words, {unknown} OOVs")
right = piped == bigrams == sorted(set(said)) and int(words) == len(said)
outside = sum(word not in one for word in said)
sys.exit(not (right and one == two == ["ka", "na"] and int(unknown) == outside > 0))
PYTHON
