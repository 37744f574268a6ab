#!/usr/bin/env bash
# transformers 5.23.0: the speech recognition pipeline transcribes the padding of a batch.
#
# Two recordings, of one and of three seconds, through a CTC model whose attention mask is on, and
# with layer norm, so that padding changes no frame of the speech. Alone the short one has some
# text; in a batch of two it has the same text and more behind it: labels of the frames of zeros
# that fill it up to the long one, which the pipeline does not take off before it decodes. No
# warning is said. What a corpus is transcribed as depends on what lies beside each file.
#
# Seen: "alone 43 characters, in a batch of two 53; the first 43 equal: True; the long one equal:
# True". Exit code 1 says that this has changed.
#
#     findings/pipeline_hears_padding.sh    needs Python 3.12 or 3.13 and PyPI, 7 GB and some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet torch==2.14.1 transformers==5.23.0 numpy==2.3.5
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON' 2>/dev/null
import json
import string
import sys

import numpy as np
import torch
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    pipeline,
)

labels = ["<pad>", "<s>", "</s>", "<unk>", "|", *string.ascii_lowercase]
with open("vocab.json", "w") as file:
    json.dump({label: number for number, label in enumerate(labels)}, file)
torch.manual_seed(0)
model = Wav2Vec2ForCTC(
    Wav2Vec2Config(
        vocab_size=len(labels),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(32,) * 7,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
).eval()
torch.nn.init.normal_(model.lm_head.weight, std=3)
recognise = pipeline(
    "automatic-speech-recognition",
    model=model,
    tokenizer=Wav2Vec2CTCTokenizer("vocab.json"),
    feature_extractor=Wav2Vec2FeatureExtractor(return_attention_mask=True),
)
noise = np.random.default_rng(0)
waves = [noise.standard_normal(seconds * 16000).astype(np.float32) for seconds in (1, 3)]
alone = [recognise(wave.copy())["text"] for wave in waves]
together = [one["text"] for one in recognise([wave.copy() for wave in waves], batch_size=2)]
short, padded = alone[0], together[0]
begins = padded.startswith(short)
print(
    f"alone {len(short)} characters, in a batch of two {len(padded)}; the first {len(short)} equal: "
    f"{begins}; the long one equal: {alone[1] == together[1]}"
)
sys.exit(not (begins and len(padded) > len(short) and alone[1] == together[1]))
PYTHON
