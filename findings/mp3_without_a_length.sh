#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0): an mp3 of a variable rate without a Xing header is read in part, without a word.
#
# Such an mp3 does not say how long it is (LAME and ffmpeg write them with the header switched off, streams and recorders
# often). libsndfile guesses a number of frames from the first ones, and stops there as at the end of the file: where the
# beginning is loud and the rest is quiet, most of the recording is missing. ffmpeg decodes all of it.
#
# Seen: "1.2.2: libsndfile read 20.4 of 50.0 s, ffmpeg 50.1 s". Exit code 1 says that this has changed.
#
#     findings/mp3_without_a_length.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
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

RATE = 44100
ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
random = np.random.default_rng(0)
loud = random.normal(0, 0.3, 5 * RATE)
quiet = random.normal(0, 0.0005, 45 * RATE)
soundfile.write("whole.wav", np.concatenate([loud, quiet]).clip(-1, 1), RATE)
encode = ["-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0", "-id3v2_version", "0"]
subprocess.run([*ffmpeg, "-i", "whole.wav", *encode, "variable.mp3"], check=True)
samples, _ = soundfile.read("variable.mp3")
raw = subprocess.run([*ffmpeg, "-i", "variable.mp3", "-f", "s16le", "-"], check=True, stdout=subprocess.PIPE).stdout
heard, there = len(samples) / RATE, len(raw) / 2 / RATE
print(f"{soundfile.__libsndfile_version__}: libsndfile read {heard:.1f} of 50.0 s, ffmpeg {there:.1f} s")
sys.exit(not (heard < 40 and there > 49.9))
PYTHON
