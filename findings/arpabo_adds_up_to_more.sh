#!/usr/bin/env bash
# arpabo 0.3.0: a word that is said once more than another is twice as probable, and the words after a word add up to more than one.
#
# arpabo makes n-gram models in ARPA form for PocketSphinx and Kaldi, and compares smoothing methods by perplexity. Its default,
# Good-Turing, puts in the place of a count c the count c + 1 times the number of words with c + 1 over that of words with c,
# wherever there are such words, not where counts are small alone as is usual: of two words with 40 and one with 41, each of the
# former loses half. And every method leaves to what was seen after a word about its whole share, and gives to what was not seen
# the share that it has anywhere, weighted by 1 (Good-Turing, Kneser-Ney) or by what does not fit what was taken off ("auto",
# "fixed"). So sums are mostly above one and differ from word to word: perplexities, by which it recommends models, are of no
# probabilities, and a decoder weighs words by how many others were not heard after the one before. The README calls the files
# standard; nothing warns.
#
# Seen, of a text where "ka" and "ni" are said 40 times and "mi" 41 times; sums of all that may follow the beginning, ka, ni and mi:
# "good_turing: p(ka) 0.07, p(ni) 0.07, p(mi) 0.14; sums 1.29 1.22 1.22 1.29",
# "kneser_ney: p(ka) 0.25, p(ni) 0.25, p(mi) 0.12; sums 1.35 1.34 1.34 1.61",
# "auto: p(ka) 0.14, p(ni) 0.14, p(mi) 0.14; sums 1.24 1.24 1.24 1.38",
# "fixed: p(ka) 0.14, p(ni) 0.14, p(mi) 0.14; sums 1.09 1.09 1.09 1.23".
# Exit code 1 says that this has changed.
#
#     findings/arpabo_adds_up_to_more.sh        needs Python 3.12 or 3.13 and PyPI, a quarter of a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet arpabo==0.3.0
for _ in {1..20}; do printf 'ka ni\nni ka\n'; done >text
for _ in {1..41}; do echo mi; done >>text
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys


def read(path):
    """Probabilities of n-grams in an ARPA file, and weights of what begins with them."""
    probabilities, weights = {}, {}
    order = 0
    with open(path, encoding="utf-8") as file:
        for row in file:
            if begin := re.match(r"\\(\d)-grams:", row):
                order = int(begin[1])
            elif order and len(fields := row.split()) > order:
                gram = tuple(fields[1 : order + 1])
                probabilities[gram] = 10 ** float(fields[0])
                weights[gram] = 10 ** float((*fields[order + 1 :], 0)[0])
    return probabilities, weights


as_seen = True
for method in ("good_turing", "kneser_ney", "auto", "fixed"):
    command = ["venv/bin/arpabo", "text", "-o", "arpa", "-m", "2", "-s", method]
    subprocess.run(command, check=True, capture_output=True)
    probabilities, weights = read("arpa")
    words = [gram[0] for gram in probabilities if len(gram) == 1 and gram != ("<s>",)]
    sums = []
    for before in ("<s>", "ka", "ni", "mi"):
        backed = [weights[before,] * probabilities[word,] for word in words]
        sums.append(sum(probabilities.get((before, word), other) for word, other in zip(words, backed)))
    unigrams = {word: probabilities[word,] for word in ("ka", "ni", "mi")}
    alone = ", ".join(f"p({word}) {one:.2f}" for word, one in unigrams.items())
    print(f"{method}: {alone}; sums {' '.join(f'{one:.2f}' for one in sums)}")
    as_seen = as_seen and min(sums) > 1.05
    if method == "good_turing":
        as_seen = as_seen and unigrams["mi"] > 1.9 * unigrams["ka"]
sys.exit(not as_seen)
PYTHON
