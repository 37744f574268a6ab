#!/usr/bin/env bash
# pympi-ling 1.71: of words that ELAN divides an utterance into, it loses those of the last utterance, and all but the first of each in TextGrids.
#
# In ELAN words and morphs mostly are of a tier of "symbolic subdivision": they have an order and a parent, and no times of their own; ELAN
# shows and exports them as equal parts of their parent. pympi has get_annotation_data_for_symbsub_tier, for "a list of all annotations" of
# such a tier with "their calculated start, end and value". It gives out the words of an utterance when it meets the next one, so those of the
# last are never given; of a file of one utterance there are none. to_textgrid gives each word the times of its whole utterance, and a word
# that overlaps one before it is passed over ("except: pass"): the first is left, as long as its utterance. Nothing is raised, neither is
# documented, and the times that are there look well. rustling 0.9.0 reads all words.
#
# Seen: "in the file: ka bit to le na mi so; rustling: ka bit to le na mi so",
# "with calculated times: ka 1000 2000, bit 2000 3000, to 3500 4000, le 4000 4500, na 4500 5000; of one utterance: 0 words",
# "TextGrid: ka 1.0 3.0, to 3.5 5.0, mi 7.0 9.0".
# Exit code 1 says that this has changed.
#
#     findings/pympi_loses_words.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet pympi-ling==1.71 rustling==0.9.0
venv/bin/python - <<'PYTHON'
import sys

import pympi
import rustling

UTTERANCES = [(1000, 3000, ["ka", "bit"]), (3500, 5000, ["to", "le", "na"]), (7000, 9000, ["mi", "so"])]
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
    <TIME_ORDER>{slots}</TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="utterance" TIER_ID="utterances">{utterances}</TIER>
    <TIER LINGUISTIC_TYPE_REF="word" PARENT_REF="utterances" TIER_ID="words">{words}</TIER>
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="utterance" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Subdivision" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="word" TIME_ALIGNABLE="false"/>
    <CONSTRAINT DESCRIPTION="Symbolic subdivision of a parent annotation. Annotations refering to the same parent are ordered"
        STEREOTYPE="Symbolic_Subdivision"/>
</ANNOTATION_DOCUMENT>
"""
ANNOTATION = "<ANNOTATION><{kind} {attributes}><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></{kind}></ANNOTATION>"


def annotation(kind, value, **attributes):
    written = " ".join(f'{name}="{one}"' for name, one in attributes.items())
    return ANNOTATION.format(kind=kind, value=value, attributes=written)


def write(path, spoken):
    """Write utterances and their words as ELAN does."""
    slots, utterances, words = [], [], []
    for number, (start, end, parts) in enumerate(spoken):
        first, last = f"ts{2 * number + 1}", f"ts{2 * number + 2}"
        slots += [f'<TIME_SLOT TIME_SLOT_ID="{first}" TIME_VALUE="{start}"/>', f'<TIME_SLOT TIME_SLOT_ID="{last}" TIME_VALUE="{end}"/>']
        times = {"TIME_SLOT_REF1": first, "TIME_SLOT_REF2": last}
        utterances.append(annotation("ALIGNABLE_ANNOTATION", " ".join(parts), ANNOTATION_ID=f"a{number}", **times))
        for place, word in enumerate(parts):
            before = {"PREVIOUS_ANNOTATION": f"w{number}_{place - 1}"} if place else {}
            identity = {"ANNOTATION_ID": f"w{number}_{place}", "ANNOTATION_REF": f"a{number}"}
            words.append(annotation("REF_ANNOTATION", word, **identity, **before))
    with open(path, "w", encoding="utf-8") as file:
        file.write(EAF.format(slots="".join(slots), utterances="".join(utterances), words="".join(words)))


def listed(parts):
    return ", ".join(f"{value} {start} {end}" for start, end, value, *_ in parts)


write("three.eaf", UTTERANCES)
write("one.eaf", UTTERANCES[:1])
said = [word for _, _, words in UTTERANCES for word in words]
(tiers,) = rustling.read_elan("three.eaf").tiers()
peer = [one.value for one in tiers["words"].annotations]
eaf = pympi.Elan.Eaf("three.eaf")
calculated = eaf.get_annotation_data_for_symbsub_tier("words")
of_one = pympi.Elan.Eaf("one.eaf").get_annotation_data_for_symbsub_tier("words")
grid = list(eaf.to_textgrid().get_tier("words").get_intervals())
print(f"in the file: {' '.join(said)}; rustling: {' '.join(peer)}")
print(f"with calculated times: {listed(calculated)}; of one utterance: {len(of_one)} words")
print(f"TextGrid: {listed(grid)}")
lost = [value for *_, value in calculated] == said[:5] and of_one == []
sys.exit(not (peer == said and lost and listed(grid) == "ka 1.0 3.0, to 3.5 5.0, mi 7.0 9.0"))
PYTHON
