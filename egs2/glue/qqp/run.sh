#!/usr/bin/env bash
# QQP, do two questions ask the same (GLUE).
#
#     egs2/glue/qqp/run.sh --glue DIR --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task qqp "$@"
