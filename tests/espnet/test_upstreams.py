"""Every kind of upstream that the preflight takes trains in ESPnet, on the model's own output."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import transformers
from espnet2.tasks.ssl import SSLTask
from safetensors.torch import load_file, save_file

from parp_espnet.errors import UserError
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.espnet.states import load_model_state
from parp_espnet.espnet.whisper import WhisperEncoderFrontend
from parp_espnet.files import read_json
from parp_espnet.pruning.pool import find_pool, shapes_of
from parp_espnet.upstreams.frontend import frontend_options
from parp_espnet.upstreams.preflight import preflight
from parp_espnet.upstreams.table import page
from tests.upstreams.branchformer import save_branchformer
from tests.upstreams.omni import ASKED, save_omni

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "num_feat_extract_layers": 5, "conv_dim": [16] * 5, "conv_kernel": [20, 8, 4, 2, 2],
    "conv_stride": [10, 4, 2, 2, 2], "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "Data2VecAudio": {"conv_pos_kernel_size": 5},
    "UniSpeech": {},
    "UniSpeechSat": {"do_stable_layer_norm": True, "feat_extract_norm": "layer"},
    "WavLM": {"do_stable_layer_norm": True, "feat_extract_norm": "layer"},
}
TWO_UPDATES = {
    "max_epoch": 1,
    "num_iters_per_epoch": 2,
    "keep_nbest_models": 1,
    "scheduler_conf": {"max_steps": 2},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_trains_on_the_models_own_output(
    recipe_on: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SMALL, **KINDS[kind], layerdrop=0.0)
    getattr(transformers, f"{kind}Model")(config).save_pretrained(tmp_path / "in")
    checked = preflight(str(tmp_path / "in"), tmp_path / "adapted")
    recipe = recipe_on(tmp_path / "adapted")
    conf = {"frontend_conf": checked.frontend, "multilayer_feature": False}
    experiment = recipe.train(tmp_path / "exp", frontend_conf=conf, **TWO_UPDATES)
    summary = read_json(experiment / "training.json")
    assert (summary["updates"], summary["sparsity_measured"]) == (2, 0.5)
    config = json.loads((tmp_path / "adapted" / "config.json").read_text())

    # The trained weights, in Hugging Face's own code: what s3prl's code of them gives is the same.
    model, _ = load_model(experiment / "valid.loss.ave.pth")
    wave = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    normal = (wave - wave.mean()) / torch.sqrt(wave.var(unbiased=False) + 1e-7)
    with torch.no_grad():
        ours, lengths = model.frontend(wave, torch.tensor([8000]))
    inner = model.frontend.upstream.upstream.model
    if checked.frontend["upstream"].startswith("hf_"):
        with torch.no_grad():
            expected = inner.eval()(normal).last_hidden_state
        assert lengths.tolist() == [expected.shape[1]]
        assert torch.allclose(ours[:, : expected.shape[1]], expected, atol=1e-5)
    else:
        assert ours.shape[2] == 32
        assert not hasattr(inner, "config")


def test_a_native_wav2vec2_trains(recipe_on: Callable[..., Any], tmp_path: Path) -> None:
    from s3prl.upstream.wav2vec2.wav2vec2_model import Wav2Vec2Config, Wav2Vec2Model  # noqa: PLC0415

    settings = {
        "conv_feature_layers": "[(16, 20, 10), (16, 8, 4), (16, 4, 2), (16, 2, 2), (16, 2, 2)]",
        "encoder_layers": 2, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 64,
        "encoder_attention_heads": 2,
        "extractor_mode": "layer_norm", "conv_pos": 16, "conv_pos_groups": 2, "final_dim": 32,
    }  # fmt: skip
    torch.manual_seed(0)
    weights = Wav2Vec2Model(Wav2Vec2Config(**settings)).state_dict()
    content = {"task_cfg": {"normalize": True}, "model_cfg": settings, "model_weight": weights}
    torch.save(content, tmp_path / "native.pt")
    checked = preflight(str(tmp_path / "native.pt"), tmp_path / "out")
    conf = {"frontend_conf": checked.frontend, "multilayer_feature": False}
    experiment = recipe_on(tmp_path / "native.pt").train(
        tmp_path / "exp", frontend_conf=conf, **TWO_UPDATES
    )
    assert read_json(experiment / "training.json")["sparsity_measured"] == 0.5
    model, _ = load_model(experiment / "valid.loss.ave.pth")
    with torch.no_grad():
        _, lengths = model.frontend(torch.randn(1, 16000), torch.tensor([16000]))
    assert lengths.tolist() == [49]


ESPNETS = {"SEW": {"squeeze_factor": 2}, "Wav2Vec2Bert": {}, "Wav2Vec2Conformer": {}}
CALM = {"hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0}
UNMASKED = {"mask_time_prob": 0.0, "mask_feature_prob": 0.0, "layerdrop": 0.0}


def save_hugging_face(folder: Path, kind: str) -> Path:
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SMALL, **ESPNETS[kind], **CALM, **UNMASKED)
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
    return folder


TINY_WHISPER = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "num_mel_bins": 16,
    "max_source_positions": 100, "max_target_positions": 8, "vocab_size": 10, "pad_token_id": 0,
    "bos_token_id": 0, "eos_token_id": 0, "decoder_start_token_id": 0,
}  # fmt: skip


def save_whisper(folder: Path) -> Path:
    """A whole Whisper whose windows are of two seconds."""
    torch.manual_seed(0)
    config = transformers.WhisperConfig(**TINY_WHISPER)
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    return folder


def run_by_transformers(loaded: Any, wave: Any, _: Path) -> Any:
    inputs = loaded.frontend.processor(wave, sampling_rate=16000, return_tensors="pt")
    return loaded.frontend.encoder(**inputs).last_hidden_state


def run_by_s3prl(loaded: Any, wave: Any, _: Path) -> Any:
    normal = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
    return loaded.frontend.upstream.upstream.model(torch.from_numpy(normal)[None])[0]


def run_by_espnet(loaded: Any, wave: Any, folder: Path) -> Any:
    """As ESPnet's own class, not what was changed of the one that was loaded."""
    inner, _ = SSLTask.build_model_from_file(None, folder / "model.pth")
    wanted = inner.state_dict()
    trained = loaded.frontend.upstream.state_dict()
    inner.load_state_dict({name: trained.get(name, wanted[name]) for name in wanted})
    lengths = torch.tensor([len(wave)])
    return inner.eval().inference_encode(torch.from_numpy(wave)[None], lengths)[1][-1]


@dataclass(frozen=True)
class Source:
    """An upstream, what runs it, and whether an utterance is the same in a batch."""

    save: Callable[[Path], Path]
    frontend: str
    run: Callable[[Any, Any, Path], Any]
    """What the class's own code makes of a wave, of an ESPnet model that has it, and of what the
    preflight left.
    """
    batched: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


SOURCES = {
    **{
        kind: Source(partial(save_hugging_face, kind=kind), "huggingface", run_by_transformers)
        for kind in sorted(ESPNETS)
    },
    "Whisper": Source(save_whisper, "whisper_encoder", run_by_transformers, batched=True),
    "ESPnet": Source(save_branchformer, "espnet_ssl", run_by_espnet, batched=True),
    "fairseq2": Source(save_omni, "s3prl", run_by_s3prl, settings=ASKED, batched=True),
}


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_it_is_trained_pruned_resumed_and_decoded(
    recipe_on: Callable[..., Any], tones: Path, tmp_path: Path, kind: str
) -> None:
    source = SOURCES[kind]
    checked = preflight(str(source.save(tmp_path / "in")), tmp_path / "adapted", source.settings)
    options = {"frontend": "s3prl"} | frontend_options(checked.frontend)
    assert options["frontend"] == source.frontend
    recipe = recipe_on(tmp_path / "adapted")
    lasting = {"keep_nbest_models": 1, "num_iters_per_epoch": 2, "scheduler_conf": {"max_steps": 4}}
    whole = options | lasting | {"max_epoch": 2}
    experiment = recipe.train(tmp_path / "exp", **whole)
    summary = read_json(experiment / "training.json")
    assert (summary["updates"], summary["sparsity_measured"]) == (4, 0.5)

    # Resumed to the same bits.
    resumed = recipe.train(tmp_path / "resumed", **(whole | {"max_epoch": 1}))
    resumed = recipe.train(tmp_path / "resumed", **whole)
    model = "valid.loss.ave.pth"
    expected, found = load_model_state(experiment / model), load_model_state(resumed / model)
    assert all(torch.equal(expected[name], found[name]) for name in expected)

    # Decoded alone and as the frontend makes batches, and what is heard is the class's own output.
    recogniser = Recogniser(experiment / model)
    assert recogniser.sparsity == pytest.approx(0.5, abs=1e-3)
    waves = [soundfile.read(path, dtype="float32")[0] for path in sorted(tones.glob("*.wav"))[:2]]
    alone = [recogniser.listen([wave])[0].logprobs for wave in waves]
    loaded, _ = load_model(experiment / model)
    with torch.no_grad():
        own = loaded.ctc.log_softmax(source.run(loaded.eval(), waves[0], tmp_path / "adapted"))[0]
    assert torch.allclose(torch.from_numpy(alone[0]), own[: len(alone[0])], atol=1e-4)
    assert len(alone[0]) == pytest.approx(len(waves[0]) / 320, abs=2)
    if source.batched:
        together = [heard.logprobs for heard in recogniser.listen(waves)]
        for one, other in zip(alone, together, strict=True):
            assert one == pytest.approx(other, abs=1e-4)


def test_whisper_hears_no_more_than_a_window(tmp_path: Path) -> None:
    preflight(str(save_whisper(tmp_path / "in")), tmp_path / "out")
    frontend = WhisperEncoderFrontend(str(tmp_path / "out")).eval()
    with torch.no_grad():
        _, lengths = frontend(torch.zeros(1, 32000), torch.tensor([32000]))
    assert lengths.tolist() == [100]
    with pytest.raises(UserError, match=r"an utterance of 3.0 s: Whisper hears 2 s at once"):
        frontend(torch.zeros(1, 48000), torch.tensor([48000]))


def test_a_pool_with_a_conformers_convolutions(tmp_path: Path) -> None:
    """As docs/upstreams.md has it."""
    line = re.findall(r"--prune_pattern '(.+)'", page())[0]
    torch.manual_seed(0)
    model = transformers.Wav2Vec2BertModel(transformers.Wav2Vec2BertConfig(**SMALL))
    states = model.state_dict()
    own, usual = find_pool(states, line), find_pool(states)
    more = {name.split(".", 3)[3] for name in own.keys() - usual.keys()}
    assert own.keys() >= usual.keys()
    assert more == {"conv_module.pointwise_conv1.weight", "conv_module.pointwise_conv2.weight"}


def test_a_mask_of_a_conformer_fits_another_one(tmp_path: Path) -> None:
    """wav2vec2-conformer's and w2v-BERT's layers have the same tensors under the same names."""
    pools = []
    for kind in ("Wav2Vec2Bert", "Wav2Vec2Conformer"):
        config = getattr(transformers, f"{kind}Config")(**SMALL)
        model = getattr(transformers, f"{kind}Model")(config)
        pools.append(shapes_of(find_pool(model.state_dict())))
    assert pools[0] == pools[1]


def test_the_encoder_is_transformers_own(tmp_path: Path) -> None:
    source = save_whisper(tmp_path / "in")
    checked = preflight(str(source), tmp_path / "out")
    model = transformers.WhisperForConditionalGeneration.from_pretrained(source).eval()
    whole = model.get_encoder()
    assert checked.parameters == sum(parameter.numel() for parameter in whole.parameters())
    frontend = WhisperEncoderFrontend(str(tmp_path / "out")).eval()
    wave = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    heard = frontend.processor(wave[0].numpy(), sampling_rate=16000, return_tensors="pt")
    with torch.no_grad():
        ours, lengths = frontend(wave, torch.tensor([16000]))
        expected = whole(heard.input_features).last_hidden_state
    assert lengths.tolist() == [50]
    assert torch.equal(ours, expected[:, :50])


def spoil_whisper(folder: Path, name: str | None = None, **options: Any) -> None:
    save_whisper(folder)
    if name is not None:
        weights = load_file(folder / "model.safetensors")
        kept = {key: tensor for key, tensor in weights.items() if name not in key}
        save_file(kept, folder / "model.safetensors", {"format": "pt"})
    if options:
        usual = {"sampling_rate": 16000, "chunk_length": 2, "feature_size": 16}
        (folder / "preprocessor_config.json").write_text(json.dumps(usual | options))


@pytest.mark.parametrize(
    ("spoiled", "settings", "says"),
    [
        ({"name": "encoder.layers.1.fc1"}, {}, r"2 weights .* encoder\.layers\.1\.fc1\.weight"),
        ({"name": "encoder."}, {}, r"expected a Whisper with an encoder, found no encoder"),
        ({"chunk_length": 30}, {}, r"expected windows of 200 frames of 16 numbers, .* 3000 of 16"),
        ({"feature_size": 80}, {}, r"expected windows of 200 frames of 16 numbers, .* 200 of 80"),
        ({}, {"mask_time_prob": 0.3}, r"a Whisper runs in its encoder alone, which hides nothing"),
    ],
)
def test_what_is_no_whole_whisper(
    tmp_path: Path, spoiled: dict[str, Any], settings: dict[str, Any], says: str
) -> None:
    spoil_whisper(tmp_path / "in", **spoiled)
    with pytest.raises(UserError, match=says) as caught:
        preflight(str(tmp_path / "in"), tmp_path / "out", settings)
    assert "\n" not in str(caught.value)
