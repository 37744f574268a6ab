#!/usr/bin/env bash
# Pretrain a small upstream on synthetic speech and export it in Hugging Face format:
#   ./run.sh --config conf/multi.yaml        # eleven languages, as shipped in upstreams/multi
#   ./run.sh --config conf/mono.yaml         # English only, as shipped in upstreams/mono
# Interrupt it whenever you like: the same command continues.
set -euo pipefail
cd "$(dirname "$0")"

usage="usage: ./run.sh [--config conf/multi.yaml] [--stage 1] [--stop_stage 3] [--jobs 2] [--out upstreams/<config's name>]
stages: 1 speech, 2 pretraining (about 35 minutes on two cores), 3 export"

config=conf/multi.yaml stage=1 stop_stage=3 jobs=2 out=
while [ $# -gt 0 ]; do
    case "${1//-/_}" in
    __config) config=${2:?$usage} ;;
    __stage) stage=${2:?$usage} ;;
    __stop_stage) stop_stage=${2:?$usage} ;;
    __jobs) jobs=${2:?$usage} ;;
    __out) out=${2:?$usage} ;;
    __help) echo "$usage"; exit 0 ;;
    *) echo "error: unknown option $1; $usage" >&2; exit 2 ;;
    esac
    shift 2
done
# shellcheck source=path.sh
. ../../../path.sh
name=$(basename "$config" .yaml)
exp=exp/$name
number=0
for step in speech train export; do
    number=$((number + 1))
    if [ "$stage" -le $number ] && [ "$stop_stage" -ge $number ]; then
        echo "stage $number: $step of $name; work in $PWD/$exp"
        python3 -m parp_espnet.bin.pretrain "$step" "$config" --exp "$exp" --jobs "$jobs" --out "${out:-upstreams/$name}"
    fi
done
