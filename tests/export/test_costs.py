"""Exports measured: bytes, milliseconds and errors of each file, on the whole test set."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.bin import measure_exports
from parp_espnet.errors import UserError
from parp_espnet.espnet.found import find_model
from parp_espnet.export.costs import EXPORTS, Measured, measure, measured_of, read_measured
from parp_espnet.export.formats import export
from parp_espnet.export.trained import load_trained
from parp_espnet.pruning.pool import find_pool
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import prune_
from parp_espnet.scoring.result import Result


@pytest.fixture
def experiment(tested: Path, tones: Path, tmp_path: Path) -> Path:
    """A complete experiment, with its test set where recipes have it."""
    place = tmp_path / "recipe/exp/tones"
    shutil.copytree(tested, place, symlinks=True)
    (tmp_path / "recipe/dump/raw").mkdir(parents=True)
    (tmp_path / "recipe/dump/raw/test").symlink_to(tones)
    return place


def test_each_file_is_measured_on_the_whole_test_set(experiment: Path) -> None:
    result = Result.read(experiment / "result.json")
    found = {one.name: one for one in measure(experiment, ["bundle", "sparse", "onnx"])}
    assert {"bundle fp32", "sparse fp16", "onnx fp32", "onnx fp16"} <= found.keys()
    for one in found.values():
        assert one.utterances == 8
        assert one.milliseconds > 0
        assert one.processor
        assert one.error_rate == 0  # this model knows its tones by heart
    assert found["onnx fp16"].bytes < found["onnx fp32"].bytes
    assert found["sparse fp16"].bytes < 0.5 * found["bundle fp32"].bytes
    assert read_measured(experiment / EXPORTS) == list(found.values())
    # Nothing but the account of it is left.
    assert Result.read(experiment / "result.json") == result
    left = {path.name for path in experiment.iterdir()}
    assert not {"onnx", "sparse", "bundle", "exports"} & left


def test_whole_units_are_measured_without_them(experiment: Path, tmp_path: Path) -> None:
    whole = {one.name: one.bytes for one in measure(experiment, ["bundle", "sparse"])}
    prune_units(experiment)
    found = {one.name: one.bytes for one in measure(experiment, ["bundle", "sparse"])}
    assert found["bundle fp32"] < 0.85 * whole["bundle fp32"]
    # A stock class has no fewer heads: there they are zeros.
    assert found["sparse fp16"] < whole["sparse fp16"]
    told = json.loads((experiment / EXPORTS).read_text())
    assert told["cut"] is True
    assert [one.format for one in read_measured(experiment / EXPORTS)] == ["bundle", "sparse"]
    # So a card says it, and no other.
    export(load_trained(experiment), tmp_path / "card", ["s3prl"])
    card = (tmp_path / "card/README.md").read_text()
    assert ", without the units that are pruned where a format can hold what is left:" in card
    # What was measured by an older version, with all of its units, is measured again.
    del told["cut"]
    told["files"][0]["bytes"] = 1
    (experiment / EXPORTS).write_text(json.dumps(told))
    assert measure(experiment, ["bundle", "sparse"])[0].bytes == found["bundle fp32"]


def prune_units(experiment: Path) -> None:
    """Make an experiment one of whole units, by hand."""
    config = experiment / "config.yaml"
    options = yaml.safe_load(config.read_text())
    options["prune_conf"]["pattern"] = "units"
    config.write_text(yaml.safe_dump(options))
    path = find_model(experiment)
    states = torch.load(path, weights_only=True)
    pool = find_pool(states)
    prune_(pool, 0.5, Ranking(pattern="units", heads=4))
    torch.save(states, path)
    sparsity = 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())
    training = json.loads((experiment / "training.json").read_text())
    training["sparsity_measured"] = sparsity
    (experiment / "training.json").write_text(json.dumps(training))
    result = Result.read(experiment / "result.json")
    options_of_result = {**(result.options or {}), "scope": "units"}
    changed = replace(result, sparsity_measured=sparsity, options=options_of_result)
    changed.write(experiment / "result.json")


def test_what_was_measured_is_not_measured_again(experiment: Path) -> None:
    first = measure(experiment, ["bundle"])
    path = experiment / EXPORTS
    told = json.loads(path.read_text())
    told["files"][0]["milliseconds"] = 12345.0
    path.write_text(json.dumps(told))
    assert measure(experiment, ["bundle"])[0].milliseconds == 12345.0
    # Another result is another model.
    result = Result.read(experiment / "result.json")
    (experiment / "result.json").write_text(json.dumps(result.as_json() | {"updates": 7}))
    (again,) = measure(experiment, ["bundle"])
    assert again.milliseconds != 12345.0
    assert again.bytes == first[0].bytes


def test_a_later_card_has_what_was_measured(experiment: Path, tmp_path: Path) -> None:
    (measured,) = measure(experiment, ["bundle"])
    line = f"| bundle fp32 | {measured.bytes / 1e6:.2f} | {measured.milliseconds:.1f} | 0.0000 |"
    export(load_trained(experiment), tmp_path / "first", ["s3prl"])
    card = (tmp_path / "first/README.md").read_text()
    assert line in card
    assert "without the units" not in card
    assert measured_of(experiment) == [measured]
    # What is of another result is nobody's.
    told = Result.read(experiment / "result.json").as_json() | {"updates": 7}
    (experiment / "result.json").write_text(json.dumps(told))
    assert measured_of(experiment) == []
    export(load_trained(experiment), tmp_path / "second", ["s3prl"])
    assert "bundle fp32" not in (tmp_path / "second/README.md").read_text()


def test_the_command_says_what_it_found(
    experiment: Path, run_command: Callable[..., tuple[object, str, str]]
) -> None:
    code, said, error = run_command(measure_exports.main, experiment, "--to", "sparse")
    assert (code, error) == (0, "")
    assert said.startswith("sparse fp16: ")
    assert "0.00 % errors" in said


def test_without_its_test_set_one_line_says_so(experiment: Path) -> None:
    (experiment.parents[1] / "dump/raw/test").unlink()
    with pytest.raises(UserError, match="expected the test set that it was decoded on"):
        measure(experiment, ["bundle"])
    assert not (experiment / EXPORTS).exists()


@pytest.mark.parametrize("content", ["[]", '{"format": 2}', '{"format": 1, "files": [{}]}'])
def test_a_damaged_account_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / EXPORTS
    path.write_text(content)
    with pytest.raises(UserError, match="expected what a study measures of exports"):
        read_measured(path)


def test_a_file_is_called_by_format_and_precision() -> None:
    assert Measured("onnx", "int8", 1, 1.0, 0.1, 1, "a Xeon").name == "onnx int8"
