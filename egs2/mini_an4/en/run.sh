#!/usr/bin/env bash
# The seven AN4 utterances inside the espnet wheel: real speech to try the pipeline on, too little to learn from.
#
#     egs2/mini_an4/en/run.sh --method parp --sparsity 0.5      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus mini_an4 --lang en "$@"
