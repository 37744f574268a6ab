#!/usr/bin/env bash
# corflow 3.4.3: of Transcriber files it makes two words one where a noise is marked, and where two speak at once, all but one speak to the turn's end.
#
# Many corpora of broadcast and field speech are Transcriber files (.trs). An utterance begins at a Sync, noises and comments are elements among
# its words, each piece on a line of its own; where several speak at once, a Who for each follows each Sync of their turn. corflow leaves
# out every line's end, space and all, and with it what parted the words around an element: "bit", a noise, "to" are "bitto". So it is with
# `mode="meta"` and `mode="tier"`, which keep marks out of the words; with the default, "text", the mark's name stands between them as a word.
# At a Sync it ends the segment of the speaker who was named last. The others' go on to the end of the turn, over their own next ones, and
# the last has an empty one more, with the times of the next. Written for Praat, each tier has two intervals at once: at 10.5 s, where ana
# says "su le" and bo "ti", Praat has "ka ni" and nothing, and "ti" is in no interval any more. Nothing is raised.
#
# Seen: "meta: ana: ka bitto le 0-3, nami so 3-6, ka ni 6-12, su le 9-12; bo: mi 6-9,  9-12, ti 9-12",
# "tier: ana: ka bitto le 0-3, nami so 3-6, ka ni 6-12, su le 9-12; bo: mi 6-9,  9-12, ti 9-12",
# "text: ana: ka bit b to le 0-3, na unsure mi so 3-6, ka ni 6-12, su le 9-12; bo: mi 6-9,  9-12, ti 9-12",
# "in the file: ana: ka bit to le 0-3, na mi so 3-6, ka ni 6-9, su le 9-12; bo: mi 6-9, ti 9-12",
# "Praat at 10.5 s: ana: ka ni, bo: ; intervals of bo: _, mi, ".
# Exit code 1 says that this has changed.
#
#     findings/corflow_glues_words.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
# Parselmouth is Praat itself, as a module.
venv/bin/pip install --quiet corflow==3.4.3 praat-parselmouth==0.4.7 numpy==2.3.5
cat >talk.trs <<'TRS'
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Trans SYSTEM "trans-14.dtd">
<Trans scribe="x" audio_filename="talk" version="1" version_date="240101">
<Speakers>
<Speaker id="ana" name="ana" check="no" dialect="native" accent="" scope="local"/>
<Speaker id="bo" name="bo" check="no" dialect="native" accent="" scope="local"/>
</Speakers>
<Episode>
<Section type="report" startTime="0" endTime="12">
<Turn speaker="ana" startTime="0" endTime="6">
<Sync time="0"/>
ka bit
<Event desc="b" type="noise" extent="instantaneous"/>
to le
<Sync time="3"/>
na
<Comment desc="unsure"/>
mi so
</Turn>
<Turn speaker="ana bo" startTime="6" endTime="12">
<Sync time="6"/>
<Who nb="1"/>
ka ni
<Who nb="2"/>
mi
<Sync time="9"/>
<Who nb="1"/>
su le
<Who nb="2"/>
ti
</Turn>
</Section>
</Episode>
</Trans>
TRS
venv/bin/python - <<'PYTHON'
import sys
import xml.etree.ElementTree as ElementTree

import parselmouth
from corflow.fromTranscriber import fromTranscriber
from corflow.toPraat import toPraat
from parselmouth.praat import call


def listed(speakers):
    parts = []
    for name, segments in speakers.items():
        parts.append(f"{name}: " + ", ".join(f"{words} {start:g}-{end:g}" for words, start, end in segments))
    return "; ".join(parts)


def by_corflow(mode):
    """Return, of each speaker, words, start and end of each segment."""
    speakers = {}
    for tier in fromTranscriber("talk.trs", mode=mode):
        if tier.name in ("ana", "bo"):
            speakers[tier.name] = [(segment.content, segment.start, segment.end) for segment in tier]
    return speakers


def by_the_file():
    """Return the same as the file has it: a piece is from its Sync to the next one of its turn, and of who was named last."""
    root = ElementTree.parse("talk.trs").getroot()
    names = {speaker.get("id"): speaker.get("name") for speaker in root.iter("Speaker")}
    speakers = {name: [] for name in names.values()}
    for turn in root.iter("Turn"):
        ids = turn.get("speaker").split()
        times = [float(sync.get("time")) for sync in turn.iter("Sync")] + [float(turn.get("endTime"))]
        who, at, pieces = ids[0], -1, {}
        for element in turn:
            if element.tag == "Sync":
                at += 1
            if element.tag == "Who":
                who = ids[int(element.get("nb")) - 1]
            pieces.setdefault((at, names[who]), []).extend((element.tail or "").split())
        for (sync, name), words in pieces.items():
            if words:
                speakers[name].append((" ".join(words), times[sync], times[sync + 1]))
    return speakers


BO = [("mi", 6, 9), ("", 9, 12), ("ti", 9, 12)]
TOGETHER = [("ka ni", 6, 12), ("su le", 9, 12)]
GLUED = {"ana": [("ka bitto le", 0, 3), ("nami so", 3, 6), *TOGETHER], "bo": BO}
MARKED = {"ana": [("ka bit b to le", 0, 3), ("na unsure mi so", 3, 6), *TOGETHER], "bo": BO}
as_seen = True
for mode, expected in (("meta", GLUED), ("tier", GLUED), ("text", MARKED)):
    read = by_corflow(mode)
    print(f"{mode}: {listed(read)}")
    as_seen = as_seen and read == expected
true = by_the_file()
print(f"in the file: {listed(true)}")
right = {
    "ana": [("ka bit to le", 0, 3), ("na mi so", 3, 6), ("ka ni", 6, 9), ("su le", 9, 12)],
    "bo": [("mi", 6, 9), ("ti", 9, 12)],
}
toPraat("talk.TextGrid", fromTranscriber("talk.trs", mode="meta"))
grid = parselmouth.read("talk.TextGrid")
heard = [call(grid, "Get label of interval", tier, call(grid, "Get interval at time", tier, 10.5)) for tier in (1, 2)]
intervals = range(1, call(grid, "Get number of intervals", 2) + 1)
of_bo = [call(grid, "Get label of interval", 2, interval) for interval in intervals]
print(f"Praat at 10.5 s: ana: {heard[0]}, bo: {heard[1]}; intervals of bo: {', '.join(of_bo)}")
in_praat = heard == ["ka ni", ""] and of_bo == ["_", "mi", ""]
sys.exit(not (as_seen and in_praat and true == right))
PYTHON
