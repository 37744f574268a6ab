#!/usr/bin/env bash
# kaldilm 1.15.5: a model of fewer orders, asked for by max_order, keeps weights of what was taken away, and each word pays them.
#
# kaldilm makes of an ARPA file the grammar that k2 decodes with, as Kaldi's arpa2fst does. Kaldi reads a file whole; `max_order` is
# kaldilm's own: if it is 2, "only ngram data up to bigram are used". The n-grams of the highest order that is left keep their back-off
# weights. Those say what share of the probability goes to words that are not listed after them; but none is listed any more, all goes
# there, and the share is taken off all the same, at every word. What may follow adds up to that share, not to one: a sentence costs more
# the longer it is, and a word costs more the better it was known what comes after it. No warning, exit code 0; the README's example of
# `--max-order=1` has such weights, and says nothing of them. A whole file is right, and so is one whose higher orders were cut off by
# hand, with the weights of the last one that is left.
#
# Seen, of all that may follow the beginning, "ka", and "ka ni", the sums, and log10 of the sentence "ka ni":
# "order 3, whole: 1.00 1.00 1.00; ka ni -0.24",
# "order 2, by max_order: 1.00 0.50 0.50; ka ni -0.98", "order 2, cut off by hand: 1.00 1.00 1.00; ka ni -0.37",
# "order 1, by max_order: 0.50 0.33 0.33; ka ni -2.76", "order 1, cut off by hand: 1.00 1.00 1.00; ka ni -1.51".
# Exit code 1 says that this has changed.
#
#     findings/kaldilm_backs_off_twice.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet kaldilm==1.15.5
venv/bin/python - <<'PYTHON'
import math
import sys

import kaldilm

WORDS = ("ka", "ni", "</s>")
# Probabilities, and shares of what is not listed after an n-gram, by order.
MODEL = [
    {"<s>": (1e-99, 1 / 2), "ka": (1 / 2, 1 / 3), "ni": (1 / 4, 1 / 3), "</s>": (1 / 4, None)},
    {"<s> ka": (3 / 4, 1 / 2), "ka ni": (3 / 4, 1 / 2), "ni </s>": (3 / 4, None)},
    {"<s> ka ni": (7 / 8, None), "ka ni </s>": (7 / 8, None)},
]
HISTORIES = ([], ["ka"], ["ka", "ni"])


def write(path, order):
    with open(path, "w", encoding="utf-8") as file:
        print("\n\\data\\", *(f"ngram {n}={len(MODEL[n - 1])}" for n in range(1, order + 1)), sep="\n", file=file)
        for n in range(1, order + 1):
            print(f"\n\\{n}-grams:", file=file)
            for gram, (one, share) in MODEL[n - 1].items():
                weight = f"\t{math.log10(share):.6f}" if share and n < order else ""
                print(f"{math.log10(one):.6f}\t{gram}{weight}", file=file)
        print("\n\\end\\", file=file)


def read(path, **options):
    """The first state, and what each state has of words, of the end, and of backing off ("#0"), with costs."""
    text = kaldilm.arpa2fst(input_arpa=path, disambig_symbol="#0", write_symbol_table="words", **options)
    with open("words", encoding="utf-8") as file:
        words = {number: word for word, number in map(str.split, file)}
    lines = [line.split() for line in text.splitlines() if line.strip()]
    arcs = {}
    for state, *rest in lines:
        if len(rest) < 3:
            arcs.setdefault(state, {})["</s>"] = (None, float(rest[0]) if rest else 0)
        else:
            arcs.setdefault(state, {})[words[rest[1]]] = (rest[0], float(rest[3]) if rest[3:] else 0)
    return lines[0][0], arcs


def step(arcs, state, word):
    """The next state and the probability of a word, by backing off where it is not listed."""
    cost = 0
    while word not in arcs[state]:
        state, weight = arcs[state]["#0"]
        cost += weight
    state, weight = arcs[state][word]
    return state, math.exp(-cost - weight)


held = []
for order in (3, 2, 1):
    write("whole", 3)
    write("cut", order)
    ways = {"by max_order": ("whole", {"max_order": order}), "cut off by hand": ("cut", {})}
    for way, (path, options) in ways.items() if order < 3 else [("whole", ("whole", {}))]:
        first, arcs = read(path, **options)
        sums = []
        for history in HISTORIES:
            state, sentence = first, 1
            for word in history:
                state, one = step(arcs, state, word)
                sentence *= one
            sums.append(sum(step(arcs, state, word)[1] for word in WORDS))
        total = math.log10(sentence * step(arcs, state, "</s>")[1])
        print(f"order {order}, {way}: {' '.join(f'{one:.2f}' for one in sums)}; ka ni {total:.2f}")
        right = all(abs(one - 1) < 0.001 for one in sums)
        held.append(max(sums[1:]) < 0.6 if way == "by max_order" else right)
sys.exit(not all(held))
PYTHON
