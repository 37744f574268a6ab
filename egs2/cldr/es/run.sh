#!/usr/bin/env bash
# Spanish, spoken by a synthesiser: phone recognition from ten minutes of speech with exact phones.
#
#     egs2/cldr/es/run.sh --method parp --sparsity 0.5      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus cldr --lang es "$@"
