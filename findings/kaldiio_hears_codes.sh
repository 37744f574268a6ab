#!/usr/bin/env bash
# kaldiio 2.18.1: WAV files of A-law, mu-law and ADPCM are read as if their codes were samples.
#
# Its own copy of Python's wave module has the check of the format commented out, so `load_mat`, and `load_scp` of a wav.scp, take every WAV
# of up to 8 bits for linear sound and return its bytes. A code of A-law or mu-law is about the logarithm of a sample (mu-law's silence is
# 255), so that speech comes out squeezed and torn at zero. ADPCM comes out as noise, half as long. Rate and number of channels are right, and
# nothing is raised; features, durations and training go on. Telephone speech is of these kinds, and `sph2pipe -f wav`, which kaldiio's
# README shows in a wav.scp, leaves mu-law as it is. Kaldi refuses such files, and so do Python's wave and kaldi-native-io; soundfile and
# omniio decode them. Of formats that kaldiio cannot read (24 bits, floats) it says so.
#
# Seen, of a second of a hum that swells:
# "PCM: kaldiio 8000 of 8000 samples, correlation to the sound 1.00; 24 bits: ValueError; wave: read",
# "mu-law: kaldiio 8000 of 8000 samples, correlation to the sound 0.54; omniio 1.00; wave: Error",
# "A-law: kaldiio 8000 of 8000 samples, correlation to the sound 0.51; omniio 1.00; wave: Error",
# "ADPCM: kaldiio 4096 of 8000 samples, correlation to the sound 0.01; omniio 1.00; wave: Error".
# Exit code 1 says that this has changed.
#
#     findings/kaldiio_hears_codes.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet kaldiio==2.18.1 omniio==0.1.2 soundfile==0.14.0 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys
import wave

import kaldiio
import numpy as np
import omniio.kaldi
import soundfile

RATE = 8000
KINDS = {"PCM": "PCM_16", "mu-law": "ULAW", "A-law": "ALAW", "ADPCM": "IMA_ADPCM"}
seconds = np.arange(RATE) / RATE
hum = 0.5 * np.sin(2 * np.pi * 150 * seconds) * 0.01 ** (1 - seconds)


def correlation(samples):
    count = min(len(samples), len(hum))
    return round(float(np.corrcoef(samples[:count], hum[:count])[0, 1]), 2)


def outcome(read, path):
    try:
        read(path)
    except Exception as error:
        return type(error).__name__
    return "read"


soundfile.write("24.wav", hum, RATE, subtype="PCM_24")
deep = outcome(kaldiio.load_mat, "24.wav")
found = {}
for name, subtype in KINDS.items():
    path = f"{subtype}.wav"
    soundfile.write(path, hum, RATE, subtype=subtype)
    with open("wav.scp", "w", encoding="utf-8") as file:
        file.write(f"hum {path}\n")
    _, samples = kaldiio.load_scp("wav.scp")["hum"]
    _, decoded = omniio.kaldi.load_mat(path)
    found[name] = len(samples), correlation(samples), correlation(decoded), outcome(wave.open, path)
    count, heard, peer, refused = found[name]
    words = f"24 bits: {deep}" if name == "PCM" else f"omniio {peer:.2f}"
    print(f"{name}: kaldiio {count} of {RATE} samples, correlation to the sound {heard:.2f}; {words}; wave: {refused}")
linear = found.pop("PCM")
as_seen = linear[:2] == (RATE, 1.0) and deep == "ValueError"
as_seen = as_seen and all(heard < 0.95 and peer > 0.98 and refused == "Error" for _, heard, peer, refused in found.values())
sys.exit(not (as_seen and found["ADPCM"][0] < RATE * 0.6))
PYTHON
