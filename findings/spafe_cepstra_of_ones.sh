#!/usr/bin/env bash
# spafe 0.3.3: linear prediction cepstra (LPCC) are no cepstra, their energy is not the error's, and no window is applied.
#
# LPCC are the cepstrum of the all-pole model of a frame. A recursion makes them of its predictor: each coefficient takes
# part in those after it, so that they fade away. spafe (lpc2lpcc, in spafe/features/lpc.py) has a one in the place of
# each of the earlier ones. What comes out are weighted sums of the predictor, which do not fade, with the sign of the
# inverse filter. The first coefficient is the logarithm of the prediction error, which is computed from the wrong end of
# the autocorrelation: not from lag zero on, but from minus the frame's length. And lpc and lpcc apply the window that was
# asked for, and then go on with the frames from before it, whatever its type. Shapes are right, values are of a usual
# size, nothing is raised, and a recogniser learns from them all the same. (Up to 0.3.2 there were zeros for the ones, so
# that LPCC were LPC; that was reported, and the ones are what followed. Makhoul's formula, which spafe names, has the
# coefficients themselves.)
#
# Seen, of 1 / (1 - 0.9 / z), whose cepstrum is 0.9^n / n, and of a frame of a vowel (the first of twelve coefficients):
# "one pole: by definition 0.90 0.41 0.24 0.16 0.12, spafe -0.90 -0.45 -0.60 -0.68 -0.72",
# "vowel: by definition 2.75 0.68 -0.26 -0.07 0.18 -0.06, spafe -2.75 1.72 -2.13 -1.45 -0.15 -0.75; correlation -0.25",
# "energy of the error: by definition 94.94, spafe 68.62",
# "hamming: by definition -3.95 7.20 -7.41 3.65, spafe -2.75 3.09 -1.33 -0.60; no window -2.75 3.09 -1.33 -0.60",
# "hanning: by definition -5.05 12.66 -20.58 23.68, spafe -2.75 3.09 -1.33 -0.60; no window -2.75 3.09 -1.33 -0.60",
# "blackman: by definition -5.05 12.66 -20.57 23.67, spafe -2.75 3.09 -1.33 -0.60; no window -2.75 3.09 -1.33 -0.60".
# Exit code 1 says that this has changed.
#
#     findings/spafe_cepstra_of_ones.sh        needs Python 3.12 or 3.13 and PyPI, a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet spafe==0.3.3 numpy==2.3.5 scipy==1.16.3
venv/bin/python -W ignore::SyntaxWarning - <<'PYTHON'
import sys

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter
from spafe.features.lpc import lpc, lpc2lpcc, lpcc
from spafe.utils.preprocessing import SlidingWindow

RATE = 16000
WINDOWS = {"hamming": np.hamming(400), "hanning": np.hanning(400), "blackman": np.blackman(400)}


def shown(values):
    return " ".join(f"{value:.2f}" for value in values)


def cepstrum(predictor, count):
    """The cepstrum of 1 / A by its definition, from its first coefficient on: logs, back to time, halves added."""
    logs = -np.log(np.abs(np.fft.rfft(predictor, 1 << 16)))
    return 2 * np.fft.irfft(logs)[1 : count + 1]


def predicted(frame, order):
    """The predictor of a frame, and the energy of what it leaves."""
    lags = np.array([frame[: len(frame) - lag] @ frame[lag:] for lag in range(order + 1)])
    predictor = np.concatenate(([1.0], solve_toeplitz(lags[:-1], -lags[1:])))
    return predictor, lags @ predictor


def vowel():
    sound = np.zeros(RATE)
    sound[::125] = 1
    for formant, width in ((700, 80), (1200, 90), (2600, 120), (3500, 150)):
        radius = np.exp(-np.pi * width / RATE)
        sound = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2], sound)
    return sound


held = []
pole = [1, -0.9, 0, 0, 0, 0]
right, found = cepstrum(pole, 5), np.array(lpc2lpcc(pole, 1.0, 6)[1:], float)
print(f"one pole: by definition {shown(right)}, spafe {shown(found)}")
held.append(np.allclose(right, [0.9**n / n for n in range(1, 6)]))
held.append(np.allclose(found, [-0.9] + [-0.9 * (n - 1) / n for n in range(2, 6)]))

sound = vowel()
frame = sound[50 * 160 : 50 * 160 + 400]
predictors, errors = lpc(sound, fs=RATE, order=13, pre_emph=False)
plain, energy = predicted(frame, 12)
right, found = cepstrum(predictors[50], 12), lpcc(sound, fs=RATE, order=13, pre_emph=False)[50][1:]
alike = np.corrcoef(right, found)[0, 1]
print(f"vowel: by definition {shown(right[:6])}, spafe {shown(found[:6])}; correlation {alike:.2f}")
print(f"energy of the error: by definition {energy:.2f}, spafe {errors[50, 0]:.2f}")
held.append(alike < 0.5 and abs(errors[50, 0] / energy - 1) > 0.1)
for name, window in WINDOWS.items():
    right = predicted(window * frame, 12)[0]
    found = lpc(sound, fs=RATE, order=13, pre_emph=False, window=SlidingWindow(0.025, 0.01, name))[0][50]
    print(f"{name}: by definition {shown(right[1:5])}, spafe {shown(found[1:5])}; no window {shown(plain[1:5])}")
    held.append(np.allclose(found, plain, atol=1e-6) and not np.allclose(found, right, atol=0.05))
sys.exit(not all(held))
PYTHON
