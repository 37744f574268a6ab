"""What a preflight leaves is of this upstream alone, and takes nothing from it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from huggingface_hub.utils import filter_repo_objects
from safetensors.torch import load_file, save_file

from parp_espnet.errors import UserError
from parp_espnet.upstreams.preflight import DOWNLOADED, preflight
from parp_espnet.upstreams.untouched import differing, load_upstream
from parp_espnet.upstreams.weights import load_weights
from tests.espnet.test_upstreams import SMALL, save_whisper
from tests.upstreams.branchformer import save_branchformer
from tests.upstreams.omni import save_omni

NAME = "encoder.layers.0.attention.q_proj.weight"


def plain(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    transformers.HubertModel(transformers.HubertConfig(**SMALL)).save_pretrained(folder)
    return folder


def shards(folder: Path, seed: int = 0) -> Path:
    plain(folder, seed)
    model = transformers.HubertModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="40KB")
    assert (folder / "model.safetensors.index.json").is_file()
    return folder


def pickled(folder: Path, seed: int = 0) -> Path:
    plain(folder, seed)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


FORMATS = [plain, shards, pickled]


@pytest.mark.parametrize("after", FORMATS)
@pytest.mark.parametrize("before", FORMATS)
def test_nothing_is_left_of_the_upstream_before(
    tmp_path: Path, before: Callable[..., Path], after: Callable[..., Path]
) -> None:
    first, second = before(tmp_path / "first", 1), after(tmp_path / "second", 2)
    preflight(str(first), tmp_path / "out")
    preflight(str(second), tmp_path / "out")
    found = transformers.HubertModel.from_pretrained(tmp_path / "out").state_dict()[NAME]
    assert torch.equal(found, load_weights(second)[NAME])
    assert load_weights(first).keys() == load_weights(second).keys()


def omni(folder: Path) -> Path:
    folder.mkdir()
    return save_omni(folder / "model")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@pytest.mark.parametrize("make", [plain, save_whisper, omni, save_branchformer])
@pytest.mark.parametrize("linked", [False, True])
def test_an_upstream_is_not_written_over(
    tmp_path: Path, make: Callable[[Path], Path], linked: bool
) -> None:
    given = make(tmp_path / "in")
    folder = given if given.is_dir() else given.parent
    before = contents(folder)
    out = folder
    if linked:
        out = tmp_path / "link"
        out.symlink_to(folder)
    with pytest.raises(UserError, match=r"expected another directory than the upstream's own"):
        preflight(str(given), out)
    assert contents(folder) == before


def test_of_the_hub_the_model_alone_is_fetched() -> None:
    fetched = [
        "config.json", "preprocessor_config.json", "processor_config.json", "vocab.json",
        "model.safetensors", "model-00001-of-00002.safetensors", "model.safetensors.index.json",
        "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json",
    ]  # fmt: skip
    others = ["adapter.deu.safetensors", "adapter.deu.bin", "flax_model.msgpack", "README.md"]
    assert list(filter_repo_objects(fetched + others, allow_patterns=DOWNLOADED)) == fetched


LAYER = {"feat_extract_norm": "layer", "conv_bias": True}
BESIDE: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "biases of convolutions": ("Wav2Vec2", LAYER, {"conv_bias": False}),
    "norms of convolutions": ("Wav2Vec2", LAYER, {"feat_extract_norm": "group"}),
    "the norm before the projection": ("Hubert", {}, {"feat_proj_layer_norm": False}),
    "a convolution": (
        "Hubert",
        {},
        {
            "num_feat_extract_layers": 4,
            "conv_dim": [16] * 4,
            "conv_kernel": [20, 8, 4, 2],
            "conv_stride": [10, 4, 4, 2],
        },
    ),
    "biases of SEW's": ("SEW", LAYER | {"squeeze_factor": 2}, {"conv_bias": False}),
}


@pytest.mark.parametrize("what", BESIDE)
@pytest.mark.parametrize("head", ["Model", "ForCTC"])
def test_weights_that_the_configuration_leaves_out_are_told(
    tmp_path: Path, what: str, head: str
) -> None:
    kind, made, told = BESIDE[what]
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SMALL | made)
    getattr(transformers, f"{kind}{head}")(config).save_pretrained(tmp_path / "in")
    preflight(str(tmp_path / "in"), tmp_path / "whole")
    file = tmp_path / "in" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | told))
    with pytest.raises(UserError, match=r"weights before and beside the layers have no place"):
        preflight(str(tmp_path / "in"), tmp_path / "out")


def test_what_a_model_computes_may_be_in_its_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = transformers.Wav2Vec2ConformerConfig(**SMALL, position_embeddings_type="rotary")
    transformers.Wav2Vec2ConformerModel(config).save_pretrained(tmp_path / "in")
    file = tmp_path / "in" / "model.safetensors"
    save_file(load_file(file) | {"encoder.embed_positions.inv_freq": torch.ones(8)}, file)
    preflight(str(tmp_path / "in"), tmp_path / "out")
    left = {"quantizer.codevectors": torch.ones(2), "project_q.weight": torch.ones(2, 2)}
    save_file(load_file(file) | left, file)
    preflight(str(tmp_path / "in"), tmp_path / "out")


def test_an_adapted_configuration_computes_what_its_upstream_does(tmp_path: Path) -> None:
    source = plain(tmp_path / "in")
    file = source / "config.json"
    old = {"gradient_checkpointing": True, "layerdrop": 0.1, "torch_dtype": "float16"}
    file.write_text(json.dumps(json.loads(file.read_text()) | old))
    preflight(str(source), tmp_path / "out", {"mask_time_prob": 0.3})
    adapted = json.loads((tmp_path / "out" / "config.json").read_text())
    assert differing(adapted, load_upstream(source).config) == []
    assert differing(adapted | {"hidden_act": "relu"}, load_upstream(source).config) == [
        "hidden_act"
    ]
