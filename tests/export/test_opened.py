"""Which reader a model gets, and what none of them takes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.bin import export as command
from parp_espnet.errors import UserError
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.export.formats import FORMATS
from parp_espnet.export.opened import open_model
from parp_espnet.export.recogniser import PlainRecogniser
from parp_espnet.upstreams.starts import RECOGNISER

HEAD = "ctc.ctc_lo.bias"


@pytest.fixture
def changed(learned: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of an experiment whose model is changed by a function."""

    def make(change: Callable[[dict[str, torch.Tensor]], object]) -> Path:
        experiment = tmp_path / "exp"
        shutil.copytree(learned, experiment)
        model = experiment / "valid.loss.ave.pth"
        states = torch.load(model, weights_only=True)
        change(states)
        torch.save(states, model)
        return experiment

    return make


def other_tokens(states: dict[str, torch.Tensor]) -> None:
    for name in (HEAD, "ctc.ctc_lo.weight"):
        states[name] = torch.cat([states[name], states[name][:2]])


def other_layers(states: dict[str, torch.Tensor]) -> None:
    """A wider first convolution, which is not pruned."""
    name = next(name for name in states if name.endswith("conv_layers.0.conv.weight"))
    states[name] = torch.cat([states[name], states[name]])


def test_the_model_of_another_experiment(
    changed: Callable[..., Path],
    tmp_path: Path,
    tones: Path,
    run_command: Callable[..., tuple[object, str, str]],
) -> None:
    """Whatever it is to become, one line says so, and nothing is left."""
    experiment = changed(other_tokens)
    said = "expected a head of 7 tokens, which config.yaml names, found 9: it is the model of"
    with pytest.raises(UserError, match=said):
        open_model(experiment)
    shutil.rmtree(experiment)
    experiment = changed(other_layers)
    said = "does not fit its configuration (size mismatch for hubert.feature_extractor"
    with pytest.raises(UserError) as refused:
        open_model(experiment)
    assert said in str(refused.value)
    for form in FORMATS:
        code, out, error = run_command(command.main, experiment, tmp_path / "out", "--to", form)
        assert (code, out) == (2, "")
        (line,) = error.splitlines()
        assert said in line
    assert list(tmp_path.iterdir()) == [experiment]


def test_what_only_espnet_reads_is_said(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = tmp_path / "exp"
    shutil.copytree(learned, experiment)
    recogniser, _ = open_model(experiment)
    assert isinstance(recogniser, PlainRecogniser)
    assert capsys.readouterr().err == ""
    config = yaml.safe_load((experiment / "config.yaml").read_text())
    config["frontend_conf"]["multilayer_feature"] = True
    (experiment / "config.yaml").write_text(yaml.safe_dump(config))
    recogniser, tuned = open_model(experiment)
    assert isinstance(recogniser, Recogniser)
    assert tuned == ()
    lines = capsys.readouterr().err.splitlines()
    expected = f"{experiment} is read by ESPnet: {experiment}/config.yaml: multilayer_feature: "
    assert [line for line in lines if line.startswith(expected)]
    # Nor can ESPnet.
    (experiment / "valid.loss.ave.pth").unlink()
    with pytest.raises(UserError, match=r"multilayer_feature: .*; nor does ESPnet read it") as said:
        open_model(experiment)
    assert "\n" not in str(said.value)


def test_what_only_espnet_reads_is_searched_as_it_was_tuned(tuned: Path, tmp_path: Path) -> None:
    experiment = tmp_path / "exp"
    shutil.copytree(tuned, experiment, symlinks=True)
    config = yaml.safe_load((experiment / "config.yaml").read_text())
    config["frontend_conf"]["multilayer_feature"] = True
    (experiment / "config.yaml").write_text(yaml.safe_dump(config))
    recogniser, found = open_model(experiment)
    assert isinstance(recogniser, Recogniser)
    assert [one.name for one in found] == ["decode_beam4_ngram2"]
    assert open_model(experiment, searched=False)[1] == ()


def test_a_changed_model_is_no_reason_for_another_reader(changed: Callable[..., Path]) -> None:
    def denser(states: dict[str, torch.Tensor]) -> None:
        name = next(name for name in states if name.endswith("intermediate_dense.weight"))
        states[name][states[name] == 0] = 1e-3

    with pytest.raises(UserError, match="the model was changed since"):
        open_model(changed(denser))


def test_a_directory_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"expected an experiment \(training.json\), a bundle"):
        open_model(tmp_path)
    (tmp_path / RECOGNISER).write_text("{}")
    with pytest.raises(UserError, match="export it again"):
        open_model(tmp_path)
