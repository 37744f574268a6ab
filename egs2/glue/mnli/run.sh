#!/usr/bin/env bash
# MNLI, entailment, neutral or contradiction; the mismatched set beside the matched one (GLUE).
#
#     egs2/glue/mnli/run.sh --glue DIR --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task mnli "$@"
