#!/usr/bin/env bash
# pyrnnoise 0.4.5: what it has denoised comes 20 ms late, and the last 20 ms of a recording are gone.
#
# RNNoise works on overlapping windows and looks ahead, so that each frame that it gives out is of sound from before.
# pyrnnoise's `denoise_chunk` passes the frames on as they come, and neither leaves out the first two nor asks for the last:
# there are as many samples as before, all of them two frames of 10 ms late, at any sampling rate. The README and the docstrings
# do not say so. Words and phones that were labelled on the recording lie early in the denoised one, by as much as annotators of
# phones differ, and what is said up to the very end is cut. (`denoise_wav` and the command `denoise` would do so with files,
# but end with an AttributeError with the only audiolab that pyrnnoise admits, 0.5.2.)
#
# Seen, of a vowel that is spoken four times, without any noise, the last time up to the end:
# "48000 Hz: 144000 samples in, 144000 out; correlation 1.00 with the sound 20 ms before, -0.11 with that of the same time",
# "16000 Hz: 48000 samples in, 48000 out; correlation 1.00 with the sound 20 ms before, -0.12 with that of the same time".
# Exit code 1 says that this has changed.
#
#     findings/rnnoise_comes_late.sh        needs Python 3.12 or 3.13 and PyPI, a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet pyrnnoise==0.4.5 audiolab==0.5.2 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
from pyrnnoise import RNNoise


def vowel(rate):
    """An "a" of 120 Hz, in four pieces, the last up to the end: pulses through three resonances."""
    times = np.arange(3 * rate) / rate
    spectrum = np.fft.rfft(np.isin(np.arange(3 * rate), (np.arange(3 * 120) * rate / 120).astype(int)).astype(float))
    around = 2j * np.pi * np.fft.rfftfreq(3 * rate, 1 / rate)
    for formant, width in ((700, 80), (1200, 90), (2500, 120)):
        resonance = 2 * np.pi * formant
        spectrum = spectrum * resonance**2 / (around**2 + 2 * np.pi * width * around + resonance**2)
    sound = np.fft.irfft(spectrum, 3 * rate) * (times % 0.8 > 0.3)
    return (16000 * sound / np.abs(sound).max()).astype(np.int16)


held = []
for rate in (48000, 16000):
    before = vowel(rate)
    frames = [frame for _, frame in RNNoise(sample_rate=rate).denoise_chunk(before, partial=True)]
    after = np.concatenate(frames, axis=1)[0]
    late = rate // 50
    with_earlier = float(np.corrcoef(after[late:], before[: len(after) - late])[0, 1])
    with_same = float(np.corrcoef(after, before)[0, 1])
    compared = f"correlation {with_earlier:.2f} with the sound 20 ms before, {with_same:.2f} with that of the same time"
    print(f"{rate} Hz: {len(before)} samples in, {len(after)} out; {compared}")
    held.append(len(before) == len(after) and with_earlier > 0.98 and abs(with_same) < 0.3)
sys.exit(not all(held))
PYTHON
