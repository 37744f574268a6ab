#!/usr/bin/env bash
# tgt 1.5: Fleiss's kappa of two annotators is another number, and 1 where they never agree.
#
# TextGridTools measures how far annotators of TextGrids agree (tgt.agreement), by Cohen's kappa, Scott's pi and Fleiss's kappa.
# For the last one a table has a row for each item and says how many annotators put it into which category. With three
# annotators tgt makes that table; with two, or for each pair of more, it takes the table of who said what where the other said
# what, as Cohen's and Scott's want it, and reads its rows as if they were items. No error is raised. Two annotators of whom one
# has H wherever the other has L are in perfect agreement then. Fleiss's kappa of two annotators is Scott's pi, which tgt has
# right, and here it is computed by its definition also.
#
# Seen, for the labels of two annotators:
# "HHHHHHHHHHLLLLLLLLLL HHHHHHHHLLLLLLLLLLHH: by definition 0.60, tgt 0.29, its Scott's pi 0.60",
# "HHHHHHLLLLLL HHHLLLHHHLLL: by definition 0.00, tgt -0.20, its Scott's pi 0.00",
# "HLHLHLHLHL LHLHLHLHLH: by definition -1.00, tgt 1.00, its Scott's pi -1.00", and of three
# "HHHHHHHHHHLLLLLLLLLL HHHHHHHHLLLLLLLLLLHH HHHHHHHHHHLLLLLLLLLH: by definition 0.73, tgt 0.73".
# Exit code 1 says that this has changed.
#
#     findings/kappa_of_a_confusion.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet tgt==1.5 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

import tgt
from tgt.agreement import agreement

OF_TWO = {
    ("HHHHHHHHHHLLLLLLLLLL", "HHHHHHHHLLLLLLLLLLHH"): (0.60, 0.29),
    ("HHHHHHLLLLLL", "HHHLLLHHHLLL"): (0.00, -0.20),
    ("HLHLHLHLHL", "LHLHLHLHLH"): (-1.00, 1.00),
}
OF_THREE = ("HHHHHHHHHHLLLLLLLLLL", "HHHHHHHHLLLLLLLLLLHH", "HHHHHHHHHHLLLLLLLLLH")


def fleiss(annotators):
    """Fleiss's kappa by its definition: pairs of labels of an item that are equal, and of all labels by chance."""
    items = list(zip(*annotators))
    raters = len(annotators)
    equal = [sum(one == other for one in item for other in item) - raters for item in items]
    observed = sum(equal) / (len(items) * raters * (raters - 1))
    labels = "".join(annotators)
    chance = sum((labels.count(label) / len(labels)) ** 2 for label in set(labels))
    return (observed - chance) / (1 - chance)


def measured(annotators, method):
    tiers = []
    for number, labels in enumerate(annotators):
        tier = tgt.IntervalTier(0, len(labels), f"annotator {number}")
        for place, label in enumerate(labels):
            tier.add_annotation(tgt.Interval(place, place + 1, label))
        tiers.append(tier)
    found = agreement(tiers, method)
    return float((found if len(annotators) > 2 else found[0] if isinstance(found[0], list) else found)[-1])


held = []
for annotators, (right, seen) in OF_TWO.items():
    defined, kappa, pi = fleiss(annotators), measured(annotators, "fleiss-kappa"), measured(annotators, "scott-pi")
    print(f"{' '.join(annotators)}: by definition {defined:.2f}, tgt {kappa:.2f}, its Scott's pi {pi:.2f}")
    held.append(abs(defined - right) < 0.005 and abs(pi - right) < 0.005 and abs(kappa - seen) < 0.005)
defined, kappa = fleiss(OF_THREE), measured(OF_THREE, "fleiss-kappa")
print(f"{' '.join(OF_THREE)}: by definition {defined:.2f}, tgt {kappa:.2f}")
sys.exit(not (all(held) and abs(defined - kappa) < 0.005))
PYTHON
