#!/usr/bin/env bash
# One experiment, from speech to a scored phone recogniser, pruned while it is finetuned. Recipes call it:
#
#     egs2/cldr/es/run.sh --method parp --sparsity 0.5
#     egs2/cldr/es/run.sh --method dense --stage 8 --stop_stage 14
#     egs2/cldr/es/run.sh --method dense --use_ngram true
#     egs2/cldr/es/run.sh --method dense --compare_decoding true
#     egs2/cldr/es/run.sh --help
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

! asks_for_help "$@" || exec python3 -m parp_espnet.bin.plan "$@"

# Options are checked, and all names made, in one tested place; it prints them as shell variables.
arguments=("$@")
template=${here}/phn.sh
caller=${PWD}
plan=$(quietly python3 -m parp_espnet.bin.plan "${arguments[@]}")
eval "${plan}"
cd "${recipe}"

if [ "${num_nodes}" -gt 1 ] && [[ ${cuda_cmd} == *parp_espnet.bin.run_local* ]]; then
    echo "error: phn.sh: --num_nodes ${num_nodes}: expected a queue with as many machines, found cmd_backend=local;" \
        "choose another in cmd.sh, or before the command: cmd_backend=slurm" >&2
    exit 2
fi

export datadir # for local/data.sh
exp=${expdir}/${tag}
org=${dumpdir}/raw/org
raw=${dumpdir}/raw
stats=${expdir}/stats_${train_dump}
tokens=${dumpdir}/token_list/${train_dump}.txt

begin_experiment

# table_options OPTION DIR TABLES…: set `tables` to an option for each file of a Kaldi directory.
table_options() {
    tables=()
    local name
    for name in "${@:3}"; do tables+=("--$1" "$2/${name}"); done
}
complete=(wav.scp text orig_text utt2spk spk2utt utt2lang utt2dur) # what stages 1 to 3 leave

# queued NAME THREADS: set `queue` to the options that send a step which prepares data to the queue. On this machine it is
# run as it is, and its words are seen.
queued() {
    queue=()
    [ "${cmd_backend}" = local ] || queue=(--runner "${data_cmd} --num_threads $2" --log "${exp}/log/$1.log")
}

if at_stage 1; then
    # make_set NAME OPTIONS…: the set of that name, from the corpus.
    make_set() {
        queued "make_$1" "${threads}"
        # They lie open: whoever edits them is right.
        table_options editable "${datadir}/$1" "${complete[@]}"
        [ "${corpus}" != own ] || tables+=(--list "${datadir}/$1/sources.scp")
        step "${datadir}/.steps/$1.json" "${corpus_inputs[@]}" "${tables[@]}" "--aside=--anew${jobs:+ ${jobs}}" \
            "${queue[@]}" -- python3 -m parp_espnet.bin.make_corpus "${corpus}" "${@:2}"
    }
    jobs=''
    threads=1
    if [ "${corpus}" = cldr ]; then
        jobs="--jobs ${nj}"
        threads=${nj}
    fi
    if [ "${corpus}" != none ]; then
        make_set "${train_set}" "${train_options[@]}"
        make_set "${valid_set}" "${dev_options[@]}"
        make_set "${test_set}" "${test_options[@]}"
    elif [ -x local/data.sh ]; then
        queued local_data 1
        # A script of the user's may import what lies beside it.
        PYTHONSAFEPATH='' step "${datadir}/.steps/local.json" --input local/data.sh --editable "${datadir}/${train_set}/wav.scp" \
            "${queue[@]}" -- local/data.sh
    fi
    if [ "${skip_check}" = false ]; then
        sets=() inputs=()
        for set in "${datadir}/${train_set}" "${datadir}/${valid_set}" "${datadir}/${test_set}"; do
            [[ " ${sets[*]} " != *" ${set} "* ]] || continue
            sets+=("${set}")
            # Someone may have put another recording in the place of one.
            table_options optional "${set}" segments reco2file_and_channel utt2spk spk2utt utt2lang utt2dur orig_text
            inputs+=(--input "${set}/wav.scp" --input "${set}/text" --recordings "${set}/wav.scp" "${tables[@]}")
        done
        filtered=2
        [ "${train_set}" != "${valid_set}" ] || filtered=1
        options=(--min_duration "${min_wav_duration}" --max_duration "${max_wav_duration}" --shown 10)
        options+=(--filtered "${filtered}")
        advice="then give run.sh --corpus none --train_set ${train_set}_clean --valid_set ${valid_set}_clean"
        advice+=" --test_set ${test_set}_clean"
        # Below an absolute --expdir are only sets that a corpus makes, unless it is said.
        [[ ${expdir} != /* ]] || advice+=" --expdir $(quoted "${expdir}") --datadir $(quoted "${datadir}")"
        advice+="; or, to go on with it as it is, --skip_check true"
        options+=("${inventory_options[@]}")
        # What they write is looked at when they are run, in stage 2.
        [ "${allow_pipes}" = false ] || options+=(--ignore "command,path")
        step "${datadir}/.steps/check_${train_set}.json" "${inputs[@]}" --output "${dumpdir}/faults/${train_set}.tsv" \
            --aside "--nj ${nj}" -- \
            python3 -m parp_espnet.bin.data check "${sets[@]}" "${options[@]}" --list "${dumpdir}/faults/${train_set}.tsv" \
            --then "${advice}"
    fi
fi

if at_stage 2; then
    # Training and validation sets go through stage 3; nothing is left out of a test set.
    format_set() {
        local pipes=()
        [ "${allow_pipes}" = false ] || pipes=(--allow_pipes)
        table_options optional "${datadir}/$1" segments reco2file_and_channel utt2spk utt2lang orig_text
        local inputs=(--input "${datadir}/$1/wav.scp" --input "${datadir}/$1/text" "${tables[@]}")
        table_options output "$2" "${complete[@]}"
        queued "format_${2##*/}" "${nj}"
        step "${2%/*}/.steps/format_${2##*/}.json" "${inputs[@]}" --recordings "${datadir}/$1/wav.scp" \
            "${tables[@]}" --aside "--nj ${nj}" "${queue[@]}" -- \
            python3 -m parp_espnet.bin.format_data --data "${datadir}/$1" --out "$2" --lang "${lang}" \
            "${pipes[@]}" "${@:3}"
    }
    format_set "${train_set}" "${org}/${train_dump}" "${speed_options[@]}"
    format_set "${valid_set}" "${org}/${valid_set}"
    format_set "${test_set}" "${raw}/${test_set}"
fi

if at_stage 3; then
    for set in "${train_dump}" "${valid_set}"; do
        table_options input "${org}/${set}" wav.scp text orig_text utt2spk utt2lang utt2dur
        inputs=("${tables[@]}")
        table_options output "${raw}/${set}" "${complete[@]}"
        step "${raw}/.steps/filter_${set}.json" "${inputs[@]}" "${tables[@]}" -- \
            python3 -m parp_espnet.bin.filter_data --data "${org}/${set}" --out "${raw}/${set}" \
            --min_duration "${min_wav_duration}" --max_duration "${max_wav_duration}"
    done
fi

if at_stage 4; then
    step "${dumpdir}/token_list/.steps/${train_dump}.json" --input "${raw}/${train_dump}/text" --output "${tokens}" -- \
        python3 -m parp_espnet.bin.tokens --data "${raw}/${train_dump}" --out "${tokens}"
fi

# An upstream of the same name with other weights is another upstream, unless its weights are drawn at random. What the
# preflight leaves of it is opened by all who load a model.
weights=()
for file in "${upstream}" "${upstream}"/*.{json,safetensors,bin}; do
    [ ! -f "${file}" ] || [[ ${upstream_init} = random && ${file} = *.@(safetensors|bin) ]] || weights+=(--input "${file}")
done
adapted=(frontend.json)
[ -f "${upstream}" ] || adapted+=(config.json preprocessor_config.json)
table_options input "${upstream_dir}" "${adapted[@]}"
architecture=("${tables[@]}")

init=()
[ "${upstream_init}" = pretrained ] || init=(--random_seed "${seed}")

if at_stage 5; then
    table_options output "${upstream_dir}" "${adapted[@]}"
    [ "${upstream_init}" = pretrained ] || tables+=(--output "${upstream_dir}/model.safetensors")
    step "${expdir}/upstreams/.steps/$(basename "${upstream_dir}").json" "${weights[@]}" "${tables[@]}" \
        "--aside=$(quoted "${pool_options[@]}")" -- \
        python3 -m parp_espnet.bin.preflight --upstream "${upstream}" --out "${upstream_dir}" "${init[@]}" "${upstream_options[@]}"
fi

# The mask of the pre-trained weights (MPI, PARP) is the trainer's, which leaves it as initial_mask.safetensors. Masks from
# elsewhere are files, and made here.
trained=9
pool_model=${upstream_dir}
[ ! -f "${upstream}" ] || pool_model=${upstream}
pool_input=${upstream_dir}/config.json
[ ! -f "${upstream}" ] || pool_input=${upstream}
drawn=${upstream_dir}-drawn${seed}
draw_weights() {
    table_options output "${drawn}" model.safetensors frontend.json config.json preprocessor_config.json
    step "${expdir}/upstreams/.steps/$(basename "${drawn}").json" "${weights[@]}" "${tables[@]}" -- \
        python3 -m parp_espnet.bin.preflight --upstream "${upstream}" --out "${drawn}" --random_seed "${seed}"
}
# shellcheck source=local/masks.sh
. "${root}/local/masks.sh"

if at_stage 6; then
    first_mask
fi

train_data=(
    --train_data_path_and_name_and_type "${raw}/${train_dump}/wav.scp,speech,sound"
    --train_data_path_and_name_and_type "${raw}/${train_dump}/text,text,text"
    --valid_data_path_and_name_and_type "${raw}/${valid_set}/wav.scp,speech,sound"
    --valid_data_path_and_name_and_type "${raw}/${valid_set}/text,text,text"
)
texts=(--input "${raw}/${train_dump}/text" --input "${raw}/${valid_set}/text" --input "${tokens}")
sound=(--formatted "${raw}/${train_dump}/wav.scp" --formatted "${raw}/${valid_set}/wav.scp")
shapes=() shape_inputs=() collected=() aggregated=()
for name in speech_shape text_shape; do
    for set in train valid; do
        shapes+=("--${set}_shape_file" "${stats}/${set}/${name}")
        shape_inputs+=(--input "${stats}/${set}/${name}")
        aggregated+=(--output "${stats}/${set}/${name}")
        collected+=("${stats}/collected/${set}/${name}")
    done
done
for set in train valid; do collected+=("${stats}/collected/${set}/stats_keys" "${stats}/collected/${set}/batch_keys"); done

if at_stage 7; then
    step "${stats}/.steps/collect.json" "${texts[@]}" "${sound[@]}" --input "${project}/conf/stats.yaml" \
        "${collected[@]/#/--output=}" \
        --runner "${stats_cmd}" --log "${stats}/log/collect.log" -- \
        python3 -m parp_espnet.bin.train --collect_stats true --config "${project}/conf/stats.yaml" \
        --token_list "${tokens}" "${train_data[@]}" --output_dir "${stats}/collected"
    step "${stats}/.steps/aggregate.json" "${texts[@]}" "${collected[@]/#/--input=}" "${aggregated[@]}" \
        --runner "${stats_cmd}" --log "${stats}/log/aggregate.log" -- \
        python3 -m espnet2.bin.aggregate_stats_dirs --input_dir "${stats}/collected" --output_dir "${stats}"
fi

earlier=()
[ "${keep_checkpoints}" = false ] || earlier=(--keep_earlier)

if at_stage 8; then
    # Refuses when the directory holds a training with other settings.
    show_or_run python3 -m parp_espnet.bin.make_config --settings "${exp}/settings.json" \
        --frontend "${upstream_dir}/frontend.json" --initial_mask "${mask}" --out "${exp}/train.yaml"
    train=(
        python3 -m parp_espnet.bin.train --config "${exp}/train.yaml" --token_list "${tokens}" "${train_data[@]}"
        "${shapes[@]}" --resume true --ngpu "${ngpu}" --output_dir "${exp}"
    )
    # The same training may go on, or be found complete, where there is no GPU.
    queue=(--regardless=--ngpu --runner "${cuda_cmd} --gpu ${ngpu}" --log "${exp}/log/train.log")
    if [ "${ranks}" -gt 1 ]; then
        # ESPnet's launcher submits to cuda_cmd, and knows Slurm by its command's name in Kaldi.
        queue=(--regardless=--cmd --log "${exp}/log/train.log")
        slurm_pl=$(quoted "${project}/local/slurm.pl")
        train=(
            python3 -m espnet2.bin.launch --log "${exp}/log/train.log" --ngpu "${ngpu}" --num_nodes "${num_nodes}"
            --cmd "${cuda_cmd/#python3 -m parp_espnet.bin.run_queue --backend slurm/${slurm_pl}}"
            --init_file_prefix "${exp}/.ranks/" -- "${train[@]}"
        )
    fi
    # Other settings are another experiment, and refused; other data make the same one again.
    step "${exp}/.steps/train.json" --keep --afresh "${earlier[@]}" --setting "${exp}/train.yaml" "${texts[@]}" "${sound[@]}" \
        "${weights[@]}" "${architecture[@]}" "${shape_inputs[@]}" ${mask:+--input "${mask}"} \
        --spare settings.json --spare train.yaml --spare origin.json \
        --spare "${mask_source}_mask.safetensors" --spare pruned.safetensors \
        --output "${exp}/${model}" --output "${exp}/mask.safetensors" --output "${exp}/training.json" \
        --output "${exp}/config.yaml" \
        "${queue[@]}" --progress "${exp}/progress.json" -- "${train[@]}"
fi

if at_stage 9; then
    # The trainer pruned the averaged model again, verified all that decoding may use, and left its account of it.
    step "${exp}/.steps/finalise.json" --input "${exp}/training.json" --input "${exp}/${model}" \
        --input "${exp}/mask.safetensors" -- python3 -m parp_espnet.bin.show_training --exp "${exp}"
    [ "${keep_checkpoints}" = true ] || show_or_run python3 -m parp_espnet.bin.remove_checkpoints --exp "${exp}"
fi

if at_stage 10 && [[ ${uses_lm} = true || ${uses_ngram} = true ]]; then
    # Of the data, not of the dump: speed perturbation would count each sentence several times.
    text=${lm_train_text:-${datadir}/${train_set}/text}
    if [ -z "${ngram}" ] || [ "${uses_lm}" = true ]; then
        step "${dumpdir}/.steps/$(basename "${lm_text}" .txt).json" --input "${text}" --input "${tokens}" \
            --output "${lm_text}" -- \
            python3 -m parp_espnet.bin.language_model text --text "${text}" --token_list "${tokens}" --out "${lm_text}"
    fi
    if [ "${uses_ngram}" = true ] && [ -z "${ngram}" ]; then
        step "$(dirname "${ngram_file}")/.steps/${ngram_num}gram.json" --input "${lm_text}" --input "${tokens}" \
            --output "${ngram_file}" -- \
            python3 -m parp_espnet.bin.language_model ngram --text "${lm_text}" --token_list "${tokens}" \
            --order "${ngram_num}" --out "${ngram_file}"
    fi
    if [ "${uses_lm}" = true ]; then
        lm_train=(
            python3 -m espnet2.bin.lm_train --config "${lm_config}" --token_list "${tokens}"
            --train_data_path_and_name_and_type "${lm_text},text,text"
            --valid_data_path_and_name_and_type "${raw}/${valid_set}/text,text,text"
        )
        inputs=(--input "${lm_text}" --input "${raw}/${valid_set}/text" --input "${tokens}" --setting "${lm_config}")
        lm_shapes=("${lm_dir}/stats/train/text_shape" "${lm_dir}/stats/valid/text_shape")
        step "${lm_dir}/.steps/collect.json" "${inputs[@]}" "${lm_shapes[@]/#/--output=}" \
            --runner "${stats_cmd}" --log "${lm_dir}/log/collect.log" -- \
            "${lm_train[@]}" --collect_stats true --output_dir "${lm_dir}/stats" \
            --train_shape_file "${lm_text}" --valid_shape_file "${raw}/${valid_set}/text"
        # ESPnet would go on from the checkpoint of another text.
        step "${lm_dir}/.steps/train.json" --keep --afresh "${earlier[@]}" --spare stats "${inputs[@]}" "${lm_shapes[@]/#/--input=}" \
            --output "${lm_dir}/${lm_model}" --output "${lm_dir}/config.yaml" \
            --regardless=--ngpu --runner "${cuda_cmd} --gpu ${ngpu}" --log "${lm_dir}/log/train.log" -- \
            "${lm_train[@]}" --train_shape_file "${lm_dir}/stats/train/text_shape" --ngpu "${ngpu}" \
            --valid_shape_file "${lm_dir}/stats/valid/text_shape" --resume true --output_dir "${lm_dir}"
        [ "${keep_checkpoints}" = true ] ||
            show_or_run python3 -m parp_espnet.bin.remove_checkpoints --exp "${lm_dir}" --model "${lm_model}"
    fi
fi

# decode_greedily SET: the best path, and where a search follows, what it needs of the model.
decode_greedily() {
    local out=${exp}/decode_greedy/$1 kept=(--output "${exp}/decode_greedy/$1/decode.json")
    # A linguist may correct the times.
    kept+=(--editable "${out}/ctm")
    [ ${#searches[@]} -eq 0 ] || kept+=(--aside=--logprobs --output "${out}/logprobs.safetensors")
    step "${out}/.steps/decode.json" --input "${exp}/${model}" --input "${exp}/config.yaml" "${architecture[@]}" \
        --formatted "${raw}/$1/wav.scp" --output "${out}/text" "${kept[@]}" \
        --regardless=--device --runner "${decode_cmd} --gpu ${ngpu}" --log "${out}/log/decode.log" -- \
        python3 -m parp_espnet.bin.decode --model "${exp}/${model}" --data "${raw}/$1" --out "${out}" \
        --device "$([ "${ngpu}" = 0 ] && echo cpu || echo cuda)"
}

# with_search N COMMAND…: run a function below for the plan's search N: its name, language models, and given weights.
with_search() {
    local name=${searches[$1]}
    local -n models=models_$1 model_inputs=model_inputs_$1 weight_options=weight_options_$1
    local weights_file=${exp}/${name}/${valid_set}/weights.json
    "${@:2}"
}

# tune_search: choose what weights are not given, on the validation set.
tune_search() {
    local logprobs=${exp}/decode_greedy/${valid_set}/logprobs.safetensors out=${exp}/${name}/${valid_set}
    queued "tune_${name}" 1
    table_options input "${raw}/${valid_set}" text utt2spk utt2lang utt2dur
    step "${out}/.steps/tune.json" --input "${logprobs}" "${tables[@]}" \
        "${model_inputs[@]}" ${merge:+--input "${merge}"} --output "${weights_file}" --output "${out}/tune.tsv" \
        "${queue[@]}" -- \
        python3 -m parp_espnet.bin.search tune --logprobs "${logprobs}" --data "${raw}/${valid_set}" \
        --out "${out}" --beam "${search_beam}" "${models[@]}" "${weight_options[@]}" "${score_options[@]}"
}

# search_set SET TUNED: decode a set, with the weights that tuning has found or those that are given.
search_set() {
    local logprobs=${exp}/decode_greedy/$1/logprobs.safetensors out=${exp}/${name}/$1 inputs=() weights=()
    weights=("${weight_options[@]}")
    if [ "$2" = true ]; then
        inputs=(--input "${weights_file}")
        weights=(--weights "${weights_file}")
    fi
    step "${out}/.steps/decode.json" --input "${logprobs}" "${model_inputs[@]}" "${inputs[@]}" --output "${out}/text" \
        --output "${out}/decode.json" --runner "${decode_cmd}" --log "${out}/log/decode.log" -- \
        python3 -m parp_espnet.bin.search decode --beam "${search_beam}" --logprobs "${logprobs}" --out "${out}" \
        "${models[@]}" "${weights[@]}"
}

# What is decoded and scored: a comparison shows the validation set as well.
decoded_sets=("${test_set}")
[[ ${compare_decoding} = false || ${valid_set} = "${test_set}" ]] || decoded_sets=("${valid_set}" "${test_set}")

if at_stage 11 && [[ " ${tunes[*]} " == *" true "* ]]; then
    decode_greedily "${valid_set}"
    for number in "${!searches[@]}"; do
        [ "${tunes[number]}" = false ] || with_search "${number}" tune_search
    done
fi

if at_stage 12; then
    for set in "${decoded_sets[@]}"; do
        decode_greedily "${set}"
        for number in "${!searches[@]}"; do
            with_search "${number}" search_set "${set}" "${tunes[number]}"
        done
    done
    if [ "${search}" = espnet ] && [ "${beam}" -gt 1 ]; then
        out=${exp}/${decode}/${test_set}
        stock=()
        [ "${use_lm}" = false ] || stock=(--lm_train_config "${lm_dir}/config.yaml" --lm_file "${lm_dir}/${lm_model}")
        keys=() heard=()
        for ((part = 1; part <= inference_nj; part++)); do
            keys+=("${out}/log/keys.${part}.scp")
            heard+=("${out}/log/output.${part}/1best_recog/text")
        done
        table_options input "${raw}/${test_set}" wav.scp utt2dur
        step "${out}/.steps/split.json" "${tables[@]}" "${keys[@]/#/--output=}" -- \
            python3 -m parp_espnet.bin.shards split --data "${raw}/${test_set}" --parts "${inference_nj}" \
            --out "${out}/log"
        step "${out}/.steps/decode.json" --input "${exp}/${model}" --input "${exp}/config.yaml" "${architecture[@]}" \
            --formatted "${raw}/${test_set}/wav.scp" "${keys[@]/#/--input=}" "${model_inputs[@]}" \
            "${heard[@]/#/--output=}" --aside "--num_workers 0" \
            --regardless=--ngpu --runner "${decode_cmd} --gpu ${ngpu} JOB=1:${inference_nj}" --log "${out}/log/decode.JOB.log" -- \
            python3 -m espnet2.bin.asr_inference --ctc_weight 1.0 --beam_size "${beam}" "${stock[@]}" \
            --lm_weight "${lm_weight:-0.0}" --penalty "${penalty:-0.0}" \
            --batch_size 1 --ngpu "${ngpu}" --asr_train_config "${exp}/config.yaml" --asr_model_file "${exp}/${model}" \
            --data_path_and_name_and_type "${raw}/${test_set}/wav.scp,speech,sound" \
            --key_file "${out}/log/keys.JOB.scp" --output_dir "${out}/log/output.JOB"
        step "${out}/.steps/join.json" "${heard[@]/#/--input=}" --output "${out}/text" -- \
            python3 -m parp_espnet.bin.shards join --logs "${out}/log" --parts "${inference_nj}" --out "${out}/text" \
            --beam "${beam}" "${models[@]}" "${weight_options[@]}"
    fi
fi

# languages_of DIR: the languages of a set of several, those whose names are folders' as they are.
languages_of() {
    [ ! -f "$1/utt2lang" ] || awk '{ of[$2] } END { if (length(of) > 1) for (one in of) print one }' "$1/utt2lang" |
        grep -E '^[A-Za-z0-9_-]+$' | sort || true
}

if at_stage 13; then
    # origin.json is what training left of its options, which a result holds; nothing of one of before.
    for set in "${decoded_sets[@]}"; do
        for name in "${decodings[@]}"; do
            decoded=${exp}/${name}/${set}
            table_options output "${decoded}/score" result.json utterances.tsv counts.json ref.trn hyp.trn README.txt \
                confusions.tsv worst.txt
            left=("${tables[@]}")
            for language in $(languages_of "${raw}/${set}"); do
                table_options output "${decoded}/score/by_language/${language}" result.json utterances.tsv
                left+=("${tables[@]}")
            done
            table_options input "${raw}/${set}" text orig_text utt2spk utt2lang utt2dur
            step "${decoded}/.steps/score.json" --input "${decoded}/text" --optional "${decoded}/decode.json" \
                "${tables[@]}" --input "${raw}/${train_dump}/utt2dur" --input "${exp}/training.json" \
                ${merge:+--input "${merge}"} --optional "${exp}/origin.json" "${left[@]}" -- \
                python3 -m parp_espnet.bin.score --exp "${exp}" --data "${raw}/${set}" --decoded "${decoded}" \
                "${score_options[@]}"
        done
    done
fi

if at_stage 14; then
    show_or_run python3 -m parp_espnet.bin.report --expdir "${expdir}" --score "${exp}/${decode}/${test_set}/score" \
        --out "${exp}/result.json"
fi
