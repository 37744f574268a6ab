#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile 1.2.2): in an mp3 of a variable rate that is read in blocks, or from a place on, quiet parts are silence.
#
# SoundFile.read seeks, after each block, to where it already is. A frame of an mp3 may have part of its bits in frames before it, and after a
# seek libsndfile's decoder lacks them where frames are small, as a variable rate makes those of quiet and even sound (a hum, a held vowel):
# each block begins with silence until enough is there again. The number of samples is right, nothing is raised, and only the decoder
# grumbles on stderr about bits. Read at once, the file is what ffmpeg decodes, to a sample; at a constant rate all ways are right. Who streams
# long recordings, or reads segments by their times, loses sound, the more the shorter they are.
#
# Seen, of a hum of 6 s between noises, of which the middle is looked at:
# "constant rate: at once as ffmpeg True; silent of the hum: at once 0%, in blocks of 0.1 s 0%, of 1 s 0%, a second from 15 s on 0%",
# "variable rate: at once as ffmpeg True; silent of the hum: at once 0%, in blocks of 0.1 s 100%, of 1 s 25%, a second from 15 s on 27%".
# Exit code 1 says that this has changed.
#
#     findings/mp3_in_blocks.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
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
ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
seconds = np.arange(40 * RATE) / RATE
noise = np.random.default_rng(0).normal(0, 0.1, len(seconds))
soundfile.write("hum.wav", 0.1 * np.sin(2 * np.pi * 220 * seconds) + noise * (seconds % 10 < 4), RATE)
hum = slice(15 * RATE, 19 * RATE)  # of the hum alone, which is from 14 to 20 s


def silent(samples):
    """The share of hundredths of a second without sound."""
    return float((np.abs(samples.reshape(-1, RATE // 100)).max(axis=1) < 0.0001).mean())


def in_blocks(path, size):
    return np.concatenate(list(soundfile.blocks(path, blocksize=size)))[hum]


found = []
for name, options in (("constant", ["-b:a", "64k"]), ("variable", ["-q:a", "4"])):
    path = f"{name}.mp3"
    subprocess.run([*ffmpeg, "-i", "hum.wav", "-c:a", "libmp3lame", *options, path], check=True)
    whole, _ = soundfile.read(path)
    raw = subprocess.run([*ffmpeg, "-i", path, "-f", "f32le", "-"], check=True, stdout=subprocess.PIPE).stdout
    decoded = np.frombuffer(raw, "<f4")
    same = len(decoded) == len(whole) and bool(np.abs(decoded - whole).max() < 0.001)
    second, _ = soundfile.read(path, start=15 * RATE, frames=RATE)
    shares = [silent(part) for part in (whole[hum], in_blocks(path, RATE // 10), in_blocks(path, RATE), second)]
    found.append((same, shares))
    words = "at once {:.0%}, in blocks of 0.1 s {:.0%}, of 1 s {:.0%}, a second from 15 s on {:.0%}".format(*shares)
    print(f"{name} rate: at once as ffmpeg {same}; silent of the hum: {words}")
(same, constant), (also, variable) = found
sys.exit(not (same and also and max(constant) == 0 and variable[0] == 0 and min(variable[1:]) > 0.05))
PYTHON
