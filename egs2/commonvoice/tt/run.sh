#!/usr/bin/env bash
# Tatar, read by volunteers of Common Voice; phones of the sentences by the project's phonemiser. Any release will do, unpacked
# (0.8 GB in release 7.0; egs2/commonvoice/README.md says from where):
#
#     egs2/commonvoice/tt/run.sh --commonvoice DIR --train_minutes 10 --method parp --sparsity 0.5      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus commonvoice --lang tt "$@"
