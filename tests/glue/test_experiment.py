"""What a finetuning of a text model has read of that model."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.glue import experiment
from parp_espnet.glue.experiment import TextExperiment
from parp_espnet.glue.settings import STAGES, Settings
from parp_espnet.glue.stages import TEXT
from parp_espnet.pipeline.acts import LOCAL, Queues, stages_of
from parp_espnet.pipeline.step import Step


def read_of(settings: Settings, label: str) -> list[set[str]]:
    """The names of the model's files that each step of a stage has read, those that read any."""
    queues = Queues(LOCAL, "", "", "", "")
    planned = TextExperiment(settings, queues, stages_of(STAGES, TEXT))
    files = {path.name for path in planned.weights}
    steps = [act for act in planned.acts() if isinstance(act, Step) and label in act.label]
    read = [{path.name for path in step.inputs} & files for step in steps]
    return [names for names in read if names]


@pytest.mark.parametrize("label", ["model", "train"])
@pytest.mark.parametrize("model", ["xlnet", "folder"])
def test_a_step_reads_the_models_files_by_whatever_name_it_is_called(
    settings_of: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    model: str,
    label: str,
) -> None:
    monkeypatch.setattr(experiment, "OWN", tmp_path)
    for name in ("config.json", "model.safetensors", "tokenizer.json", ".hidden.json", "log.tsv"):
        (tmp_path / name).write_text("{}")
    called = model if model == "xlnet" else str(tmp_path)
    settings = replace(settings_of("--method", "mpi"), model=called)
    assert {"config.json", "model.safetensors", "tokenizer.json"} in read_of(settings, label)


@pytest.mark.parametrize("model", ["minilm", "owner/model", "xlnet"])
def test_a_model_that_is_not_here_has_no_files(
    settings_of: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    model: str,
) -> None:
    monkeypatch.setattr(experiment, "OWN", tmp_path / "not yet")
    assert read_of(replace(settings_of("--method", "mpi"), model=model), "train") == []
