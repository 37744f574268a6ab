#!/usr/bin/env bash
# How much have two lists in two languages in common? A regression on CLDR's names, which is always there.
#
#     egs2/glue/cldr_sim/run.sh --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task cldr_sim "$@"
