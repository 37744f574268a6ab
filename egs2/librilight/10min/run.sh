#!/usr/bin/env bash
# LibriSpeech with Libri-light's list of ten minutes (--fold 0 to 5): wav2vec 2.0 Base on letters, in the settings of Lai et al. 2021.
# egs2/librilight/README.md says what to download from where; Base comes from the Hugging Face hub, unless --upstream DIR has it:
#
#     egs2/librilight/10min/run.sh --librilight DIR --librispeech DIR --method parp --sparsity 0.5      all options: --help
#     … --upstream facebook/wav2vec2-large --layerdrop 0.1 --test_set test_other                   Large
set -euo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${here}/../../TEMPLATE/phn1/phn.sh" --recipe "${here}" --corpus librilight --lang en --train_minutes 10 --metric wer \
    --valid_set dev_other --test_set test_clean --max_wav_duration 40 --train_config "${here}/../../../conf/train/w2v2.yaml" \
    --upstream facebook/wav2vec2-base --layerdrop 0.05 --updates 12000 --lr 5e-5 --mask_time_prob 0.75 --mask_feature_prob 0.512 --mask_feature_length 64 "$@"
