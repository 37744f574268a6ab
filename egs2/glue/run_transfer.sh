#!/usr/bin/env bash
# The OMP mask of each task in every other task, fixed and adjusting: the paper's matrix, and claim C9. It writes a study and
# runs it, so that what is complete is skipped, and experiments run side by side.
#
#     egs2/glue/run_transfer.sh                                     four made tasks with MiniLM
#     GLUE=DIR egs2/glue/run_transfer.sh --model bert-base-uncased  GLUE's nine, where GLUE or db.sh names its folder
#     egs2/glue/run_transfer.sh --tasks "cola rte" --sparsity 0.5 --seeds "0 1 2" --updates 1000 --lr 5e-5
#     egs2/glue/run_transfer.sh --dry_run true                      and other options of the study's own run.sh
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${here}/../..
# shellcheck source=db.sh
. "${root}/db.sh"

tasks="cldr_kind cldr_same cldr_order cldr_sim"
[ -z "${GLUE:-}" ] || tasks="cola sst2 mrpc stsb qqp mnli qnli rte wnli"
model=minilm sparsity=0.7 seeds=0 updates=200 batch_size=16 lr=3e-4
others=()
while [ $# -gt 0 ]; do
    case $1 in
    --tasks | --model | --sparsity | --seeds | --updates | --batch_size | --lr)
        [ $# -gt 1 ] || { echo "error: run_transfer.sh: $1: expected a value after it" >&2 && exit 2; }
        printf -v "${1#--}" '%s' "$2"
        shift 2
        ;;
    *)
        others+=("$1")
        shift
        ;;
    esac
done
[[ ${model} != .* ]] || model=$(realpath "${model}")

study=${here}/exp/glue_transfer.yaml
mkdir -p "${here}/exp"
{
    echo "recipes:"
    for task in ${tasks}; do echo "    ${task}: egs2/glue/${task}"; done
    cat <<END
options: {model: "${model}", updates: ${updates}, batch_size: ${batch_size}, lr: ${lr}}
arms:
    dense: {method: dense, seed: [${seeds// /, }]}
    own: {method: omp, sparsity: ${sparsity}, seed: [${seeds// /, }]}
    fixed: {method: transfer, sparsity: ${sparsity}, seed: [${seeds// /, }], mask_of: {arm: own, languages: others}}
    adjusting: {method: parp, sparsity: ${sparsity}, seed: [${seeds// /, }], mask_of: {arm: own, languages: others}}
END
} >"${study}.tmp"
mv "${study}.tmp" "${study}"
exec "${root}/run.sh" --profile "${study}" "${others[@]}"
