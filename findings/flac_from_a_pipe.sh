#!/usr/bin/env bash
# soundfile 0.14.0: a FLAC that was written into a pipe cannot be read, though all of its samples are decoded.
#
# `ffmpeg -i x.wav -f flac - > x.flac` cannot go back to the header and write the number of samples there, so it is 0,
# which FLAC's format (RFC 9639, 8.2) allows: "unknown". soundfile seeks to where it is after each block; once the stream
# has ended that seek fails, and so does the read, although the samples are in its hands. Blocks that stop before the end
# are read well, so one learns of it at the end of the file.
#
# Seen: "ffmpeg: 3.0 s; header by soundfile: 9223372036854775807 frames" and
# "soundfile.read: ValueError; SoundFile.read of 4 s: LibsndfileError".
# Exit code 1 says that this has changed.
#
#     findings/flac_from_a_pipe.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
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
soundfile.write("x.wav", np.random.default_rng(0).normal(0, 0.1, 3 * RATE), RATE)
with open("x.flac", "wb") as piped:
    flac = subprocess.run([*ffmpeg, "-i", "x.wav", "-f", "flac", "-"], check=True, stdout=subprocess.PIPE).stdout
    piped.write(flac)
raw = subprocess.run([*ffmpeg, "-i", "x.flac", "-f", "s16le", "-"], check=True, stdout=subprocess.PIPE).stdout
print(f"ffmpeg: {len(raw) / 2 / RATE:.1f} s; header by soundfile: {soundfile.info('x.flac').frames} frames")
try:
    samples, _ = soundfile.read("x.flac")
    whole = f"{len(samples) / RATE:.1f} s"
except Exception as error:
    whole = type(error).__name__
try:
    with soundfile.SoundFile("x.flac") as file:
        block = f"{len(file.read(4 * RATE)) / RATE:.1f} s"
except Exception as error:
    block = type(error).__name__
print(f"soundfile.read: {whole}; SoundFile.read of 4 s: {block}")
sys.exit(whole.endswith(" s") or block.endswith(" s") or len(raw) != 2 * 3 * RATE)
PYTHON
