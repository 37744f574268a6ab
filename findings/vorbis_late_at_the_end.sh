#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0): a part of an Ogg Vorbis file that lies near its end is sound from up to 24 ms later.
#
# Corpora are kept as Ogg Vorbis, and utterances cut out of them by their times: `soundfile.read(file, start=..., frames=...)`, or `seek`.
# From some place in the last second on, such a part is not what the whole file has there, but what it has some samples later: as many
# frames as asked for, right in themselves, and without an error. How many samples depends on the file's length; a few files have none.
# Read from its beginning on, the file is right, so that times of an aligner that heard it whole do not fit the parts. Files of ffmpeg
# do as libsndfile's own. Parts of Opus files, in the same Ogg, are right.
#
# Seen, of 20 recordings of 4 to 12 s at 16 kHz, by parts of 0.1 s of their last 2 s:
# "Vorbis by libsndfile: 17 recordings with late parts, up to 24.2 ms; from 0.1 to 0.7 s before the end on",
# "Vorbis by ffmpeg: 17 recordings with late parts, up to 24.2 ms; from 0.1 to 0.9 s before the end on",
# "Opus by libsndfile: 0 recordings with late parts".
# Exit code 1 says that this has changed.
#
#     findings/vorbis_late_at_the_end.sh        needs Python 3.12 or 3.13 and PyPI, some minutes
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

RATE, PART, STEP, FURTHEST = 16000, 1600, 800, 1024
random = np.random.default_rng(0)


def recording():
    """Noise in syllables, of any number of samples."""
    times = np.arange(random.integers(4 * RATE, 12 * RATE)) / RATE
    loudness = np.clip(np.sin(2 * np.pi * 2.3 * times), 0.01, 1)
    return 0.2 * loudness * random.normal(size=len(times))


def by_libsndfile(sound, subtype):
    soundfile.write("x.ogg", sound, RATE, format="OGG", subtype=subtype)


def by_ffmpeg(sound):
    soundfile.write("x.wav", sound, RATE)
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-v", "error", "-y", "-i", "x.wav", "-c:a", "libvorbis", "x.ogg"], check=True)


def differ(part, other):
    return len(part) != len(other) or np.abs(part - other).max() > 0.001


def lateness(whole, start, part):
    """So many samples behind its place is the sound of a part."""
    for late in range(FURTHEST):
        there = whole[start + late : start + late + len(part)]
        if not differ(part[: len(there)], there):
            return late
    return None


def late_parts(sound):
    """Pairs of a start and how late its part is, for all parts of the last 2 s that are not what the whole file has there."""
    whole, _ = soundfile.read("x.ogg")
    assert len(whole) == len(sound)
    found = []
    for start in range(len(whole) - 2 * RATE, len(whole) - PART, STEP):
        part, _ = soundfile.read("x.ogg", start=start, frames=PART)
        if differ(part, whole[start : start + PART]):
            found.append(((len(whole) - start) / RATE, lateness(whole, start, part)))
    return found


sounds = [recording() for _ in range(20)]
WRITERS = {
    "Vorbis by libsndfile": lambda sound: by_libsndfile(sound, "VORBIS"),
    "Vorbis by ffmpeg": by_ffmpeg,
    "Opus by libsndfile": lambda sound: by_libsndfile(sound, "OPUS"),
}
as_seen = soundfile.__libsndfile_version__ == "1.2.2"
for writer, write in WRITERS.items():
    files = []
    for sound in sounds:
        write(sound)
        found = late_parts(sound)
        if found:
            files.append(found)
    if not files:
        print(f"{writer}: 0 recordings with late parts")
    else:
        late = [number for found in files for _, number in found if number is not None]
        begins = [found[0][0] for found in files]
        words = f"up to {1000 * max(late) / RATE:.1f} ms; from {min(begins):.1f} to {max(begins):.1f} s before the end on"
        print(f"{writer}: {len(files)} recordings with late parts, {words}")
    opus = writer.startswith("Opus")
    as_seen = as_seen and (not files if opus else len(files) > 10 and max(late) > 160)
sys.exit(not as_seen)
PYTHON
