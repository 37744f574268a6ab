#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0): of Ogg streams in a row, only the first is read, without a word.
#
# RFC 3533 makes a file of several logical streams, one after the other ("chaining"), an ordinary Ogg file; it is what
# `cat a.ogg b.ogg` and recorders that were paused leave. libsndfile ends at the end of the first. ffmpeg decodes both.
#
# Seen: "1.2.2: libsndfile read 3.0 of 6.0 s, ffmpeg 6.0 s". Exit code 1 says that this has changed.
#
#     findings/ogg_in_a_row.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet soundfile==0.14.0 numpy==2.3.5 imageio-ffmpeg==0.6.0
venv/bin/python - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile

RATE = 16000
random = np.random.default_rng(0)
for name in ("a.ogg", "b.ogg"):
    soundfile.write(name, random.normal(0, 0.1, 3 * RATE), RATE, format="OGG", subtype="VORBIS")
Path("both.ogg").write_bytes(Path("a.ogg").read_bytes() + Path("b.ogg").read_bytes())
samples, _ = soundfile.read("both.ogg")
decode = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "both.ogg", "-f", "s16le", "-"]
raw = subprocess.run(decode, check=True, stdout=subprocess.PIPE).stdout
heard, there = len(samples) / RATE, len(raw) / 2 / RATE
print(f"{soundfile.__libsndfile_version__}: libsndfile read {heard:.1f} of 6.0 s, ffmpeg {there:.1f} s")
sys.exit(not (heard < 3.1 and there > 5.9))
PYTHON
