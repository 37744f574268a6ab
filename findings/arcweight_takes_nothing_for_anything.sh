#!/usr/bin/env bash
# arcweight 0.3.0: composed, a transducer's empty label matches any label of the other, and words are heard without their sounds.
#
# arcweight is a library of weighted transducers, in Rust with a Python interface. A lexicon has one word for several phones, so that
# all but one of its arcs have an empty output (label 0), which composition has to pass without a step in the grammar; its own
# example composes a lexicon and a grammar. `compose` does pass it, but takes it also for a match with whatever the grammar wants
# next: the sounds of one word pay for the next word too, at no cost. `compose_with_lookahead`, said to be the same and faster, keeps
# such matches and loses what is right. `compose_parallel` of the same two gives what is right, and no more. Nothing is raised.
#
# Seen, of the lexicon "cat" = k a t, "go" = g o, and all that its composition with a sentence accepts:
# "cat go: by definition [k a t g o]; compose [k a t], [k a t g o]; lookahead none; parallel [k a t g o]",
# "go cat: by definition [g o k a t]; compose [g o], [g o k a t]; lookahead [g o]; parallel [g o k a t]",
# "a to nothing, then b to b: by definition none; compose [a]; lookahead [a]; parallel none".
# Exit code 1 says that this has changed.
#
#     findings/arcweight_takes_nothing_for_anything.sh        needs Python 3.12 or 3.13 and PyPI, a quarter of a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet arcweight==0.3.0
venv/bin/python - <<'PYTHON'
import sys

import arcweight

SIGNS = ["nothing", "k", "a", "t", "g", "o", "b", "cat", "go"]
LABELS = {sign: number for number, sign in enumerate(SIGNS)}
LEXICON = {"cat": "kat", "go": "go"}
WAYS = {
    "compose": arcweight.compose,
    "lookahead": arcweight.compose_with_lookahead,
    "parallel": arcweight.compose_parallel,
}


def chain(fst, state, pairs, end):
    """Adds a path through FST from STATE to END, of pairs of input and output."""
    for number, pair in enumerate(pairs, 1):
        following = end if number == len(pairs) else fst.add_state()
        fst.add_arc(state, *(LABELS[sign] for sign in pair), 0.0, following)
        state = following


def empty(loops):
    """An FST without arcs: one state that begins and ends, or one for each."""
    fst = arcweight.VectorFst()
    begin = fst.add_state()
    end = begin if loops else fst.add_state()
    fst.set_start(begin)
    fst.set_final(end, 0.0)
    return fst, begin, end


def line(pairs):
    fst, begin, end = empty(loops=False)
    chain(fst, begin, pairs, end)
    return fst


def inputs(fst):
    """What FST, which has no circles here, accepts, without the empty labels."""
    paths = (path.input_labels() for path in fst.paths_iter())
    return sorted({tuple(SIGNS[label] for label in labels if label) for labels in paths})


def shown(accepted):
    return ", ".join(f"[{' '.join(one)}]" for one in accepted) or "none"


lexicon, begin, end = empty(loops=True)
for word, phones in LEXICON.items():
    outputs = [word] + ["nothing"] * (len(phones) - 1)
    chain(lexicon, begin, list(zip(phones, outputs)), end)
cases = [
    (" ".join(words), lexicon, line([(word, word) for word in words]), [tuple("".join(LEXICON[word] for word in words))])
    for words in (["cat", "go"], ["go", "cat"])
]
cases.append(("a to nothing, then b to b", line([("a", "nothing")]), line([("b", "b")]), []))
as_seen = True
for name, first, second, right in cases:
    seen = {way: inputs(composed(first, second)) for way, composed in WAYS.items()}
    print(f"{name}: by definition {shown(right)}; {'; '.join(f'{way} {shown(one)}' for way, one in seen.items())}")
    wrong = set(right) < set(seen["compose"]) and seen["lookahead"] != right
    as_seen = as_seen and wrong and seen["parallel"] == right
sys.exit(not as_seen)
PYTHON
