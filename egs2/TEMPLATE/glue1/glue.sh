#!/usr/bin/env bash
# One experiment on text, from a task in GLUE's form to a score, pruned while it is finetuned. Recipes call it:
#
#     egs2/glue/cldr_kind/run.sh --method parp --sparsity 0.7
#     egs2/glue/cola/run.sh --glue DIR --method omp --sparsity 0.7
#     egs2/glue/cldr_kind/run.sh --help
#
# What is complete is skipped; what was interrupted continues with the same command. `--dry_run true` prints every
# command of what follows; parp_espnet/glue/stages.py has them.
set -euo pipefail

root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source=local/steps.sh
. "${root}/local/steps.sh"

stage 1 "data"       # data/       the examples of the task
stage 2 "model"      # exp/models  the pre-trained model loads, and all of its pool is there
stage 3 "first mask" # exp/TAG     where it is neither the pre-trained weights' nor nobody's
stage 4 "train"      # exp/TAG     it is finetuned, the mask adjusts
stage 5 "score"      # exp/TAG/result.json
stage 6 "results"    # exp/RESULTS.md

run_stages glue.sh "$@"
