#!/usr/bin/env bash
# peft 0.21.2: what was learned for a layer with weight normalisation is gone once it is merged.
#
# `merge_and_unload` adds an adapter's change to the weights, so that the model gives the same without peft; so models are handed on, exported
# and quantised. The weight of a layer with weight normalisation is no parameter, but computed anew, at each use, from a direction and a size.
# peft adds to what was computed, which is thrown away at once: the merged layer is the one from before the training. Speech models have such
# layers where others have none: the positional convolution of wav2vec 2.0, HuBERT and WavLM, and the convolutions of EnCodec and VITS.
# The adapter itself works, trains and is saved; only merged it is nothing. `safe_merge` finds nothing either. No error, no warning, and if
# other layers have adapters too, a part of what was learned is left, which looks like a worse training. (For LoRA, wav2vec 2.0's
# convolution has groups, and that merge is refused; LoHa's and LoKr's are not.)
#
# Seen, how much of the largest change that the adapter makes to the outputs is left after merging:
# "wav2vec 2.0, LoRA of the queries: 100 %; merged safely 100 %",
# "wav2vec 2.0, LoKr of the first convolutions: 100 %; merged safely 100 %",
# "wav2vec 2.0, LoKr of the positional convolution: 0 %; merged safely 0 %",
# "wav2vec 2.0, LoHa of the positional convolution: 0 %; merged safely 0 %",
# "EnCodec, LoRA of the encoder's convolutions: 0 %; merged safely 0 %",
# "EnCodec without weight normalisation: 100 %; merged safely 100 %", "warnings of merging: 0".
# Exit code 1 says that this has changed.
#
#     findings/peft_merges_into_nothing.sh        needs Python 3.12 or 3.13, PyPI, and 7 GB in TMPDIR; some minutes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet peft==0.21.2 torch==2.14.1 transformers==5.23.0 accelerate==1.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import sys
import warnings

import torch
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model
from transformers import EncodecConfig, EncodecModel, Wav2Vec2Config, Wav2Vec2Model

warned = []
sound = torch.randn(1, 8000, generator=torch.Generator().manual_seed(1))


def wav2vec2():
    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(32,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        initializer_range=0.5,
    )
    model = Wav2Vec2Model(config)
    return model, lambda now: now(sound).last_hidden_state


def encodec(norm):
    config = EncodecConfig(num_filters=4, hidden_size=16, codebook_dim=16, num_lstm_layers=1, norm_type=norm)
    model = EncodecModel(config)
    return model, lambda now: now.encoder(sound[:, None])


def made(make, config):
    """Outputs of the model alone, with the adapter, and after both ways to merge."""
    outputs = []
    for safe in (False, True):
        torch.manual_seed(0)
        model, run = make()
        alone = run(model.eval())
        adapted = get_peft_model(model, config()).eval()
        before = run(adapted.base_model.model)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            merged = adapted.merge_and_unload(safe_merge=safe)
        warned.extend(said)
        outputs.append(run(merged))
    return alone, before, *outputs


POSITIONS, FIRST = r".*pos_conv_embed\.conv", r".*conv_layers\.\d\.conv"
CASES = {
    "wav2vec 2.0, LoRA of the queries": (1, wav2vec2, lambda: LoraConfig(target_modules=["q_proj"], init_lora_weights=False)),
    "wav2vec 2.0, LoKr of the first convolutions": (1, wav2vec2, lambda: LoKrConfig(target_modules=FIRST, init_weights=False)),
    "wav2vec 2.0, LoKr of the positional convolution": (0, wav2vec2, lambda: LoKrConfig(target_modules=POSITIONS, init_weights=False)),
    "wav2vec 2.0, LoHa of the positional convolution": (0, wav2vec2, lambda: LoHaConfig(target_modules=POSITIONS, init_weights=False)),
    "EnCodec, LoRA of the encoder's convolutions": (
        0,
        lambda: encodec("weight_norm"),
        lambda: LoraConfig(target_modules=r"encoder\..*\.conv", init_lora_weights=False),
    ),
    "EnCodec without weight normalisation": (
        1,
        lambda: encodec("time_group_norm"),
        lambda: LoraConfig(target_modules=r"encoder\..*\.conv", init_lora_weights=False),
    ),
}
as_seen = True
with torch.no_grad():
    for name, (left, make, config) in CASES.items():
        alone, before, merged, safely = made(make, config)
        change = (before - alone).abs().max()
        parts = [float((after - alone).abs().max() / change) for after in (merged, safely)]
        print(f"{name}: {100 * parts[0]:.0f} %; merged safely {100 * parts[1]:.0f} %")
        as_seen = as_seen and change > 0.001 and all(abs(part - left) < 0.01 for part in parts)
print(f"warnings of merging: {len(warned)}")
sys.exit(not as_seen or bool(warned))
PYTHON
