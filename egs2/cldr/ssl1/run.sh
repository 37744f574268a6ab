#!/usr/bin/env bash
# Pretrain a small upstream on synthetic speech, and export it in Hugging Face format:
#
#     egs2/cldr/ssl1/run.sh --config conf/multi.yaml      eleven languages: upstreams/multi
#     egs2/cldr/ssl1/run.sh --config conf/mono.yaml       English only, its counterpart: upstreams/mono
#     egs2/cldr/ssl1/run.sh --config conf/continue.yaml --init multi --raw_speech DIR      goes on, with recordings
#     egs2/cldr/ssl1/run.sh --help
#
# Interrupt it whenever you like: the same command continues.
#
# shellcheck disable=SC2154 # the plan assigns config, exp, out, jobs, init, raw_speech and the stages
set -euo pipefail

export PARP_CALLED_FROM="${PWD}"
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")"
root=../../..
# shellcheck source=local/steps.sh
. "${root}/local/steps.sh"
show_help pretrain "$@"
# shellcheck source=path.sh
. "${root}/path.sh"

plan=$(quietly python3 -m parp_espnet.bin.pretrain plan "$@")
eval "${plan}"

pretrain() {
    echo "${label}: its work is in ${PWD}/${exp}" >&2
    show_or_run python3 -m parp_espnet.bin.pretrain "$1" "${config}" --exp "${exp}" ${init:+--init "${init}" --raw_speech "${raw_speech}"} "${@:2}"
}

if at_stage 1; then
    pretrain speech --jobs "${jobs}"
fi

if at_stage 2; then
    pretrain train
fi

if at_stage 3; then
    pretrain export --out "${out}"
fi
