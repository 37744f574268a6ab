#!/usr/bin/env bash
# auditok 0.5.2: of a WAV of 8 bits no speech is found by default, and pauses are given as speech by its Otsu threshold.
#
# auditok splits recordings at their pauses, without a model: windows whose energy is above a threshold are speech. It reads
# WAVs of 8 and 16 bits, and its documentation says that a threshold works alike for all sample widths. The samples of a WAV
# of 8 bits are unsigned, silence is 128 (Microsoft and IBM's format of 1991; telephone speech, old corpora and recorders
# have them). auditok reads them as signed (io.py, signal.py: int8), so that silence is -128, the loudest there is, and
# loud speech, which is spread over all values, has less energy. Nor are they brought to the scale of 16 bits, though that is
# documented: -128 for ever is 42 dB, below the default threshold of 50 dB, which no recording of 8 bits can reach.
# Where the threshold is found in the recording (validator="otsu") the answer is turned round. Nothing is raised.
#
# Seen, of six seconds in which a tone sounds from 1 to 2 s and from 4 to 5 s (0.3 s of the pause after are kept by default):
# "16 bits, default: 1.0-2.3 4.0-5.3; otsu: 1.0-2.3 4.0-5.3; energy of the tone 76.8 dB, of the pause 24.3 dB",
# "8 bits, default: none; otsu: 0.0-1.3 2.0-4.3 5.0-6.0; energy of the tone 40.4 dB, of the pause 42.1 dB",
# "8 bits, samples of silence: 128 in the file, -128 in auditok".
# Exit code 1 says that this has changed.
#
#     findings/auditok_hears_the_pauses.sh            needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet auditok==0.5.2 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys
import wave

import auditok
import numpy as np
from auditok.signal import calculate_energy

RATE = 16000
# By bytes of a sample: where speech is found by default and by Otsu, and decibels of a second of tone and of pause.
TURNED = "0.0-1.3 2.0-4.3 5.0-6.0"
SEEN = {2: ("1.0-2.3 4.0-5.3", "1.0-2.3 4.0-5.3", 76.8, 24.3), 1: ("none", TURNED, 40.4, 42.1)}

seconds = np.arange(6 * RATE) / RATE
sound = 0.0005 * np.random.default_rng(0).standard_normal(len(seconds))
sounding = ((seconds >= 1) & (seconds < 2)) | ((seconds >= 4) & (seconds < 5))
sound += 0.3 * np.sin(2 * np.pi * 220 * seconds) * sounding


def write(path, width):
    """Write a WAV as the format defines it: samples of 16 bits are signed, those of 8 bits are unsigned."""
    samples = np.round(32767 * sound).astype("<i2") if width == 2 else np.round(128 + 127 * sound).astype("u1")
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return samples


def found(path, **options):
    regions = auditok.split(path, **options)
    return " ".join(f"{region.start:.1f}-{region.end:.1f}" for region in regions) or "none"


held = []
for width in SEEN:
    path = f"{8 * width}.wav"
    samples = write(path, width)
    recording = auditok.load(path)
    tone, pause = (round(float(calculate_energy(recording.sec[at : at + 1].numpy())[0]), 1) for at in (1, 0))
    seen = (found(path), found(path, validator="otsu"), tone, pause)
    print(f"{8 * width} bits, default: {seen[0]}; otsu: {seen[1]}; energy of the tone {tone} dB, of the pause {pause} dB")
    held.append(seen == SEEN[width])
silence = int(np.bincount(samples).argmax()), int(np.unique(recording.numpy()[0, :RATE]).min())
print(f"8 bits, samples of silence: {silence[0]} in the file, {silence[1]} in auditok")
held.append(silence == (128, -128))
sys.exit(not all(held))
PYTHON
