#!/usr/bin/env bash
# phonecodes 2.0.0: an n and a d of IPA become one dental n in X-SAMPA, and a dental n of X-SAMPA becomes n and d.
#
# phonecodes converts between IPA, X-SAMPA, ARPAbet and the alphabets of corpora. `_d` is X-SAMPA's sign for "dental", and its table has
# it as that after every other letter; but beside it stands n_d, as "nd". The way with the fewest symbols is taken, so that of the
# commonest cluster of many languages the d is lost: [anda] is written as [an̪a] is, and "hand" as "Hann". The way back makes an "nd"
# of it, so that there and back shows nothing; who else reads the lexicon has no d, and in X-SAMPA of Spanish, Hindi or Tamil, where
# dental nasals are written so, each gets a stop that nobody said. No error is raised, and neither README nor changelog says so.
#
# Seen, with panphon 0.22.2, another converter of X-SAMPA, as the reader:
# "anda -> an_da, there and back anda; read by panphon: an̪a", "hand -> han_d, there and back hand; read by panphon: han̪",
# "amba -> amba, there and back amba; read by panphon: amba", "an̪a -> an_da, there and back anda; read by panphon: an̪a",
# "at̪a -> at_da, there and back at̪a; read by panphon: at̪a".
# Exit code 1 says that this has changed.
#
#     findings/phonecodes_lose_a_d.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet phonecodes==2.0.0 panphon==0.22.2 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

from panphon.xsampa import XSampa
from phonecodes import phonecodes

DENTAL = "\u032a"
EXPECTED = {
    "anda": ("anda", f"an{DENTAL}a"),
    "hand": ("hand", f"han{DENTAL}"),
    "amba": ("amba", "amba"),
    f"an{DENTAL}a": ("anda", f"an{DENTAL}a"),
    f"at{DENTAL}a": (f"at{DENTAL}a", f"at{DENTAL}a"),
}

seen = {}
for word in EXPECTED:
    written = phonecodes.ipa2xsampa(word)
    seen[word] = (phonecodes.xsampa2ipa(written), XSampa().convert(written))
    print(f"{word} -> {written}, there and back {seen[word][0]}; read by panphon: {seen[word][1]}")
sys.exit(seen != EXPECTED)
PYTHON
