#!/usr/bin/env bash
# praat-textgrids 1.4.0: X-SAMPA's primary stress is lost at the begin of a label, and is two marks within it.
#
# X-SAMPA writes primary stress as a quotation mark ("kO), centralised as _" (t_"). Praat doubles a quotation mark within a label, in both of
# its text formats. praat-textgrids strips all of them at both ends and leaves those within doubled, so that "kO becomes kO, as if unstressed,
# k@"tO becomes k@""tO and t_" becomes t_, which is no X-SAMPA. Nothing is raised, times and tiers are right, and what is read and written
# again is changed: of the first and third label the mark is gone for good. Who counts stressed vowels, or converts X-SAMPA to IPA, gets
# other words. TextGrid 1.6.1 and tgt 1.5 read the labels as Praat shows them.
#
# Seen: "praat-textgrids: kO k@""tO t_; TextGrid: "kO k@"tO t_"; tgt: "kO k@"tO t_"",
# "written again by praat-textgrids, read by TextGrid: kO k@"tO t_".
# Exit code 1 says that this has changed.
#
#     findings/textgrids_lose_stress.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet praat-textgrids==1.4.0 TextGrid==1.6.1 tgt==1.5 numpy==2.3.5
cat >phones.TextGrid <<'TEXTGRID'
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 3 
tiers? <exists> 
size = 1 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "phones" 
        xmin = 0 
        xmax = 3 
        intervals: size = 3 
        intervals [1]:
            xmin = 0 
            xmax = 1 
            text = """kO" 
        intervals [2]:
            xmin = 1 
            xmax = 2 
            text = "k@""tO" 
        intervals [3]:
            xmin = 2 
            xmax = 3 
            text = "t_""" 
TEXTGRID
venv/bin/python - <<'PYTHON'
import sys

import textgrid
import textgrids
import tgt

PRAAT = ['"kO', 'k@"tO', 't_"']


def by_textgrid(path):
    return [interval.mark for interval in textgrid.TextGrid.fromFile(path)[0]]


ours = textgrids.TextGrid("phones.TextGrid")
read = [interval.text for interval in ours["phones"]]
others = by_textgrid("phones.TextGrid")
third = [interval.text for interval in tgt.read_textgrid("phones.TextGrid").tiers[0]]
ours.write("again.TextGrid")
again = by_textgrid("again.TextGrid")
print(f"praat-textgrids: {' '.join(read)}; TextGrid: {' '.join(others)}; tgt: {' '.join(third)}")
print(f"written again by praat-textgrids, read by TextGrid: {' '.join(again)}")
as_seen = read == ["kO", 'k@""tO', "t_"] and others == third == PRAAT
sys.exit(not (as_seen and again == ["kO", 'k@"tO', "t_"]))
PYTHON
