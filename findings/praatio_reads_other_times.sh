#!/usr/bin/env bash
# praatio 6.2.2: of TextGrids that Praat itself reads, it drops the last interval, loses the sign of times, or refuses them.
#
# praatio (praatio/utilities/textgrid_io.py) finds the fields of a TextGrid by patterns, not by the grammar that Praat has. In the short form an
# interval counts once its text is followed by a line's end: without one at the end of the file, as scripts often leave it, the last interval
# is gone without a word. In the long form a time's digits are taken without its minus, so a grid that begins before zero (cut around an event)
# is told to end before it begins; and a time with an exponent (5.7e-14, what subtracting floats leaves) is no number to it.
#
# Seen: "short, no last newline: Praat 2 intervals, praatio 1",
# "from -1 s: Praat 2 intervals, praatio TextgridStateError",
# "from 5.7e-14 s: Praat 2 intervals, praatio ParsingError".
# Exit code 1 says that this has changed.
#
#     findings/praatio_reads_other_times.sh        needs Python 3.12 or 3.13 and PyPI; less than a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
# Parselmouth is Praat itself, as a module.
venv/bin/pip install --quiet praatio==6.2.2 praat-parselmouth==0.4.7
venv/bin/python - <<'PYTHON'
import sys
from pathlib import Path

import parselmouth
from parselmouth.praat import call
from praatio import textgrid

SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
1
<exists>
1
"IntervalTier"
"phones"
0
1
2
0
0.5
"a"
0.5
1
"b\""""
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = BEGIN
xmax = 1
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = BEGIN
        xmax = 1
        intervals: size = 2
        intervals [1]:
            xmin = BEGIN
            xmax = 0.5
            text = "a"
        intervals [2]:
            xmin = 0.5
            xmax = 1
            text = "b"
"""


def by_praat(path):
    return f"{call(parselmouth.read(path), 'Get number of intervals', 1)} intervals"


def by_praatio(path):
    try:
        grid = textgrid.openTextgrid(path, includeEmptyIntervals=True)
    except Exception as error:
        return type(error).__name__
    return str(len(grid.getTier("phones").entries))


found = []
for name, text in (
    ("short, no last newline", SHORT),
    ("from -1 s", LONG.replace("BEGIN", "-1")),
    ("from 5.7e-14 s", LONG.replace("BEGIN", "5.7e-14")),
):
    Path("grid.TextGrid").write_text(text)
    found.append((by_praat("grid.TextGrid"), by_praatio("grid.TextGrid")))
    print(f"{name}: Praat {found[-1][0]}, praatio {found[-1][1]}")
seen = ["1", "TextgridStateError", "ParsingError"]
sys.exit(found != [("2 intervals", other) for other in seen])
PYTHON
