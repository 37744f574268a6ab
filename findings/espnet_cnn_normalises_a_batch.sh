#!/usr/bin/env bash
# ESPnet 202611: with normalize_audio, the CNN frontend of its self-supervised models normalises a batch as one utterance.
#
# CNNFrontend (espnet2/asr/frontend/cnn.py) takes mean and variance of the whole (batch, time) array, padding included, where wav2vec 2.0 and
# HuBERT take them of each utterance. What a model hears of a recording then depends on those that are decoded with it, even where all have
# the same length, and on how much padding they need. Decoded one at a time nobody notices.
#
# Seen: "beside itself: the same features",
# "beside a louder one of the same length: 69 % of the features' size away".
# Exit code 1 says that this has changed.
#
#     findings/espnet_cnn_normalises_a_batch.sh        needs Python 3.12 or 3.13, PyPI, and 7 GB in TMPDIR; some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet torch==2.14.1 numpy
venv/bin/pip install --quiet --no-deps espnet==202611
venv/bin/python - <<'PYTHON'
import sys

import torch
from espnet2.asr.frontend.cnn import CNNFrontend

torch.manual_seed(0)
frontend = CNNFrontend(
    norm_mode="layer_norm",
    conv_mode="standard",
    bias=False,
    shapes=[(32, 10, 5), (32, 3, 2)],
    normalize_audio=True,
).eval()
quiet = 0.01 * torch.randn(1, 8000)
loud = torch.randn(1, 8000)
one, two = torch.tensor([8000]), torch.tensor([8000, 8000])
with torch.no_grad():
    alone = frontend(quiet, one)[0][0]
    beside_itself = frontend(torch.cat([quiet, quiet]), two)[0][0]
    beside_loud = frontend(torch.cat([quiet, loud]), two)[0][0]
same = float((alone - beside_itself).abs().max())
other = float((alone - beside_loud).abs().mean() / alone.abs().mean())
print("beside itself:", "the same features" if same < 1e-5 else f"{same:.4f} away")
print(f"beside a louder one of the same length: {100 * other:.0f} % of the features' size away")
sys.exit(not (same < 1e-5 and other > 0.1))
PYTHON
