#!/usr/bin/env bash
# kaldi-native-fbank 1.23.0: where the window is shorter than the FFT, the samples behind it are not left out, but count in full.
#
# kaldi-native-fbank gives features to sherpa-onnx and other recognisers, and an Stft for models that take spectra. Speech has windows of
# 25 ms, 400 samples, and FFTs of 512. Of win_length the documentation says that the window is zero-padded to n_fft. It is not: its 400
# numbers weigh the first 400 samples of a frame, and the 112 others keep a weight of one, whatever the window's type, and also where its
# numbers are given. Each frame goes from nothing to full at once, as if it had no window: a tone is heard in the whole spectrum, where a
# window leaves nothing, and log spectra of what is quiet beside it are of other values by tens of dB. Nothing is said, shapes are right.
# Where the window is as long as the FFT, all is well; and so it is with numbers that were padded by hand.
#
# Seen, weights of the samples 0, 200, 399, 400, 450 and 511 of a frame, and what there is of a tone of 1010 Hz from 3 to 4 kHz:
# "hann, 400 of 512: 0.00 1.00 0.00 1.00 1.00 1.00; -37 dB",
# "povey, 400 of 512: 0.00 1.00 0.00 1.00 1.00 1.00; -37 dB",
# "hann's numbers, 400 of 512: 0.00 1.00 0.00 1.00 1.00 1.00; -37 dB",
# "hann's numbers padded by hand: 0.00 1.00 0.00 0.00 0.00 0.00; -112 dB",
# "hann, 512 of 512: 0.00 0.89 0.41 0.40 0.14 0.00; -119 dB".
# Exit code 1 says that this has changed.
#
#     findings/knf_window_leaves_a_rest.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet kaldi-native-fbank==1.23.0
venv/bin/python - <<'PYTHON'
import math
import sys

import kaldi_native_fbank

RATE, FFT, WINDOW, TONE = 16000, 512, 400, 1010
PLACES = (0, 200, 399, 400, 450, 511)
HANN = [0.5 - 0.5 * math.cos(2 * math.pi * place / WINDOW) for place in range(WINDOW)]
WAYS = {
    "hann, 400 of 512": {"win_length": WINDOW, "window_type": "hann"},
    "povey, 400 of 512": {"win_length": WINDOW, "window_type": "povey"},
    "hann's numbers, 400 of 512": {"win_length": WINDOW, "window": HANN},
    "hann's numbers padded by hand": {"win_length": FFT, "window": HANN + [0.0] * (FFT - WINDOW)},
    "hann, 512 of 512": {"win_length": FFT, "window_type": "hann"},
}
tone = [math.sin(2 * math.pi * TONE * place / RATE) for place in range(FFT)]


def frame(samples, options):
    """Magnitudes of the one frame that so many samples are."""
    config = kaldi_native_fbank.StftConfig(n_fft=FFT, hop_length=160, center=False, **options)
    result = kaldi_native_fbank.Stft(config).compute(samples)
    return [math.hypot(*pair) for pair in zip(result.real, result.imag)]


def largest(spectrum, begin, end):
    return max(spectrum[begin * FFT // RATE : end * FFT // RATE])


as_seen = True
for way, options in WAYS.items():
    weights = [frame([float(place == here) for place in range(FFT)], options)[0] for here in PLACES]
    spectrum = frame(tone, options)
    level = 20 * math.log10(largest(spectrum, 3000, 4000) / largest(spectrum, 900, 1100))
    print(f"{way}: {' '.join(f'{one:.2f}' for one in weights)}; {level:.0f} dB")
    behind = weights[PLACES.index(WINDOW) :]
    if way.endswith("400 of 512"):
        as_seen = as_seen and all(abs(one - 1) < 0.001 for one in behind) and level > -60
    else:
        as_seen = as_seen and behind[-1] < 0.001 and level < -80
sys.exit(not as_seen)
PYTHON
