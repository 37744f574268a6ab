#!/usr/bin/env bash
# rustling 0.9.0: TextGrids that it makes of ELAN and CHAT files leave out the pauses, and Praat takes a pause for the next utterance.
#
# The intervals of a tier of a TextGrid follow each other without a hole; what is not labelled is an interval with an empty label.
# rustling's to_textgrid writes the labelled ones alone. Praat reads such a file without a word, and shows the right times in a list.
# But asked what is said at a time, as scripts do that measure pitch or formants at each frame, it names for a moment between two
# utterances the latter one, and nothing where a tier ends; a part that is cut out of a pause has no interval. So silence counts
# as speech, and there are no empty labels for who looks for pauses by them. pympi 1.71 writes the empty intervals.
#
# Seen, of "yes" from 1.0 to 2.5 s and "no" from 5.0 to 6.0 s, in Praat (praat-parselmouth 0.4.7):
# "rustling, CHAT: 2 intervals, 0 of them empty; at 1.5 s 'yes', at 2.6 s 'no', at 4.5 s 'no', at 5.5 s 'no'",
# "rustling, ELAN: 2 intervals, 0 of them empty; at 1.5 s 'yes', at 2.6 s 'no', at 4.5 s 'no', at 5.5 s 'no'",
# "pympi, ELAN: 4 intervals, 2 of them empty; at 1.5 s 'yes', at 2.6 s '', at 4.5 s '', at 5.5 s 'no'".
# Exit code 1 says that this has changed.
#
#     findings/rustling_fills_pauses.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet rustling==0.9.0 pympi-ling==1.71 praat-parselmouth==0.4.7 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

import parselmouth
import pympi
import rustling
from parselmouth.praat import call

TIMES = (1.5, 2.6, 4.5, 5.5)
CHAT = """@UTF8
@Begin
@Languages:\teng
@Participants:\tCHI Target_Child
@ID:\teng|corpus|CHI|||||Target_Child|||
@Media:\tsaid, audio
*CHI:\tyes . \x151000_2500\x15
*CHI:\tno . \x155000_6000\x15
@End
"""

eaf = pympi.Elan.Eaf()
eaf.remove_tier("default")
eaf.add_tier("A")
eaf.add_annotation("A", 1000, 2500, "yes")
eaf.add_annotation("A", 5000, 6000, "no")
eaf.to_file("said.eaf")
with open("said.cha", "w", encoding="utf-8") as file:
    file.write(CHAT)
made = {"rustling, CHAT": rustling.read_chat("said.cha"), "rustling, ELAN": rustling.read_elan("said.eaf")}
for name, source in made.items():
    with open(f"{name}.TextGrid", "w", encoding="utf-8") as file:
        file.write(source.to_textgrid_strs()[0])
eaf.to_textgrid().to_file("pympi, ELAN.TextGrid")
seen = {}
for name in (*made, "pympi, ELAN"):
    grid = parselmouth.read(f"{name}.TextGrid")
    count = int(call(grid, "Get number of intervals", 1))
    labels = [call(grid, "Get label of interval", 1, number + 1).removesuffix(" .") for number in range(count)]
    at = [labels[int(call(grid, "Get interval at time", 1, time)) - 1] for time in TIMES]
    seen[name] = at
    words = ", ".join(f"at {time} s {label!r}" for time, label in zip(TIMES, at))
    print(f"{name}: {count} intervals, {labels.count('')} of them empty; {words}")
peer = seen.pop("pympi, ELAN")
sys.exit(not (peer == ["yes", "", "", "no"] and all(at == ["yes", "no", "no", "no"] for at in seen.values())))
PYTHON
