"""The sizes that published upstreams have, one or more of every kind that the preflight takes, as
what it takes: drawn at random, since nobody downloads gigabytes to see whether they fit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml

from parp_espnet.later import imported_later
from parp_espnet.upstreams import fairseq2, spidr, wavlm
from parp_espnet.upstreams.renamed import KEY

with imported_later():
    import transformers

Settings = Mapping[str, Any]
Draw = Callable[[Path], Path]
"""Writes an upstream in a folder, and returns what `--upstream` would be."""

LARGE: Settings = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
"""What Large has where Base has Hugging Face's defaults."""
WHISPER_SMALL: Settings = {
    "d_model": 768,
    "encoder_layers": 12,
    "decoder_layers": 12,
    "encoder_attention_heads": 12,
    "decoder_attention_heads": 12,
    "encoder_ffn_dim": 3072,
    "decoder_ffn_dim": 3072,
}
STABLE: Settings = {"do_stable_layer_norm": True, "feat_extract_norm": "layer"}
CONVOLUTIONS = ((512, 10, 5), *4 * ((512, 3, 2),), *2 * ((512, 2, 2),))
"""Channels, width and stride of each, in all of them but SEW."""
NATIVE_BASE: Settings = {
    "conv_feature_layers": str(list(CONVOLUTIONS)),
    "encoder_layers": 12,
    "encoder_embed_dim": 768,
    "encoder_ffn_embed_dim": 3072,
    "encoder_attention_heads": 12,
    "extractor_mode": "default",
}
NATIVE_TASK: Settings = {"normalize": False, "sample_rate": 16000}


@dataclass(frozen=True)
class Size:
    """What is drawn, and how many parameters are said of it."""

    millions: float
    """Of the encoder, which is all that is trained."""
    draw: Draw


def draw_hugging_face(kind: str, settings: Settings, folder: Path) -> Path:
    """Write a directory of a class of transformers, such as `Wav2Vec2`."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**settings)
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
    return folder


def draw_fairseq2(settings: Settings, folder: Path) -> Path:
    """Write a checkpoint of a wav2vec 2.0 by fairseq2's names."""
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(**settings)
    weights = transformers.Wav2Vec2Model(config).state_dict()
    named = {}
    for own, other in fairseq2.names_of(config.num_hidden_layers, len(config.conv_dim)).items():
        named[own] = weights[other]
    return _save({KEY: named}, folder)


def draw_spidr(settings: Settings, folder: Path) -> Path:
    """Write a checkpoint by SpidR's names, whose q, k and v have no biases."""
    torch.manual_seed(0)
    weights = transformers.Data2VecAudioModel(transformers.Data2VecAudioConfig(**settings))
    parts: dict[str, list[torch.Tensor]] = {}
    for name, tensor in weights.state_dict().items():
        own = spidr.own_name(name)
        if not own.endswith(f"{spidr.FUSED}.bias"):
            parts.setdefault(own, []).append(tensor)
    named = {own: torch.cat(tensors) for own, tensors in parts.items()}
    return _save({KEY: named}, folder)


def draw_native_wav2vec2(folder: Path) -> Path:
    """Write a one-file checkpoint of s3prl's own wav2vec 2.0."""
    with imported_later():
        from s3prl.upstream.wav2vec2 import wav2vec2_model as native  # noqa: PLC0415

    torch.manual_seed(0)
    settings = {**NATIVE_BASE, "final_dim": 256, "quantize_targets": True}
    model = native.Wav2Vec2Model(native.Wav2Vec2Config(**settings))
    return _save(_native(settings, model), folder)


def draw_native_hubert(folder: Path) -> Path:
    """Write a one-file checkpoint of s3prl's own HuBERT, of 500 clusters."""
    with imported_later():
        from s3prl.upstream.hubert import hubert_model as native  # noqa: PLC0415

    torch.manual_seed(0)
    clusters = [[str(number) for number in range(500)]]
    task = {**NATIVE_TASK, "label_rate": 50}
    settings = {**NATIVE_BASE, "final_dim": 256, "label_rate": 50}
    model = native.HubertModel(
        native.HubertConfig(**settings), native.HubertPretrainingConfig(**task), clusters
    )
    content = _native(settings, model) | {"task_cfg": task, "dictionaries_symbols": clusters}
    return _save(content, folder)


def draw_native_wavlm(folder: Path) -> Path:
    """Write a one-file checkpoint of s3prl's own WavLM."""
    torch.manual_seed(0)
    model = transformers.WavLMModel(transformers.WavLMConfig())
    return _save(wavlm.to_native(model.config.to_dict(), model.state_dict()), folder)


def draw_xeus(folder: Path) -> Path:
    """Write a model of ESPnet's pretraining as large as XEUS (19 layers of 1024 numbers)."""
    with imported_later():
        from espnet2.tasks.ssl import SSLTask  # noqa: PLC0415

    folder.mkdir(parents=True)
    config = SSLTask.get_default_config() | XEUS
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    torch.manual_seed(0)
    model, _ = SSLTask.build_model_from_file(folder / "config.yaml")
    torch.save(model.state_dict(), folder / "xeus.pth")
    return folder / "xeus.pth"


XEUS: Settings = {
    "token_list": ["a", "b"],
    "frontend": "wav2vec_cnn",
    "frontend_conf": {
        "norm_mode": "layer_norm", "conv_mode": "standard", "bias": True, "normalize_audio": True,
        "shapes": [list(shape) for shape in CONVOLUTIONS],
    },
    "normalize": None,
    "preencoder": "linear",
    "preencoder_conf": {"output_size": 1024},
    "encoder": "e_branchformer",
    "encoder_conf": {
        "output_size": 1024, "attention_heads": 8, "attention_layer_type": "selfattn",
        "pos_enc_layer_type": "conv", "rel_pos_type": "latest", "cgmlp_linear_units": 4096,
        "cgmlp_conv_kernel": 31, "num_blocks": 19, "linear_units": 4096, "use_ffn": True,
        "macaron_ffn": True, "merge_conv_kernel": 31, "input_layer": None,
    },
    "loss": [{"name": "hubert", "conf": {"num_classes": 500, "final_dim": 256}}],
    "util": [{"name": "mask", "conf": {}}],
}  # fmt: skip


def _native(settings: Settings, model: torch.nn.Module) -> dict[str, Any]:
    return {
        "task_cfg": dict(NATIVE_TASK),
        "model_cfg": dict(settings),
        "model_weight": model.state_dict(),
    }


def _save(content: dict[str, Any], folder: Path) -> Path:
    folder.mkdir(parents=True)
    torch.save(content, folder / "model.pt")
    return folder / "model.pt"


def _hugging_face(millions: float, kind: str, **settings: Any) -> Size:
    return Size(millions, partial(draw_hugging_face, kind, settings))


SIZES: Mapping[str, Size] = {
    "wav2vec2-base": _hugging_face(94.4, "Wav2Vec2"),
    "wav2vec2-large": _hugging_face(315.4, "Wav2Vec2", **LARGE, **STABLE, conv_bias=True),
    "hubert-base": _hugging_face(94.4, "Hubert"),
    "hubert-large": _hugging_face(315.4, "Hubert", **LARGE, **STABLE, conv_bias=True),
    "wavlm-base-plus": _hugging_face(94.4, "WavLM"),
    "wavlm-large": _hugging_face(315.5, "WavLM", **LARGE, **STABLE),
    "data2vec-audio-base": _hugging_face(93.2, "Data2VecAudio"),
    "data2vec-audio-large": _hugging_face(313.3, "Data2VecAudio", **LARGE),
    "unispeech-large": _hugging_face(315.4, "UniSpeech", **LARGE, **STABLE, conv_bias=True),
    "unispeech-sat-base-plus": _hugging_face(94.4, "UniSpeechSat"),
    "sew-small": _hugging_face(89.6, "SEW", num_conv_pos_embeddings=31),
    "w2v-bert-2.0": _hugging_face(580.5, "Wav2Vec2Bert"),
    "wav2vec2-conformer-rel-pos-large": _hugging_face(
        618.6, "Wav2Vec2Conformer", **LARGE, **STABLE, conv_bias=True, hidden_act="swish"
    ),
    "whisper-small": _hugging_face(88.2, "Whisper", **WHISPER_SMALL),
    "wav2vec2-base-s3prl": Size(95.0, draw_native_wav2vec2),
    "hubert-base-s3prl": Size(94.7, draw_native_hubert),
    "wavlm-base-s3prl": Size(94.4, draw_native_wavlm),
    "omniASR-W2V-300M": Size(315.4, partial(draw_fairseq2, {**LARGE, **STABLE, "conv_bias": True})),
    "spidr-base": Size(93.2, partial(draw_spidr, {})),
    "xeus": Size(569.4, draw_xeus),
}
"""By the names under which they are published; s3prl's own are Base in its checkpoints of one file.
"""
