#!/usr/bin/env bash
# Ten languages in one run, spoken by a synthesiser: one phone inventory, one model, one mask (the paper's ten languages).
# --train_minutes, --valid_minutes and --test_minutes are of each language.
#
#     egs2/cldr/joint/run.sh --method parp --sparsity 0.5 --updates 1500      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus cldr --lang "es fr it ky nl ru sv tr tt zh" "$@"
