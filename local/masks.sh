# shellcheck shell=bash
# The first mask of an experiment, where it is not the trainer's own: what phn.sh and glue.sh have in common.
#
# The template has set the plan's variables, and
#   template   itself;  arguments, caller   how and from where it was called
#   model      the finetuned weights, a file in an experiment's directory
#   trained    the stage after which they are there
#   pool_model a model with the pool, for masks drawn uniformly, and pool_input, a file that changes with it
#   draw_weights  a function that leaves weights drawn at random in the directory ${drawn}
#
# shellcheck disable=SC2154 # all of these
mask=${initial_mask}
case ${mask_source} in random | uniform | finetuned | iterated) mask=${exp}/${mask_source}_mask.safetensors ;; esac

# finetune_first TAG OPTIONS…: a finetuning that this one's mask needs, as an experiment of its own.
finetune_first() {
    [ "${looking:?}" = false ] || return 0
    log "${label}: ${method} needs the experiment $1"
    run env --chdir="${caller}" "${template}" "${arguments[@]}" --first_mask none --initial_mask none \
        --start_sparsity none --sparsity_path linear --round_updates none "--${tag_option}" "$1" --stage 1 \
        --stop_stage "${trained}" --skip_train false --wait true "${@:2}"
}

# make_mask OUT SPARSITY INPUT WORDS…: the file OUT, by a sub-command of parp-mask; another INPUT means another mask.
# The settings say whose it is, and change none of its bits.
make_mask() {
    step "$(dirname "$1")/.steps/$(basename "$1" .safetensors).json" --keep --input "$3" --output "$1" \
        --aside "--settings $(quoted "${exp}/settings.json")" -- \
        python3 -m parp_espnet.bin.mask "${@:4}" "${pool_options[@]}" --sparsity "$2" --out "$1"
}

first_mask() {
    local plain=(--method dense --sparsity 0 --scope global --prune_biases true --prune_pattern none)
    local round=() round_mask='' pruned='' number next name names sparsities
    case ${mask_source} in
    random)
        draw_weights
        make_mask "${mask}" "${first_sparsity}" "${drawn}/model.safetensors" \
            from-upstream --upstream "${drawn}" --scope "${scope}"
        ;;
    uniform)
        make_mask "${mask}" "${first_sparsity}" "${pool_input}" \
            random --model "${pool_model}" --seed "${seed}" --scope "${drawn_scope}"
        ;;
    finetuned)
        finetune_first "${dense_tag}" "${plain[@]}"
        make_mask "${mask}" "${first_sparsity}" "${expdir}/${dense_tag}/${model}" \
            from-model --model "${expdir}/${dense_tag}/${model}" --scope "${scope}"
        ;;
    iterated)
        # Every round is finetuned from the pre-trained weights under the mask of the round before. What was pruned stays 0,
        # so that each mask is part of the one before.
        read -ra names <<<"${round_tags}"
        read -ra sparsities <<<"${rounds}"
        for number in "${!names[@]}"; do
            name=${names[number]} next=${sparsities[number]}
            if [ -z "${pruned}" ]; then
                finetune_first "${name}" "${plain[@]}" --updates "${round_length}"
            else
                finetune_first "${name}" --method transfer "${round[@]}" --updates "${round_length}"
            fi
            pruned=${expdir}/${name}/pruned.safetensors
            make_mask "${pruned}" "${next}" "${expdir}/${name}/${model}" \
                from-model --model "${expdir}/${name}/${model}" --scope "${scope}"
            # The round is started from where the user is; an absolute --expdir needs nothing before it.
            [[ ${pruned} == /* ]] || round_mask=${PWD}/
            round=(--initial_mask "${round_mask}${pruned}" --sparsity "${next}")
        done
        step "${exp}/.steps/iterated_mask.json" --keep --input "${pruned}" --output "${mask}" -- cp "${pruned}" "${mask}"
        ;;
    esac
}
