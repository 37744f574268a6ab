#!/usr/bin/env bash
# ESPnet 202611: noise of another sampling rate is mixed in as if it had the speech's, although the code that resamples it is there.
#
# CommonPreprocessor (espnet2/train/preprocessor.py), which adds the recordings of noise_scp and the rooms of rir_scp to training speech, has
# branches that bring noise to the rate of the speech, and an argument fs. It calls them without the rate: fs reaches DataAugmentation alone,
# so the branches never run. A hum of 1000 Hz in a noise recording of 8 kHz becomes 2000 Hz in speech of 16 kHz, without a word; MUSAN and the
# usual rooms are of 16 kHz, so nobody notices until telephone noise is added, or speech of 8 kHz is trained on.
#
# Seen: "noise of 16 kHz, 1000 Hz: heard at 1000 Hz",
# "noise of 8 kHz, 1000 Hz: heard at 2000 Hz; warnings: 0".
# Exit code 1 says that this has changed.
#
#     findings/espnet_noise_at_another_rate.sh        needs Python 3.12 or 3.13, PyPI, and 7 GB in TMPDIR; some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet torch==2.14.1 espnet==202611
venv/bin/python - <<'PYTHON'
import logging
import sys

import numpy as np
import soundfile
from espnet2.train.preprocessor import CommonPreprocessor

RATE = 16000


class Counter(logging.Handler):
    count = 0

    def emit(self, record):
        if "Resampling" in record.getMessage():
            self.count += 1


counter = Counter()
logging.getLogger().addHandler(counter)


def heard(noise_rate):
    """The strongest frequency in a second of faint speech to which a hum of 1000 Hz was added."""
    hum = np.sin(2 * np.pi * 1000 * np.arange(4 * noise_rate) / noise_rate)
    soundfile.write("hum.wav", 0.5 * hum, noise_rate)
    with open("noise.scp", "w") as scp:
        scp.write("hum hum.wav\n")
    np.random.seed(0)
    preprocessor = CommonPreprocessor(
        train=True, noise_scp="noise.scp", noise_db_range="-20", fs=RATE
    )
    speech = 0.01 * np.random.randn(RATE).astype(np.float32)
    mixed = preprocessor("utterance", {"speech": speech})["speech"].reshape(-1)
    return int(np.abs(np.fft.rfft(mixed)).argmax() * RATE / len(mixed))


same, other = heard(RATE), heard(8000)
print(f"noise of 16 kHz, 1000 Hz: heard at {same} Hz")
print(f"noise of 8 kHz, 1000 Hz: heard at {other} Hz; warnings: {counter.count}")
sys.exit((same, other, counter.count) != (1000, 2000, 0))
PYTHON
