#!/usr/bin/env bash
# One experiment on text, from a task in GLUE's form to a score, pruned while it is finetuned. Recipes call it:
#
#     egs2/glue/cldr_kind/run.sh --method parp --sparsity 0.7
#     egs2/glue/cola/run.sh --glue DIR --method omp --sparsity 0.7
#     egs2/glue/cldr_kind/run.sh --help
#
# What is complete is skipped; what was interrupted continues with the same command.
#
# shellcheck disable=SC2154 # the plan assigns recipe, expdir, tag and all other options
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${here}/../../..
# shellcheck source=local/steps.sh
. "${root}/local/steps.sh"
# shellcheck source=path.sh
. "${root}/path.sh"
# shellcheck source=cmd.sh
. "${root}/cmd.sh"
# shellcheck source=db.sh
. "${root}/db.sh"

! asks_for_help "$@" || exec python3 -m parp_espnet.bin.glue plan "$@"

# Options are checked, and all names made, in one tested place; it prints them as shell variables.
arguments=("$@")
template=${here}/glue.sh
caller=${PWD}
plan=$(quietly python3 -m parp_espnet.bin.glue plan "${arguments[@]}")
eval "${plan}"
cd "${recipe}"

exp=${expdir}/${tag}
pretrained=${model}
checked=${expdir}/models/${model_name}.json
# The tokens' workers would fork after torch has begun its threads.
export TOKENIZERS_PARALLELISM=false

begin_experiment

data=()
for set in "${sets[@]}"; do data+=("data/${set}.tsv"); done

if at_stage 1; then
    step "data/.steps/${task}.json" ${glue:+--tree "${glue}"} "${data[@]/#/--editable=}" -- \
        python3 -m parp_espnet.bin.glue data --task "${task}" \
        ${glue:+--glue "${glue}"} ${train_examples:+--train_examples "${train_examples}"}
fi

# A model of the same name with other weights, or another tokenizer, is another model.
weights=()
for file in "${pretrained}"/*.{json,txt,model,safetensors,bin}; do
    [ ! -f "${file}" ] || weights+=(--input "${file}")
done

if at_stage 2; then
    step "${expdir}/models/.steps/${model_name}.json" "${weights[@]}" --output "${checked}" \
        "--aside=$(quoted "${pool_options[@]}")" -- \
        python3 -m parp_espnet.bin.glue check --task "${task}" --model "${pretrained}" --out "${checked}"
fi

# The mask of the pre-trained weights (MPI, PARP) is the trainer's, which leaves it as initial_mask.safetensors. Masks from
# elsewhere are files, and made here.
trained=4
model=${finetuned}
drawn=${expdir}/models/${model_name}-drawn${seed}
pool_model=${drawn}
pool_input=${checked}
draw_weights() {
    step "${expdir}/models/.steps/$(basename "${drawn}").json" --input "${checked}" "${weights[@]}" \
        --output "${drawn}/model.safetensors" -- \
        python3 -m parp_espnet.bin.glue draw --task "${task}" --model "${pretrained}" --seed "${seed}" --out "${drawn}"
}
# shellcheck source=local/masks.sh
. "${root}/local/masks.sh"

if at_stage 3; then
    # A uniform draw needs the pool of any weights.
    [ "${mask_source}" != uniform ] || draw_weights
    first_mask
fi

if at_stage 4; then
    inputs=(--input data/train.tsv --input data/valid.tsv)
    step "${exp}/.steps/train.json" --keep --afresh "${inputs[@]}" "${weights[@]}" ${mask:+--input "${mask}"} \
        --spare settings.json --spare "${mask_source}_mask.safetensors" --spare pruned.safetensors \
        --output "${exp}/${model}" --output "${exp}/mask.safetensors" --output "${exp}/training.json" \
        --output "${exp}/$(dirname "${model}")/config.json" --output "${exp}/$(dirname "${model}")/tokenizer_config.json" \
        --runner "${cuda_cmd} --gpu ${ngpu}" --log "${exp}/log/train.log" --progress "${exp}/progress.json" -- \
        python3 -m parp_espnet.bin.glue train --exp "${exp}" --initial_mask "${mask}" "${trained_by[@]}"
fi

if at_stage 5; then
    inputs=()
    for file in "${data[@]:2}"; do inputs+=(--input "${file}"); done
    step "${exp}/.steps/score.json" "${inputs[@]}" --input "${exp}/${model}" --input "${exp}/training.json" \
        --output "${exp}/result.json" --output "${exp}/predictions.tsv" \
        --runner "${decode_cmd}" --log "${exp}/log/score.log" -- \
        python3 -m parp_espnet.bin.glue score --exp "${exp}"
fi

if at_stage 6; then
    show_or_run python3 -m parp_espnet.bin.glue report --expdir "${expdir}" --exp "${exp}"
fi
