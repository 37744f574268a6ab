"""The preflight on real models of small size: each trap is set, and each error is one
clear line.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from s3prl.nn import S3PRLUpstream
from s3prl.upstream.utils import merge_with_parent
from s3prl.upstream.wav2vec2.wav2vec2_model import Wav2Vec2Config as Wav2Vec2NativeConfig
from s3prl.upstream.wav2vec2.wav2vec2_model import Wav2Vec2Model as NativeWav2Vec2Model
from safetensors.torch import load_file, save_file
from transformers import (
    Data2VecAudioConfig,
    Data2VecAudioModel,
    HubertConfig,
    HubertModel,
    SEWConfig,
    SEWDConfig,
    SEWDModel,
    SEWModel,
    UniSpeechConfig,
    UniSpeechForPreTraining,
    UniSpeechModel,
    UniSpeechSatConfig,
    UniSpeechSatModel,
    Wav2Vec2BertConfig,
    Wav2Vec2BertModel,
    Wav2Vec2Config,
    Wav2Vec2ConformerConfig,
    Wav2Vec2ConformerModel,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
)

from parp_espnet.errors import UserError
from parp_espnet.upstreams import data2vec, wavlm
from parp_espnet.upstreams.preflight import preflight

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "num_feat_extract_layers": 5, "conv_dim": [16] * 5, "conv_kernel": [20, 8, 4, 2, 2],
    "conv_stride": [10, 4, 2, 2, 2], "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
MODELS = {
    "hubert": (HubertConfig, HubertModel),
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    "wavlm": (WavLMConfig, WavLMModel),
    "unispeech": (UniSpeechConfig, UniSpeechModel),
    "unispeech-sat": (UniSpeechSatConfig, UniSpeechSatModel),
}
OTHERS = {
    "data2vec-audio": (Data2VecAudioConfig, Data2VecAudioModel),
    "sew": (SEWConfig, SEWModel),
    "wav2vec2-bert": (Wav2Vec2BertConfig, Wav2Vec2BertModel),
    "wav2vec2-conformer": (Wav2Vec2ConformerConfig, Wav2Vec2ConformerModel),
    "sew-d": (SEWDConfig, SEWDModel),
}


POSITIONS = {"data2vec-audio": {"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 5}}


def save(folder: Path, kind: str, **settings: object) -> Path:
    config, model = (MODELS | OTHERS)[kind]
    torch.manual_seed(0)
    model(config(**SMALL | settings)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", sorted(MODELS))
@pytest.mark.parametrize("stable", [False, True])
def test_s3prl_gives_the_models_own_output(tmp_path: Path, kind: str, stable: bool) -> None:
    norm = "layer" if stable else "group"
    source = save(
        tmp_path / "in", kind, do_stable_layer_norm=stable, feat_extract_norm=norm, layerdrop=0.1
    )
    checked = preflight(str(source), tmp_path / "out")
    assert checked.changed["layerdrop"] == (0.1, 0.0)
    assert json.loads((tmp_path / "out" / "frontend.json").read_text()) == checked.frontend
    upstream = S3PRLUpstream(checked.frontend["upstream"], checked.frontend["path_or_url"]).eval()
    wave = torch.randn(1, 8000)
    with torch.no_grad():
        ours = upstream(wave, torch.tensor([8000]))[0][-1]
        # s3prl's native WavLM takes group-norm models' waves as they are; Hugging Face's extractor
        # normalises all.
        plain = kind == "wavlm" and not stable
        normal = (
            wave if plain else (wave - wave.mean()) / torch.sqrt(wave.var(unbiased=False) + 1e-7)
        )
        model = MODELS[kind][1].from_pretrained(source).eval()
        expected = model(normal).last_hidden_state
    assert torch.allclose(ours[:, : expected.shape[1]], expected, atol=1e-4)
    upstream.train()(wave, torch.tensor([8000]))


def test_layers_of_a_wavlm_are_not_dropped(tmp_path: Path) -> None:
    source = save(tmp_path / "in", "wavlm")
    with pytest.raises(
        UserError, match=r"--layerdrop 0.1: a WavLM runs in s3prl's code, which drops no layers"
    ):
        preflight(str(source), tmp_path / "out", {"layerdrop": 0.1})


@pytest.mark.parametrize("setting", ["mask_time_prob", "mask_feature_prob"])
@pytest.mark.parametrize(("kind", "called"), [("wavlm", "WavLM"), ("data2vec-audio", "data2vec")])
def test_what_s3prls_own_code_would_not_hide_is_refused(
    tmp_path: Path, kind: str, called: str, setting: str
) -> None:
    source = save(tmp_path / "in", kind, **POSITIONS.get(kind, {}))
    message = f"--{setting} 0.3: a {called} runs in s3prl's code, which hides nothing in training"
    with pytest.raises(UserError, match=message):
        preflight(str(source), tmp_path / "out", {setting: 0.3})
    preflight(str(source), tmp_path / "out", {setting: 0.0})


def test_half_precision_weights_are_trained_in_single(tmp_path: Path) -> None:
    config, model = MODELS["hubert"]
    model(config(**SMALL)).half().save_pretrained(tmp_path / "in")
    checked = preflight(str(tmp_path / "in"), tmp_path / "out")
    upstream = S3PRLUpstream(checked.frontend["upstream"], checked.frontend["path_or_url"])
    assert {parameter.dtype for parameter in upstream.parameters()} == {torch.float32}


def test_settings_reach_the_model(tmp_path: Path) -> None:
    preflight(str(save(tmp_path / "in", "hubert")), tmp_path / "out", {"mask_time_prob": 0.3})
    assert json.loads((tmp_path / "out" / "config.json").read_text())["mask_time_prob"] == 0.3


def test_random_weights_keep_the_architecture_and_depend_on_the_seed(tmp_path: Path) -> None:
    source = save(tmp_path / "in", "hubert")
    preflight(str(source), tmp_path / "as_it_is")
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        preflight(str(source), tmp_path / name, random_seed=seed)
    # Over a copy that links to the pretrained weights: those must stay as they are.
    before = (source / "model.safetensors").read_bytes()
    preflight(str(source), tmp_path / "as_it_is", random_seed=1)
    assert (source / "model.safetensors").read_bytes() == before
    drawn = [
        load_file(tmp_path / name / "model.safetensors")
        for name in ("one", "again", "other", "as_it_is")
    ]
    pretrained = load_file(source / "model.safetensors")
    assert {name: weight.shape for name, weight in pretrained.items()} == {
        n: w.shape for n, w in drawn[0].items()
    }
    name = "encoder.layers.0.attention.q_proj.weight"
    assert torch.equal(drawn[0][name], drawn[1][name])
    assert torch.equal(drawn[0][name], drawn[3][name])
    assert not torch.equal(drawn[0][name], drawn[2][name])
    assert not torch.equal(drawn[0][name], pretrained[name])


def test_a_checkpoint_file_has_no_random_counterpart_and_no_settings(tmp_path: Path) -> None:
    torch.save({"cfg": {}, "model": {}}, tmp_path / "wavlm.pt")
    with pytest.raises(UserError, match="random weights: expected a Hugging Face directory"):
        preflight(str(tmp_path / "wavlm.pt"), tmp_path / "out", random_seed=0)
    with pytest.raises(UserError, match="mask_time_prob: expected a Hugging Face directory"):
        preflight(str(tmp_path / "wavlm.pt"), tmp_path / "out", {"mask_time_prob": 0.3})


def native(kind: str) -> dict[str, Any]:
    """What s3prl's converter makes of a small model of fairseq's."""
    if kind == "wavlm":
        wavlm_model = WavLMModel(WavLMConfig(**SMALL))
        return wavlm.to_native(wavlm_model.config.to_dict(), wavlm_model.state_dict())
    model = Data2VecAudioModel(Data2VecAudioConfig(**SMALL | POSITIONS["data2vec-audio"]))
    made = data2vec.to_native(model.config.to_dict(), model.state_dict(), normalise=True)
    if kind == "data2vec":
        return made
    # What is left of a data2vec is a wav2vec 2.0 with other positions.
    del made["model_weight"]["_ema"]
    sizes = {"final_dim": 32, "latent_dim": 32, "latent_vars": 4, "quantize_targets": False}
    made["model_cfg"] |= sizes
    reference = s3prls_wav2vec2(made["model_cfg"])
    made["model_weight"] = reference.state_dict()
    return made


def s3prls_wav2vec2(settings: dict[str, Any]) -> Any:
    config = merge_with_parent(Wav2Vec2NativeConfig, settings)
    return NativeWav2Vec2Model(config)


@pytest.mark.parametrize("kind", ["wavlm", "wav2vec2", "data2vec"])
def test_native_checkpoints_are_recognised_and_heard(tmp_path: Path, kind: str) -> None:
    torch.save(native(kind), tmp_path / "native.pt")
    checked = preflight(str(tmp_path / "native.pt"), tmp_path / "out")
    assert checked.frontend == {
        "upstream": f"{kind}_local",
        "path_or_url": str(tmp_path / "native.pt"),
    }
    assert checked.parameters > 10_000


def test_a_native_checkpoint_that_lacks_a_layer_is_refused(tmp_path: Path) -> None:
    content = native("wavlm")
    del content["model"]["encoder.layers.1.fc1.weight"]
    torch.save(content, tmp_path / "native.pt")
    with pytest.raises(
        UserError, match=r"native.pt: s3prl's wavlm_local cannot .*encoder.layers.1.fc1.weight"
    ) as caught:
        preflight(str(tmp_path / "native.pt"), tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_native_checkpoint_of_other_frames_is_refused(tmp_path: Path) -> None:
    model = WavLMModel(WavLMConfig(**SMALL | {"conv_stride": [10, 4, 2, 2, 1]}))
    torch.save(wavlm.to_native(model.config.to_dict(), model.state_dict()), tmp_path / "native.pt")
    with pytest.raises(
        UserError, match=r"a frame of 320 samples.* found strides 10 × 4 × 2 × 2 × 1 = 160"
    ):
        preflight(str(tmp_path / "native.pt"), tmp_path / "out")


@pytest.mark.parametrize("random_seed", [None, 3])
def test_s3prl_gives_a_data2vecs_own_output(tmp_path: Path, random_seed: int | None) -> None:
    source = save(tmp_path / "in", "data2vec-audio", layerdrop=0.1, **POSITIONS["data2vec-audio"])
    checked = preflight(str(source), tmp_path / "out", random_seed=random_seed)
    assert checked.frontend == {
        "upstream": "data2vec_local",
        "path_or_url": str(tmp_path / "out" / "data2vec.pt"),
    }
    upstream = S3PRLUpstream(checked.frontend["upstream"], checked.frontend["path_or_url"]).eval()
    wave = torch.randn(1, 8000)
    normal = (wave - wave.mean()) / torch.sqrt(wave.var(unbiased=False) + 1e-7)
    with torch.no_grad():
        ours = upstream(wave, torch.tensor([8000]))[0][-1]
        expected = (
            Data2VecAudioModel.from_pretrained(tmp_path / "out").eval()(normal).last_hidden_state
        )
    assert torch.allclose(ours[:, : expected.shape[1]], expected, atol=1e-4)
    upstream.train()(wave, torch.tensor([8000]))


def test_a_unispeech_with_its_pretraining_head_loads(tmp_path: Path) -> None:
    sizes = {"codevector_dim": 32, "proj_codevector_dim": 32, "num_ctc_classes": 8}
    torch.manual_seed(0)
    model = UniSpeechForPreTraining(UniSpeechConfig(**SMALL, **sizes))
    model.save_pretrained(tmp_path / "in", max_shard_size="40KB")
    before = sorted((file.name, file.read_bytes()) for file in (tmp_path / "in").iterdir())
    preflight(str(tmp_path / "in"), tmp_path / "out")
    # The adapted copy linked to these, and has weights of its own now.
    assert sorted((file.name, file.read_bytes()) for file in (tmp_path / "in").iterdir()) == before
    own = model.unispeech.state_dict()
    made = Wav2Vec2Model.from_pretrained(tmp_path / "out").state_dict()
    assert all(torch.equal(made[name], own[name]) for name in made)


def damaged_weights(folder: Path) -> None:
    file = save(folder, "hubert") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def changed_weights(
    folder: Path, change: Callable[[str, torch.Tensor], dict[str, torch.Tensor]]
) -> None:
    file = save(folder, "hubert") / "model.safetensors"
    made: dict[str, torch.Tensor] = {}
    for name, tensor in load_file(file).items():
        made |= change(name, tensor)
    save_file(made, file, {"format": "pt"})


def of_eight_bits(folder: Path) -> None:
    changed_weights(
        folder,
        lambda name, tensor: {
            name: (100 * tensor).to(torch.int8) if name.endswith("_proj.weight") else tensor
        },
    )


def pickled_of_eight_bits(folder: Path) -> None:
    file = save(folder, "hubert") / "model.safetensors"
    weights = load_file(file)
    name = "encoder.layers.0.attention.k_proj.weight"
    torch.save(
        weights | {name: weights[name].to(torch.float8_e4m3fn)}, folder / "pytorch_model.bin"
    )
    file.unlink()


def with_scales(folder: Path) -> None:
    name = "encoder.layers.1.attention.q_proj.weight"
    changed_weights(
        folder,
        lambda one, tensor: (
            {one: tensor} | ({name[:-6] + "SCB": torch.ones(32)} if one == name else {})
        ),
    )


def pruned_by_torch(folder: Path) -> None:
    changed_weights(
        folder, lambda name, tensor: {name.replace("q_proj.weight", "q_proj.weight_orig"): tensor}
    )


def with_an_adapter_of_peft(folder: Path) -> None:
    save(folder, "hubert")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')


def without_layers(folder: Path) -> None:
    save(folder, "hubert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": -1}))


def of_several_kinds(folder: Path) -> None:
    save(folder, "hubert")
    (folder / "config.json").write_text('{"model_type": ["hubert"]}')


def missing_weights(folder: Path) -> None:
    save(folder, "hubert")
    (folder / "model.safetensors").unlink()


def of_an_unknown_kind(folder: Path) -> None:
    save(folder, "hubert")
    (folder / "config.json").write_text('{"model_type": "bert"}')


def of_another_size(folder: Path) -> None:
    save(folder, "hubert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))


def empty(folder: Path) -> None:
    folder.mkdir()


def a_part_of_a_conformer(folder: Path) -> None:
    save(folder, "wav2vec2-conformer")
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "1.ffn2.output" not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def of_longer_banks(folder: Path) -> None:
    save(folder, "wav2vec2-bert")
    bank = {"feature_extractor_type": "SeamlessM4TFeatureExtractor", "stride": 4}
    sizes = {"feature_size": 40, "num_mel_bins": 40, "sampling_rate": 16000}
    (folder / "preprocessor_config.json").write_text(json.dumps(bank | sizes))


def of_relative_positions(folder: Path) -> None:
    save(folder, "sew-d", squeeze_factor=2, position_buckets=8, max_position_embeddings=16)


def with_an_adapter(folder: Path) -> None:
    save(folder, "wav2vec2", add_adapter=True)


def with_an_adapter_of_one_layer(folder: Path) -> None:
    save(
        folder,
        "wav2vec2",
        add_adapter=True,
        num_adapter_layers=1,
        adapter_stride=1,
        adapter_kernel_size=1,
    )


def with_another_output(folder: Path) -> None:
    save(folder, "wav2vec2", add_adapter=True, output_hidden_size=24)


def of_longer_frames(folder: Path) -> None:
    save(folder, "hubert", conv_stride=[10, 4, 2, 2, 4])


def of_fewer_convolutions(folder: Path) -> None:
    four = {"num_feat_extract_layers": 4, "conv_dim": [16] * 4, "conv_kernel": [20, 8, 4, 2]}
    save(folder, "unispeech", **four, conv_stride=[10, 4, 2, 2])


def of_the_telephone(folder: Path) -> None:
    save(folder, "hubert")
    (folder / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')


@pytest.mark.parametrize(
    ("breakage", "says"),
    [
        (damaged_weights, "expected safetensors, found a damaged or other file"),
        (
            of_eight_bits,
            r"layers\.0\.attention\.k_proj\.weight: expected weights of 16 or 32 bits, found I8",
        ),
        (pickled_of_eight_bits, r"k_proj\.weight: expected .* found torch\.float8_e4m3fn"),
        (
            with_scales,
            r"1 weights of the layers have no place .*1\.attention\.q_proj\.SCB; merge adapters",
        ),
        (pruned_by_torch, "weights are missing or misshapen"),
        (
            with_an_adapter_of_peft,
            r"adapter_config\.json: expected a whole model, found an adapter of peft",
        ),
        (without_layers, "num_hidden_layers: expected one at least, found -1"),
        (of_several_kinds, "expected a Hugging Face model with 'model_type'"),
        (missing_weights, "no weights"),
        (of_an_unknown_kind, "unknown kind: model_type 'bert'"),
        (of_another_size, "missing or misshapen"),
        (empty, "an empty folder"),
        (
            of_relative_positions,
            "model_type 'sew-d'; known are data2vec-audio, hubert, sew, unispeech, .*, "
            "wav2vec2-bert, wav2vec2-conformer, wavlm, whisper, those that s3prl or ESPnet",
        ),
        (a_part_of_a_conformer, r"2 weights .* encoder\.layers\.1\.ffn2\.output_dense\.bias, "),
        (of_longer_banks, r"expected about 50 frames of filter banks for a second, found 24"),
        (
            with_an_adapter,
            r"expected 49 frames of 32 numbers for a second.* found 7 of 32: its adapter "
            r"\(add_adapter\)",
        ),
        (with_an_adapter_of_one_layer, r"its adapter \(add_adapter\)"),
        (with_another_output, r"found 7 of 24: its adapter \(add_adapter\)"),
        (of_longer_frames, "a frame of 320 samples, .* found strides 10 × 4 × 2 × 2 × 4 = 640"),
        (of_fewer_convolutions, "found strides 10 × 4 × 2 × 2 = 160"),
        (of_the_telephone, "sampling_rate 16000, found 8000"),
    ],
)
def test_what_is_no_upstream_is_refused_in_one_line(
    tmp_path: Path, breakage: object, says: str
) -> None:
    breakage(tmp_path / "in")  # type: ignore[operator]
    with pytest.raises(UserError, match=says) as caught:
        preflight(str(tmp_path / "in"), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "frontend.json").exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04truncated"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(UserError, match="not a checkpoint"):
        preflight(str(tmp_path / "model.pt"), tmp_path / "out")


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such directory"):
        preflight(str(tmp_path / "nowhere"), tmp_path / "out")


def test_the_first_layers_of_an_upstream_may_be_taken(tmp_path: Path) -> None:
    source = save(tmp_path / "in", "hubert")
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1}))
    assert (
        preflight(str(source), tmp_path / "out").parameters
        < preflight(str(save(tmp_path / "whole", "hubert")), tmp_path / "other").parameters
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_of_other_sizes_are_weights_as_they_are(tmp_path: Path, dtype: torch.dtype) -> None:
    changed_weights(tmp_path / "in", lambda name, tensor: {name: tensor.to(dtype)})
    preflight(str(tmp_path / "in"), tmp_path / "out")


def test_a_native_checkpoint_of_eight_bits_is_refused(tmp_path: Path) -> None:
    checkpoint = native("hubert")
    name = "encoder.layers.0.self_attn.k_proj.weight"
    checkpoint["model_weight"][name] = checkpoint["model_weight"][name].to(torch.int8)
    torch.save(checkpoint, tmp_path / "model.pt")
    with pytest.raises(
        UserError, match=r"k_proj\.weight: expected weights of 16 or 32 bits, found torch\.int8"
    ):
        preflight(str(tmp_path / "model.pt"), tmp_path / "out")
