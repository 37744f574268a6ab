#!/usr/bin/env bash
# sphfile 1.0.3: of a conversation on two channels, a part that is cut out by its times may have the speakers swapped.
#
# NIST SPHERE is the format of the LDC's telephone corpora, with a speaker on each of two channels; samples of the channels take turns. sphfile
# reads it with NumPy alone, and its README cuts out a part by seconds. A time is made the number of a value, not of a frame of one value for
# each channel: seconds x rate x channels, cut off to an integer. Is that odd, the part begins with the second channel's sample, which goes
# to the first channel, and so on to its end: who spoke is the other one, in a file with the right length. Times of a voice activity
# detector, an aligner or Praat, which are no multiples of a sample, do so every second time; times of hundredths where the
# product is a trifle below its integer, one in a hundred. Nothing is raised. With one channel all is right.
#
# Seen, of 5 minutes, 8 kHz, in which only the speaker on the first channel is heard; levels of both channels of parts of half a second:
# "from 2.0 s: 4000 frames; sphfile 3000 0, soundfile 3000 0",
# "from 2.01 s: 4000 frames; sphfile 0 3000, soundfile 3000 0",
# "from 2.3456 s: 4000 frames; sphfile 0 3000, soundfile 3000 0",
# "swapped: of 29900 times of hundredths 296, of 2000 other times 1010".
# Exit code 1 says that this has changed.
#
#     findings/sphfile_swaps_speakers.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
# NumPy 2.3 has no `tostring` any more, which sphfile's write_wav calls.
venv/bin/pip install --quiet sphfile==1.0.3 soundfile==0.14.0 numpy==2.2.6
venv/bin/python -W ignore::DeprecationWarning - <<'PYTHON'
import random
import sys

import numpy as np
import soundfile
from sphfile import SPHFile

RATE, SECONDS, PART = 8000, 300, 0.5
LEVEL = 3000
sound = np.zeros((RATE * SECONDS, 2), np.int16)
sound[:, 0] = LEVEL
soundfile.write("call.sph", sound, RATE, format="NIST", subtype="PCM_16")
call = SPHFile("call.sph")


def levels(samples):
    return [round(float(channel)) for channel in np.abs(samples.astype(float)).mean(axis=0)]


as_seen = call.format["channel_count"] == 2 and call.format["sample_rate"] == RATE
for start, swapped in ((2.0, False), (2.01, True), (2.3456, True)):
    call.write_wav("part.wav", start, start + PART)
    part, _ = soundfile.read("part.wav", dtype="int16")
    begin = round(start * RATE)
    right, _ = soundfile.read("call.sph", start=begin, stop=begin + round(PART * RATE), dtype="int16")
    ours, others = levels(part), levels(right)
    print(f"from {start} s: {len(part)} frames; sphfile {ours[0]} {ours[1]}, soundfile {others[0]} {others[1]}")
    as_seen = as_seen and abs(len(part) - len(right)) <= 1 and others == [LEVEL, 0]
    as_seen = as_seen and ours == ([0, LEVEL] if swapped else [LEVEL, 0])
generator = random.Random(0)
hundredths = [number / 100 for number in range(100 * (SECONDS - 1))]
others = [generator.uniform(0, SECONDS - 1) for _ in range(2000)]


def swaps(times):
    return sum(int(call.time_range(start, start + PART)[0] == 0) for start in times)


counts = swaps(hundredths), swaps(others)
print(f"swapped: of {len(hundredths)} times of hundredths {counts[0]}, of {len(others)} other times {counts[1]}")
sys.exit(not (as_seen and counts[0] > 100 and counts[1] > 800))
PYTHON
