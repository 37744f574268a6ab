#!/usr/bin/env bash
# What kind of name is it? A task of CLDR's names in six languages, which is always there.
#
#     egs2/glue/cldr_kind/run.sh --method parp --sparsity 0.7      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/glue1/glue.sh" --recipe "${here}" --task cldr_kind "$@"
