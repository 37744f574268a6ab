#!/usr/bin/env bash
# One experiment, from speech to a scored phone recogniser, pruned while it is finetuned. Recipes call it:
#
#     egs2/cldr/es/run.sh --method parp --sparsity 0.5
#     egs2/cldr/es/run.sh --method dense --stage 8 --stop_stage 14
#     egs2/cldr/es/run.sh --method dense --use_ngram true
#     egs2/cldr/es/run.sh --method dense --compare_decoding true
#     egs2/cldr/es/run.sh --help
#
# What is complete is skipped; what was interrupted continues with the same command. `--dry_run true` prints every
# command of what follows; parp_espnet/pipeline/stages.py says where each stage is written down.
set -euo pipefail

root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source=local/steps.sh
. "${root}/local/steps.sh"

stage 1 "data"            # data/         the sets of the corpus, or of local/data.sh, or your own; they are checked
stage 2 "format"          # dump/raw/org  16 kHz mono; copies at other speeds, where you ask for them
stage 3 "filter"          # dump/raw      what is too short or too long to train on is left out
stage 4 "tokens"          # dump/token_list
stage 5 "upstream"        # exp/upstreams the self-supervised model loads, and all of its pool is there
stage 6 "first mask"      # exp/TAG       where it is neither the pre-trained weights' nor nobody's
stage 7 "statistics"      # exp/stats_*   lengths, for ESPnet's batches
stage 8 "train"           # exp/TAG       ESPnet finetunes, the mask adjusts
stage 9 "finalise"        # exp/TAG       the averaged model is as sparse as it should be; checkpoints go
stage 10 "language model" # exp/lm_* exp/ngram_*, where decoding is to have one
stage 11 "tune"           # exp/TAG/decode_*/dev   its weights, on the validation set
stage 12 "decode"         # exp/TAG/decode_*/test
stage 13 "score"          # exp/TAG/decode_*/test/score
stage 14 "results"        # exp/TAG/result.json, exp/RESULTS.md

run_stages phn.sh "$@"
