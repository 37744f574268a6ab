#!/usr/bin/env bash
# Mboshi (Bantu C25): speech that field linguists recorded, phones from their spelling by the rule of parp_espnet.corpora.mboshi.
# The corpus, github.com/besacier/mboshi-french-parallel-corpus, has to be on this machine already:
#
#     egs2/mboshi/mb/run.sh --mboshi DIR --method parp --sparsity 0.5      all options: --help
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Thirteen minutes of three people are learnt by heart in a few hundred updates, unless they are varied and hidden in part.
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus mboshi --lang mb --updates 2700 --lr 4e-4 \
    --speed_perturb_factors "0.9 1.0 1.1" --mask_time_prob 0.3 --mask_feature_prob 0.1 "$@"
