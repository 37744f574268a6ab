#!/usr/bin/env bash
# kaldiio 2.18.1 and omniio 0.1.2, which ESPnet took its place with: a range of rows of one archive is two things.
#
# In Kaldi's `FILE.ark:OFFSET[0:2]` both ends are in the range ("rows 0 to 2"). kaldiio reads three rows. omniio's
# `load_mat`, of the same name and for the same lines of a feats.scp, takes the range for a part of the file's name or
# of the offset and raises; without the range both read all six.
#
# Seen: "[0:2]: kaldiio (3, 2), omniio FileNotFoundError". Exit code 1 says that this has changed.
#
#     findings/kaldi_ranges.sh        needs Python 3.12 or 3.13 and PyPI, a quarter of a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet kaldiio==2.18.1 omniio==0.1.2 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

import kaldiio
import numpy as np
import omniio.kaldi

rows = np.arange(12, dtype=np.float32).reshape(6, 2)
with kaldiio.WriteHelper("ark,scp:rows.ark,rows.scp") as write:
    write("a", rows)
place = open("rows.scp").read().split()[1]


def read(load, what):
    try:
        return str(load(what).shape)
    except Exception as error:
        return type(error).__name__


print(f"whole: kaldiio {read(kaldiio.load_mat, place)}, omniio {read(omniio.kaldi.load_mat, place)}")
of_kaldiio, of_omniio = read(kaldiio.load_mat, f"{place}[0:2]"), read(omniio.kaldi.load_mat, f"{place}[0:2]")
print(f"[0:2]: kaldiio {of_kaldiio}, omniio {of_omniio}")
sys.exit(of_kaldiio == of_omniio)
PYTHON
