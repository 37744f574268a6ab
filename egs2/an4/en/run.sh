#!/usr/bin/env bash
# AN4: names, numbers and dates, 50 minutes of US English. Unpack an4_sphere.tar.gz (64 MB) of www.speech.cs.cmu.edu/databases/an4:
#
#     egs2/an4/en/run.sh --an4 DIR --method parp --sparsity 0.5      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus an4 --lang en "$@"
