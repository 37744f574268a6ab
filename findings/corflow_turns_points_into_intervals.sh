#!/usr/bin/env bash
# corflow 3.4.3: a point tier of twelve points or more is written as an interval tier, and at the time of each point Praat finds another's label.
#
# corflow converts between the formats of ELAN, Praat, EXMARaLDA, Pangloss and Transcriber. Points (tones, bursts, clicks, syllable centres) have a
# time and no duration, and corflow tells a tier of them by that; its documentation says that it looks at "the first 10 segments or less".
# In its loop a twelfth segment is enough to make any tier one of intervals. The points become intervals that begin where they end, and a
# label "_" is put between them. All labels are in the file and nothing is raised. Praat drops the intervals between those without
# duration: the labels have 0 s, and whoever asks Praat what is at the time of a point gets the tone after it; of eleven points all is
# right. Here low and high tones (L, H) take turns. So a grid that was only read and written again, or made of another format, is of
# points or of intervals by how much was labelled.
#
# Seen: "11 points: a tier of points, 11 of 11 labels at their times",
# "12 points: 25 intervals in the file, 13 in Praat; H lasts 0.000 s; 0 of 12 labels at their times but the last: L H L H L H L H L H L L",
# "read again by corflow: 25 segments of tones, 13 of them _".
# Exit code 1 says that this has changed.
#
#     findings/corflow_turns_points_into_intervals.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
# Parselmouth is Praat itself, as a module.
venv/bin/pip install --quiet corflow==3.4.3 praat-parselmouth==0.4.7 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import re
import sys
from pathlib import Path

import parselmouth
from corflow.fromPraat import fromPraat
from corflow.toPraat import toPraat
from parselmouth.praat import call


def converted(number):
    """Let Praat write a grid of points, corflow read and write it, and Praat read that. Return it, and the tones in Praat's order."""
    made = call("Create TextGrid", 0, number + 1, "tones", "tones")
    for point in range(number):
        call(made, "Insert point", 1, point + 0.75, "HL"[point % 2])
    call(made, "Save as text file", "made.TextGrid")
    toPraat("converted.TextGrid", fromPraat("made.TextGrid"))
    return parselmouth.read("converted.TextGrid"), ["HL"[point % 2] for point in range(number)]


grid, tones = converted(11)
points = range(1, call(grid, "Get number of points", 1) + 1)
kept = [(call(grid, "Get time of point", 1, point), call(grid, "Get label of point", 1, point)) for point in points]
whole = kept == [(place + 0.75, tone) for place, tone in enumerate(tones)]
print(f"11 points: a tier of points, {len(kept) if whole else 'not all'} of 11 labels at their times")

grid, tones = converted(12)
written = int(re.search(r"intervals: size = (\d+)", Path("converted.TextGrid").read_text())[1])
in_praat = call(grid, "Get number of intervals", 1)
lasts = call(grid, "Get total duration of intervals where", 1, "is equal to", "H")
there = [call(grid, "Get label of interval", 1, call(grid, "Get interval at time", 1, place + 0.75)) for place in range(12)]
right = sum(one == tone for one, tone in zip(there[:-1], tones))
print(f"12 points: {written} intervals in the file, {in_praat} in Praat; H lasts {lasts:.3f} s; "
      f"{right} of 12 labels at their times but the last: {' '.join(there)}")
again = [segment.content for segment in fromPraat("converted.TextGrid").elem[0]]
print(f"read again by corflow: {len(again)} segments of tones, {again.count('_')} of them _")
as_seen = (written, in_praat, lasts, right, len(again), again.count("_")) == (25, 13, 0, 0, 25, 13)
sys.exit(not (whole and as_seen))
PYTHON
