#!/usr/bin/env bash
# SST-2, reviews, positive or not (GLUE).
#
#     egs2/glue/sst2/run.sh --glue DIR --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task sst2 "$@"
