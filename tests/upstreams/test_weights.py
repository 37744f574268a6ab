"""Weights of every format, read and written again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import HubertModel

from parp_espnet.errors import UserError
from parp_espnet.upstreams.weights import check_depth, copy_changed, load_weights

NAME = "encoder.layers.0.attention.q_proj.weight"


def halve(name: str, tensor: Tensor) -> Tensor:
    return tensor / 2 if name.endswith(NAME) else tensor


def safetensors(folder: Path, model: HubertModel) -> Path:
    model.save_pretrained(folder)
    return folder


def shards(folder: Path, model: HubertModel) -> Path:
    model.save_pretrained(folder, max_shard_size="50KB")
    assert (folder / "model.safetensors.index.json").is_file()
    return folder


def pickled(folder: Path, model: HubertModel) -> Path:
    folder.mkdir()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(model.config.to_dict()))
    return folder


def native(folder: Path, model: HubertModel) -> Path:
    file = folder.with_suffix(".pt")
    torch.save({"model_cfg": {"a": 1}, "model_weight": model.state_dict()}, file)
    return file


def espnet(folder: Path, model: HubertModel) -> Path:
    file = folder.with_suffix(".pth")
    torch.save(
        {f"frontend.upstream.upstream.model.{k}": v for k, v in model.state_dict().items()}, file
    )
    return file


@pytest.mark.parametrize("save", [safetensors, shards, pickled, native, espnet])
def test_a_changed_copy(
    upstream: Path, tmp_path: Path, save: Callable[[Path, HubertModel], Path]
) -> None:
    model = HubertModel.from_pretrained(upstream)
    source = save(tmp_path / "source", model)
    copy = tmp_path / f"copy{source.suffix}"
    copy_changed(source, copy, halve)
    before, after = load_weights(source), load_weights(copy)
    assert before.keys() == after.keys()
    assert len(before) == len(model.state_dict())
    for name, tensor in before.items():
        assert torch.equal(after[name], halve(name, tensor))
    if source.is_dir():
        assert {file.name for file in copy.iterdir()} == {file.name for file in source.iterdir()}
    if save in (safetensors, shards):
        halved = HubertModel.from_pretrained(copy).state_dict()[NAME]
        assert torch.equal(halved, model.state_dict()[NAME] / 2)
    if save is native:
        assert torch.load(copy, weights_only=True)["model_cfg"] == {"a": 1}


def test_an_existing_copy_is_not_overwritten(upstream: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is there already"):
        copy_changed(upstream, tmp_path, halve)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("model.pt", b"nonsense", "not a checkpoint that loads safely"),
        ("model.safetensors", b"nonsense", "found a damaged or other file"),
        ("absent.pt", None, "no such model"),
    ],
)
def test_what_is_no_model(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        load_weights(tmp_path / name)
    with pytest.raises(UserError, match="expected a Hugging Face directory"):
        load_weights(Path(__file__).parent)


@pytest.mark.parametrize(
    ("content", "says"), [("{", "expected JSON"), ("[]", "expected Hugging Face's index")]
)
def test_a_damaged_index(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(content)
    with pytest.raises(UserError, match=says):
        load_weights(tmp_path)


def test_a_checkpoint_of_something_else(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "other.pt")
    with pytest.raises(UserError, match=r"expected a model's weights, found epoch"):
        load_weights(tmp_path / "other.pt")


@pytest.mark.parametrize(
    "name", ["../other.safetensors", "/etc/hostname", 3, None, "a\0b", "\x1b[31m", "", ".."]
)
def test_an_index_names_files_beside_it(tmp_path: Path, name: object) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {NAME: name}}))
    with pytest.raises(UserError, match="expected names of files beside it, found ") as caught:
        load_weights(tmp_path)
    assert str(caught.value).isprintable()


def test_names_of_weights_are_text(tmp_path: Path) -> None:
    torch.save({NAME: torch.ones(2, 2), 3: torch.ones(2)}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="expected a model's weights, found"):
        load_weights(tmp_path / "other.pt")


def test_of_several_files_that_is_read_which_transformers_reads(
    upstream: Path, tmp_path: Path
) -> None:
    model = HubertModel.from_pretrained(upstream)
    model.save_pretrained(tmp_path)
    save_file({NAME: torch.ones(2, 2)}, tmp_path / "model.zzz.safetensors")
    save_file({NAME: torch.ones(2, 2)}, tmp_path / "adapter_model.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(
        '{"weight_map": {"x": "absent.safetensors"}}'
    )
    assert torch.equal(load_weights(tmp_path)[NAME], model.state_dict()[NAME])


def test_a_directory_that_lacks_its_last_layer(upstream: Path, tmp_path: Path) -> None:
    model = HubertModel.from_pretrained(upstream)
    model.save_pretrained(tmp_path)
    names = list(load_weights(tmp_path))
    check_depth(tmp_path, names)
    last = f"encoder.layers.{model.config.num_hidden_layers - 1}."
    with pytest.raises(
        UserError, match=r"expected 2 layers, as its config\.json has it, found 1 in its weights"
    ):
        check_depth(tmp_path, [name for name in names if not name.startswith(last)])


@pytest.mark.parametrize("save", [safetensors, shards, pickled])
def test_a_changed_copy_has_no_weights_of_the_model_before(
    upstream: Path, tmp_path: Path, save: Callable[[Path, HubertModel], Path]
) -> None:
    source = save(tmp_path / "source", HubertModel.from_pretrained(upstream))
    own = {file.name for file in source.iterdir()}
    if save is not pickled:
        (source / "pytorch_model.bin").write_bytes(b"of PyTorch's")
    for name in ("tf_model.h5", "flax_model.msgpack"):
        (source / name).write_bytes(b"the same weights")
    for name in ("vocab.json", "adapter.deu.safetensors"):
        (source / name).write_bytes(b"{}")
    copy_changed(source, tmp_path / "copy", halve)
    left = {file.name for file in (tmp_path / "copy").iterdir()}
    assert left == own | {"vocab.json", "adapter.deu.safetensors"}
