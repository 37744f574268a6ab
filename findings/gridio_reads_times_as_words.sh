#!/usr/bin/env bash
# gridio 1.0.5: after a label of two lines, words of a short TextGrid are numbers and lie at times of others; in a long one a line is lost.
#
# gridio reads TextGrids "with high performance", to tables for statistics, and finds fields by lines. A label may have several lines, as
# those often do that come from other programs. In the short form of a TextGrid, which has one value in each line, every interval
# after such a label is put together of the wrong lines: its label is a time, and its begin and end are zero or those of others. In the
# long form the second line of the label is gone. Praat, which wrote both, reads both. Only `strict=True` finds that intervals overlap, in
# the short form alone; by default it is off, nothing is raised, and the number of intervals is right.
#
# Seen, of three intervals of 2 s, "ka" and "ni" in two lines, "mi", and "so":
# "short: Praat 0-2 'ka\nni', 2-4 'mi', 4-6 'so'; gridio 0-2 'ka', 0-2 '4', 0-4 '6'; strict: refused",
# "long: Praat 0-2 'ka\nni', 2-4 'mi', 4-6 'so'; gridio 0-2 'ka', 2-4 'mi', 4-6 'so'; strict: 0-2 'ka', 2-4 'mi', 4-6 'so'".
# Exit code 1 says that this has changed.
#
#     findings/gridio_reads_times_as_words.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
# Parselmouth is Praat itself, as a module.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet gridio==1.0.5 praat-parselmouth==0.4.7 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

import gridio
import parselmouth
from parselmouth.praat import call

LABELS = ("ka\nni", "mi", "so")
EXPECTED = {
    "short": ([(0, 2, "ka"), (0, 2, "4"), (0, 4, "6")], None),
    "long": ([(0, 2, "ka"), (2, 4, "mi"), (4, 6, "so")], [(0, 2, "ka"), (2, 4, "mi"), (4, 6, "so")]),
}


def by_praat(path):
    grid = parselmouth.read(path)
    numbers = range(1, int(call(grid, "Get number of intervals", 1)) + 1)
    ask = ("Get start time of interval", "Get end time of interval", "Get label of interval")
    return [tuple(call(grid, one, 1, number) for one in ask) for number in numbers]


def by_gridio(path, strict):
    try:
        return gridio.textgrid_to_data(path, strict=strict)[2][0][2]
    except OSError:
        return None


def shown(intervals):
    if intervals is None:
        return "refused"
    return ", ".join(f"{begin:g}-{end:g} {label!r}" for begin, end, label in intervals)


grid = call("Create TextGrid", 0, 6, "words", "")
for number, label in enumerate(LABELS, 1):
    if number > 1:
        call(grid, "Insert boundary", 1, 2 * (number - 1))
    call(grid, "Set interval text", 1, number, label)
call(grid, "Save as short text file", "short")
call(grid, "Save as text file", "long")
right = [(2 * number, 2 * number + 2, label) for number, label in enumerate(LABELS)]
as_seen = True
for form, expected in EXPECTED.items():
    praat, loose, strict = by_praat(form), by_gridio(form, False), by_gridio(form, True)
    print(f"{form}: Praat {shown(praat)}; gridio {shown(loose)}; strict: {shown(strict)}")
    as_seen = as_seen and praat == right and (loose, strict) == expected
sys.exit(not as_seen)
PYTHON
