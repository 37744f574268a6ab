from pathlib import Path

import pytest

from parp_espnet.pipeline.shipped import SHIPPED
from parp_espnet.upstreams.starts import fault_of, files_of_experiment, is_experiment, lacks_head


def test_an_experiment_is_told_by_its_files(tmp_path: Path) -> None:
    assert not is_experiment(tmp_path)
    for name in ("config.yaml", "valid.loss.ave.pth", "3epoch.pth", "mask.safetensors"):
        (tmp_path / name).touch()
    assert is_experiment(tmp_path)
    assert is_experiment(tmp_path / "3epoch.pth")
    assert not is_experiment(tmp_path / "mask.safetensors")
    final = ["valid.loss.ave.pth", "config.yaml", "mask.safetensors"]
    assert [file.name for file in files_of_experiment(tmp_path)] == final
    assert files_of_experiment(tmp_path / "3epoch.pth")[0].name == "3epoch.pth"
    (tmp_path / "bundle.json").touch()
    assert not is_experiment(tmp_path)


def test_what_certainly_has_no_head(tmp_path: Path) -> None:
    assert lacks_head(SHIPPED / "multi")
    assert not lacks_head(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\0")
    assert lacks_head(tmp_path)
    assert lacks_head(tmp_path / "model.safetensors")
    (tmp_path / "pytorch_model.bin").touch()
    assert not lacks_head(tmp_path)


def test_what_cannot_be_an_upstream_is_told_by_its_files(tmp_path: Path) -> None:
    """Before torch is there, which an upstream is looked at with."""
    model = tmp_path / "3epoch.pth"
    for file in (model, tmp_path / "model.safetensors", tmp_path / "config.json"):
        file.touch()
    assert fault_of(tmp_path) == fault_of(model) == fault_of(tmp_path / "gone") == ""
    (tmp_path / "experiment.json").touch()
    assert fault_of(tmp_path).startswith("expected the directory of an experiment, found no config")
    assert fault_of(model).startswith("expected config.yaml beside it, found none")
    (tmp_path / "config.yaml").touch()
    assert fault_of(tmp_path).startswith("expected training.json, as a complete training leaves")
    assert fault_of(model) == ""
    (tmp_path / "training.json").touch()
    assert fault_of(tmp_path) == ""
    for name in ("config.yaml", "training.json", "model.safetensors"):
        said = fault_of(tmp_path / name)
        assert said.startswith(f"expected a directory, or a model file, found {name}; take the")
    assert fault_of(SHIPPED / "multi") == ""


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["recogniser.json", "model.onnx"], "--to onnx or openvino wrote"),
        (["recogniser.json", "model.xml", "model.bin"], "--to onnx or openvino wrote"),
        (["config.json", "model.sparse.safetensors", "mask.safetensors"], "--to sparse wrote"),
        (["model.zip"], "--to espnet wrote"),
        (["es.pack", "README.md"], "--to pack wrote"),
        # What others leave is looked at where models are.
        (["config.json", "model.safetensors", "model.onnx"], ""),
        (["config.json", "model-00001-of-00002.safetensors", "model.zip"], ""),
        (["config.json", "pytorch_model.bin", "recogniser.json"], ""),
        (["config.json"], ""),
    ],
)
def test_what_was_exported_and_is_no_start(tmp_path: Path, names: list[str], told: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    said = fault_of(tmp_path)
    assert told in said
    assert bool(said) == bool(told)


def test_a_language_pack_is_no_start(tmp_path: Path) -> None:
    (tmp_path / "es.pack").touch()
    assert "found a language pack, es.pack; take the experiment" in fault_of(tmp_path / "es.pack")
