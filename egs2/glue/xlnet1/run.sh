#!/usr/bin/env bash
# Pre-train a small XLNet on CLDR's phrases with XLNet's own objective, for `--model xlnet` of the recipes of text:
#
#     egs2/glue/xlnet1/run.sh --updates 1000      leaves model/; python3 -m parp_espnet.bin.pretrain_xlnet --help
#
# It takes minutes; complete, it is skipped, and interrupted, it begins anew.
set -euo pipefail

CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")"
root=../../..
# shellcheck source=local/steps.sh
. "${root}/local/steps.sh"
show_help pretrain_xlnet "$@"
# shellcheck source=path.sh
. "${root}/path.sh"

# shellcheck disable=SC2034 # for step
label="pretraining" dry_run=false
step exp/.steps/pretrain.json --output model/model.safetensors --output model/pretraining.json -- \
    python3 -m parp_espnet.bin.pretrain_xlnet --out model "$@"
