#!/usr/bin/env bash
# MRPC, do two sentences of the news say the same (GLUE).
#
#     egs2/glue/mrpc/run.sh --glue DIR --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task mrpc "$@"
