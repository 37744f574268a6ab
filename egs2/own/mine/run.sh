#!/usr/bin/env bash
# Recordings of your own: a Kaldi directory, a folder of recordings with transcripts, or a table (egs2/own/README.md).
#
#     egs2/own/mine/run.sh --own PATH --method parp --sparsity 0.5                    the text holds phones
#     egs2/own/mine/run.sh --own PATH --phonemise es --method parp --sparsity 0.5     it is Spanish      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus own "$@"
