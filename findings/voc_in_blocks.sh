#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile 1.2.2): heads of blocks in a VOC file are read as sound.
#
# A Creative Voice File may hold its sound in several blocks, each with a head of a few bytes, and ffmpeg writes one so. Here
# libsndfile takes all that follows the first head for samples: a second of sound has too many, and each head is a click. ffmpeg itself reads the file back to the sample.
#
# Seen: "16000 samples written; ffmpeg reads 16000, soundfile 16030" and
# "samples as they were, from the first on: 1024".
# Exit code 1 says that this has changed.
#
#     findings/voc_in_blocks.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet soundfile==0.14.0 numpy==2.3.5 imageio-ffmpeg==0.6.0
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import imageio_ffmpeg
import numpy as np
import soundfile

RATE = 16000
ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error"]
written = (np.random.default_rng(0).normal(0, 0.1, RATE) * 32767).astype("<i2")
soundfile.write("x.wav", written, RATE)
subprocess.run([*ffmpeg, "-i", "x.wav", "x.voc"], check=True)
raw = subprocess.run([*ffmpeg, "-i", "x.voc", "-f", "s16le", "-"], check=True, stdout=subprocess.PIPE).stdout
back = np.frombuffer(raw, "<i2")
read, _ = soundfile.read("x.voc", dtype="int16")
same = np.flatnonzero(read[:RATE] != written)
first = int(same[0]) if len(same) else RATE
print(f"{len(written)} samples written; ffmpeg reads {len(back)}, soundfile {len(read)}")
print(f"samples as they were, from the first on: {first}")
sys.exit(len(read) == RATE or not np.array_equal(back, written))
PYTHON
