#!/usr/bin/env bash
# spafe 0.3.3: the dominant frequency of a sound is doubled; what is above a quarter of the sampling rate is left out.
#
# spafe extracts features of speech and sound (MFCC, PNCC, LPCC, pitch). get_dominant_frequencies gives the strongest
# frequency of each window. It takes the half of a spectrum that a real signal has, and names its bins as if they were
# those of a whole one (NumPy's rfft, and fftfreq of its length where rfftfreq belongs): the lower half of the bins has
# twice its frequency, the upper half is negative. By default (`only_positive`) the latter are taken out, and their
# windows with them: an s is not at 6000 Hz, but nowhere, and the list is shorter than the sound, so that what follows
# lies at other times. All values look like those of speech, nothing is raised, the documentation does not say so, and the
# package's own test asks only that there is a list. (spafe/frequencies/dominant_frequencies.py)
#
# Seen, the median of a second of a tone, in windows every 10 ms; bins are 31 Hz apart at 16 kHz, 16 Hz at 8 kHz:
# "16000 Hz, tone of 250 Hz: by definition 250 Hz, spafe 498 Hz of 98 windows; with negative ones 498 Hz",
# "16000 Hz, tone of 1000 Hz: by definition 1000 Hz, spafe 1992 Hz of 98 windows; with negative ones 1992 Hz",
# "16000 Hz, tone of 3500 Hz: by definition 3500 Hz, spafe 6973 Hz of 98 windows; with negative ones 6973 Hz",
# "16000 Hz, tone of 6000 Hz: by definition 6000 Hz, spafe none of 0 windows; with negative ones -4047 Hz",
# "8000 Hz, tone of 1000 Hz: by definition 1000 Hz, spafe 1992 Hz of 98 windows; with negative ones 1992 Hz",
# "8000 Hz, tone of 3000 Hz: by definition 3000 Hz, spafe none of 0 windows; with negative ones -2023 Hz",
# "1000, 6000 and 2000 Hz, a second each: 298 windows, spafe 198; at 1.5 s 3984 Hz, at 2.5 s none".
# Exit code 1 says that this has changed.
#
#     findings/spafe_hears_an_octave_higher.sh        needs Python 3.12 or 3.13 and PyPI, a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet spafe==0.3.3 numpy==2.3.5 scipy==1.16.3
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
from spafe.frequencies.dominant_frequencies import get_dominant_frequencies

# Sampling rate, frequency, and what spafe says, by default and with negative frequencies.
TONES = [
    (16000, 250, 498, 498),
    (16000, 1000, 1992, 1992),
    (16000, 3500, 6973, 6973),
    (16000, 6000, None, -4047),
    (8000, 1000, 1992, 1992),
    (8000, 3000, None, -2023),
]


def tone(rate, frequency):
    return np.sin(2 * np.pi * frequency * np.arange(rate) / rate)


def defined(sound, rate):
    """The strongest frequency of each window of 25 ms, every 10 ms, in the 257 bins from zero to half the sampling rate."""
    length, step = rate // 40, rate // 100
    starts = range(0, len(sound) - length + 1, step)
    spectra = [np.abs(np.fft.rfft(np.hamming(length) * sound[start : start + length], 512)) for start in starts]
    return np.array([spectrum.argmax() * rate / 512 for spectrum in spectra])


def middle(values):
    return round(float(np.median(values))) if len(values) else None


def hertz(value):
    return "none" if value is None else f"{value} Hz"


held = []
for rate, frequency, seen, signed in TONES:
    sound = tone(rate, frequency)
    right = middle(defined(sound, rate))
    positive = get_dominant_frequencies(sound, rate)
    both = get_dominant_frequencies(sound, rate, only_positive=False)
    print(
        f"{rate} Hz, tone of {frequency} Hz: by definition {hertz(right)}, "
        f"spafe {hertz(middle(positive))} of {len(positive)} windows; with negative ones {hertz(middle(both))}"
    )
    held.append(abs(right - frequency) <= rate / 512 and middle(positive) == seen and middle(both) == signed)

sound = np.concatenate([tone(16000, frequency) for frequency in (1000, 6000, 2000)])
windows, found = defined(sound, 16000), get_dominant_frequencies(sound, 16000)
late = [round(float(found[place])) if place < len(found) else None for place in (150, 250)]
print(
    f"1000, 6000 and 2000 Hz, a second each: {len(windows)} windows, spafe {len(found)}; "
    f"at 1.5 s {hertz(late[0])}, at 2.5 s {hertz(late[1])}"
)
held.append(len(windows) == 298 and len(found) == 198 and late == [3984, None])
sys.exit(not all(held))
PYTHON
