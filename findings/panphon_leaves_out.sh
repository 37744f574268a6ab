#!/usr/bin/env bash
# panphon 0.22.2: sounds that it does not know are left out of a word, and nothing says so.
#
# ɚ and ɝ (American English "bird"), ʡ and ⱱ have no row in its table, and the ⁿ before a prenasalised ⁿd, mᵇ's relative
# in every Bantu language, is dropped. `ipa_segs` and `word_fts` then give a shorter word, so that distances and feature
# error rates never count these sounds: "bɝd" and "bd" are equal.
#
# Seen: "bɝd: b d", "ⁿda: d a", "distance of bɝd and bd: 0.0". Exit code 1 says that this has changed.
#
#     findings/panphon_leaves_out.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet panphon==0.22.2 numpy==2.3.5
PYTHONUTF8=1 venv/bin/python - <<'PYTHON'
import sys

import panphon
import panphon.distance

table = panphon.FeatureTable()
for word in ("bɝd", "ⁿda", "ʡa", "ⱱa"):
    print(f"{word}: {' '.join(table.ipa_segs(word))}")
distance = panphon.distance.Distance().weighted_feature_edit_distance("bɝd", "bd")
print(f"distance of bɝd and bd: {distance}")
sys.exit(not (table.ipa_segs("bɝd") == ["b", "d"] and table.ipa_segs("ⁿda") == ["d", "a"] and distance == 0))
PYTHON
