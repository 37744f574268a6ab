"""The preflight on real models of small size: each trap is set, and each error is one clear line."""

import json
from pathlib import Path

import pytest
import torch
from s3prl.nn import S3PRLUpstream
from safetensors.torch import load_file
from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model, WavLMConfig, WavLMModel

from parp_espnet.errors import UserError
from parp_espnet.upstreams.preflight import preflight

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "num_feat_extract_layers": 5, "conv_dim": [16] * 5, "conv_kernel": [20, 8, 4, 2, 2],
    "conv_stride": [10, 4, 2, 2, 2], "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
MODELS = {
    "hubert": (HubertConfig, HubertModel),
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    "wavlm": (WavLMConfig, WavLMModel),
}


def save(folder: Path, kind: str, **settings: object) -> Path:
    config, model = MODELS[kind]
    torch.manual_seed(0)
    model(config(**SMALL, **settings)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", sorted(MODELS))
@pytest.mark.parametrize("stable", [False, True])
def test_s3prl_gives_the_models_own_output(tmp_path: Path, kind: str, stable: bool) -> None:
    norm = "layer" if stable else "group"
    source = save(tmp_path / "in", kind, do_stable_layer_norm=stable, feat_extract_norm=norm, layerdrop=0.1)
    checked = preflight(str(source), tmp_path / "out")
    assert checked.changed["layerdrop"] == (0.1, 0.0)
    assert json.loads((tmp_path / "out" / "frontend.json").read_text()) == checked.frontend
    upstream = S3PRLUpstream(checked.frontend["upstream"], checked.frontend["path_or_url"]).eval()
    wave = torch.randn(1, 8000)
    with torch.no_grad():
        ours = upstream(wave, torch.tensor([8000]))[0][-1]
        # s3prl's native WavLM takes group-norm models' waves as they are; Hugging Face's extractor normalises all.
        plain = kind == "wavlm" and not stable
        normal = wave if plain else (wave - wave.mean()) / torch.sqrt(wave.var(unbiased=False) + 1e-7)
        model = MODELS[kind][1].from_pretrained(source).eval()
        expected = model(normal).last_hidden_state
    assert torch.allclose(ours[:, : expected.shape[1]], expected, atol=1e-4)
    upstream.train()(wave, torch.tensor([8000]))


def test_layers_of_a_wavlm_are_not_dropped(tmp_path: Path) -> None:
    source = save(tmp_path / "in", "wavlm")
    with pytest.raises(UserError, match=r"--layerdrop 0.1: a WavLM runs in s3prl's code"):
        preflight(str(source), tmp_path / "out", {"layerdrop": 0.1})


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
    drawn = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "again", "other", "as_it_is")]
    pretrained = load_file(source / "model.safetensors")
    assert {name: weight.shape for name, weight in pretrained.items()} == {n: w.shape for n, w in drawn[0].items()}
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


def test_native_checkpoints_are_recognised(tmp_path: Path) -> None:
    weights = {"layer.weight": torch.zeros(2, 3)}
    torch.save({"cfg": {}, "model": weights}, tmp_path / "wavlm.pt")
    torch.save({"task_cfg": {}, "model_cfg": {}, "model_weight": weights}, tmp_path / "wav2vec2.pt")
    torch.save(
        {"task_cfg": {}, "model_cfg": {}, "model_weight": weights, "dictionaries_symbols": []}, tmp_path / "hubert.pt"
    )
    for kind in ("wavlm", "wav2vec2", "hubert"):
        checked = preflight(str(tmp_path / f"{kind}.pt"), tmp_path / "out")
        assert (checked.frontend["upstream"], checked.parameters) == (f"{kind}_local", 6)


def damaged_weights(folder: Path) -> None:
    file = save(folder, "hubert") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


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


@pytest.mark.parametrize(
    ("breakage", "says"),
    [
        (damaged_weights, "cannot be loaded"),
        (missing_weights, "no weights"),
        (of_an_unknown_kind, "unknown kind: model_type 'bert'"),
        (of_another_size, "missing or misshapen"),
        (empty, "an empty folder"),
    ],
)
def test_what_is_no_upstream_is_refused_in_one_line(tmp_path: Path, breakage: object, says: str) -> None:
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
