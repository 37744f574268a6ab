"""Every family that trains leaves: as transformers' own class it computes what ESPnet's stock
forward does.

Their weights are drawn, not trained: nothing here depends on what they are.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from transformers import Data2VecAudioConfig, Data2VecAudioModel, WavLMConfig, WavLMModel

from parp_espnet.errors import UserError
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.export.formats import export
from parp_espnet.export.model import ctc_module
from parp_espnet.export.opened import open_model
from parp_espnet.export.trained import load_trained
from parp_espnet.recognition.audio import read
from parp_espnet.upstreams.preflight import preflight

MODEL = "valid.loss.ave.pth"
SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "conv_dim": (24,) * 5, "conv_kernel": (20, 8, 4, 4, 4), "conv_stride": (10, 4, 2, 2, 2),
    "num_feat_extract_layers": 5, "num_conv_pos_embedding_groups": 4, "layerdrop": 0.0,
}  # fmt: skip
CLOSE = {"wavlm": 2e-5, "data2vec": 2e-5}
"""s3prl runs these in code of its own; the others agree to the bit."""


def save(folder: Path, kind: str, make_upstream: Callable[..., Path]) -> Path:
    """An upstream of a kind in Hugging Face's format."""
    torch.manual_seed(0)
    if kind == "wavlm":
        config = WavLMConfig(
            **SMALL,
            num_conv_pos_embeddings=16,
            feat_extract_norm="layer",
            do_stable_layer_norm=True,
        )
        WavLMModel(config).save_pretrained(folder)
    elif kind == "data2vec":
        config = Data2VecAudioConfig(**SMALL, conv_pos_kernel_size=9, num_conv_pos_embeddings=3)
        Data2VecAudioModel(config).save_pretrained(folder)
    elif kind == "wav2vec2, group norm":
        make_upstream(folder, "wav2vec2", "group", do_stable_layer_norm=False)
    elif kind == "XLSR":
        make_upstream(folder, "wav2vec2", "layer", conv_bias=True)
    else:
        make_upstream(folder, "hubert", "layer")
    return folder


def experiment_on(upstream: Path, recipe_on: Callable[..., object], folder: Path) -> Path:
    """An experiment as a training of no updates would leave it."""
    frontend = preflight(str(upstream), folder.parent / "adapted").frontend
    recipe = recipe_on(upstream)
    train = recipe.config(  # type: ignore[attr-defined]
        folder, frontend_conf={"frontend_conf": frontend, "multilayer_feature": False}
    )
    defaults = PruningASRTask.get_parser().parse_args([])
    options = vars(defaults) | yaml.safe_load(train.read_text())
    options |= {"token_list": Path(options["token_list"]).read_text().split()}
    options |= {"prune_conf": {"method": "dense", "sparsity": 0.0}}
    (folder / "config.yaml").write_text(yaml.safe_dump(options))
    torch.manual_seed(1)
    model = PruningASRTask.build_model(type(defaults)(**options))
    torch.save(model.state_dict(), folder / MODEL)
    (folder / "training.json").write_text(json.dumps({"method": "dense", "model": MODEL}))
    return folder


@pytest.mark.parametrize("kind", ["hubert", "wav2vec2, group norm", "XLSR", "wavlm", "data2vec"])
def test_it_computes_what_it_did(
    kind: str,
    make_upstream: Callable[..., Path],
    recipe_on: Callable[..., object],
    tones: Path,
    tmp_path: Path,
):
    experiment = experiment_on(
        save(tmp_path / "up", kind, make_upstream), recipe_on, tmp_path / "e"
    )
    trained = load_trained(experiment)
    module = ctc_module(trained)
    stock, _ = load_model(experiment / MODEL)
    waves = [torch.from_numpy(read(path)) for path in sorted(tones.glob("*.wav"))[:4]]
    lengths = torch.tensor([len(wave) for wave in waves])
    batch = torch.nn.utils.rnn.pad_sequence(waves, batch_first=True)
    with torch.inference_mode():
        together, frames = module(batch, lengths)
        for row, wave in enumerate(waves):
            length = lengths[row : row + 1]
            encoded, _ = stock.encode(wave[None], length)
            theirs = stock.ctc.log_softmax(encoded)[0, : frames[row]]
            alone, _ = module(wave[None], length)
            assert (alone[0] - theirs).abs().max() < 2e-5
            assert (together[row, : frames[row]] - alone[0]).abs().max() < 2e-5


@pytest.mark.parametrize("kind", ["hubert", "wav2vec2, group norm", "XLSR", "wavlm", "data2vec"])
def test_a_bundle_hears_what_stage_12_does(
    kind: str,
    make_upstream: Callable[..., Path],
    recipe_on: Callable[..., object],
    tones: Path,
    tmp_path: Path,
):
    experiment = experiment_on(
        save(tmp_path / "up", kind, make_upstream), recipe_on, tmp_path / "e"
    )
    export(load_trained(experiment), tmp_path / "bundle", ["bundle"])
    ours, _ = open_model(tmp_path / "bundle")
    theirs = Recogniser(experiment / MODEL)
    audio = [read(path) for path in sorted(tones.glob("*.wav"))[:4]]
    for group in ([one] for one in audio) if not theirs.batchable else ([audio]):
        for one, other in zip(ours.listen(group), theirs.listen(group), strict=True):
            difference = abs(one.logprobs - other.logprobs[: len(one.logprobs)]).max()
            assert difference <= CLOSE.get(kind, 0.0)


def test_what_a_format_cannot_hold(
    make_upstream: Callable[..., Path], recipe_on: Callable[..., object], tmp_path: Path
):
    experiment = experiment_on(
        save(tmp_path / "up", "wavlm", make_upstream), recipe_on, tmp_path / "e"
    )
    with pytest.raises(UserError, match=r"expected a HuBERT or a wav2vec 2.0, found a wavlm"):
        export(load_trained(experiment), tmp_path / "out", ["s3prl"])
    assert not (tmp_path / "out").exists()
    for changes, said in (
        ({"encoder": "conformer"}, "encoder: expected none, found conformer"),
        ({"frontend_conf": {"multilayer_feature": True}}, "multilayer_feature: expected False"),
        ({"frontend": "default"}, "frontend: expected s3prl, a model of speech with an upstream"),
    ):
        config = experiment / "config.yaml"
        plain = config.read_text()
        config.write_text(yaml.safe_dump(yaml.safe_load(plain) | changes))
        with pytest.raises(UserError, match=said):
            load_trained(experiment)
        config.write_text(plain)
