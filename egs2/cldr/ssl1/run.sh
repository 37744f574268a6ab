#!/usr/bin/env bash
# Pretrain a small upstream on synthetic speech and export it in Hugging Face format:
#
#     egs2/cldr/ssl1/run.sh --config conf/multi.yaml      eleven languages, as shipped in upstreams/multi
#     egs2/cldr/ssl1/run.sh --config conf/mono.yaml       English only, its counterpart, not shipped yet
#
# Interrupt it whenever you like: the same command continues.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
usage="usage: run.sh [--config conf/multi.yaml] [--stage 1] [--stop_stage 3] [--jobs 2] [--out upstreams/NAME]
stages: 1 speech, 2 train, 3 export"

die() {
    echo "error: egs2/cldr/ssl1/run.sh: $*" >&2
    exit 2
}

config=conf/multi.yaml stage=1 stop_stage=3 jobs=2 out=
while [ $# -gt 0 ]; do
    option=${1//-/_}
    case ${option} in
    __help | _h) echo "${usage}"; exit 0 ;;
    __config | __stage | __stop_stage | __jobs | __out)
        [ $# -ge 2 ] || die "$1 needs a value"
        declare "${option#__}=$2"
        shift 2
        ;;
    *) die "unknown option or argument $1; ${usage%%$'\n'*}" ;;
    esac
done
[[ ${stage} =~ ^[1-3]$ && ${stop_stage} =~ ^[1-3]$ && ${stage} -le ${stop_stage} ]] ||
    die "--stage ${stage} --stop_stage ${stop_stage}: expected 1 to 3, the first no later than the last"
[ -f "${config}" ] || die "--config ${config}: no such file in ${PWD}; there are" conf/*.yaml

# shellcheck source=path.sh
. ../../../path.sh
name=$(basename "${config}" .yaml)
exp=exp/${name}
steps=(speech train export)
for ((number = stage; number <= stop_stage; number++)); do
    step=${steps[number - 1]}
    echo "stage ${number} (${step}) of ${name}; its work is in ${PWD}/${exp}" >&2
    python3 -m parp_espnet.bin.pretrain "${step}" "${config}" --exp "${exp}" --jobs "${jobs}" \
        --out "${out:-upstreams/${name}}"
done
