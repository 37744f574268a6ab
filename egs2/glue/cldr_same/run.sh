#!/usr/bin/env bash
# Do two names in two languages mean the same? A task of CLDR's names, which is always there.
#
#     egs2/glue/cldr_same/run.sh --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task cldr_same "$@"
