#!/usr/bin/env bash
# Is this phrase in its natural order? A task of CLDR's phrases, which is always there.
#
#     egs2/glue/cldr_order/run.sh --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task cldr_order "$@"
