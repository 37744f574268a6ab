#!/usr/bin/env bash
# A study: languages × methods, from a fresh clone to a table and a figure in results/.
#
#     ./run.sh                          the quick study, sized for 20 minutes on two cores, its environment included
#     ./run.sh --profile upstreams      another study of conf/study/
#     ./run.sh --profile FILE.yaml      a study of your own
#     ./run.sh --dry_run true           what it would do, what is done, and how long the rest may take
#     ./run.sh --stage 4 --stop_stage 5
#     ./run.sh --help
#
# What is complete is skipped; what was interrupted continues with the same command.
#
# shellcheck disable=SC2154 # the plan assigns study, profile, stages, …
set -euo pipefail

CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")"
# One thread for each experiment: as many run side by side as there are cores, and their bits do not depend on how many.
export OMP_NUM_THREADS=1
. ./local/steps.sh
show_help study "$@"
. ./path.sh
. ./cmd.sh
. ./db.sh

plan=$(quietly python3 -m parp_espnet.bin.study plan "$@")
eval "${plan}"
out=results/${profile}

# begin N: whether stage N is to run; says so.
begin() {
    at_stage "$1" || return 1
    echo "$(date '+%Y-%m-%dT%H:%M:%S') (run.sh ${profile}) ${label}" >&2
}

# wave N: run the study's N-th wave of experiments through the queue, with one bar over all of them. One that fails stops no
# other.
wave() {
    local -n updates=updates_$1 progress=progress_$1 results=results_$1 folders=folders_$1
    local options=() file
    for file in "${progress[@]}"; do options+=(--progress "${file}"); done
    for file in "${results[@]}"; do options+=(--present "${file}"); done
    for file in "${folders[@]}"; do options+=(--nested "${file}"); done
    step "${out}/.steps/wave$1.json" --input "${study}" --input conf/train/phn.yaml "${options[@]}" --total "${updates}" \
        --runner "${study_cmd} --gpu ${ngpu} --max_jobs_run ${max_jobs_run} JOB=1:${waves[$1 - 1]}" \
        --log "${out}/log/wave$1.JOB.log" \
        -- python3 -m parp_espnet.bin.study job "${out}" --wave "$1" --job JOB --ngpu "${ngpu}" ||
        echo "${label}: some experiments failed; the others go on, and the end says which" >&2
}

if [ "${dry_run}" = false ]; then
    mkdir -p "${out}"
    lock "${out}/.lock" "${out}" false
    run python3 -m parp_espnet.bin.study begin "${study}" "${out}"
else
    echo "cd $(quoted "${PWD}") && export OMP_NUM_THREADS=1 && . ./path.sh"
    quoted python3 -m parp_espnet.bin.study begin "${study}" "${out}"
fi

if begin 1; then
    # path.sh made it, or found it complete.
    echo "${label}: $(python3 --version) in ${PARP_VENV}" >&2
fi

if begin 2; then
    for ((number = 1; number <= preparations; number++)); do
        declare -n words=prepare_${number}
        show_or_run "${words[@]}" --wait true
    done
fi

if begin 3; then
    wave 1
fi

if begin 4; then
    for ((number = 2; number <= ${#waves[@]}; number++)); do
        wave "${number}"
    done
fi

if begin 5; then
    show_or_run python3 -m parp_espnet.bin.study results "${out}"
fi
