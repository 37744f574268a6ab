"""What a finetuning of a text model has read of that model."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.glue import experiment, stages
from parp_espnet.glue.command_line import read
from parp_espnet.glue.experiment import TextExperiment
from parp_espnet.glue.settings import STAGES, Settings
from parp_espnet.glue.stages import TEXT, make_sets, train
from parp_espnet.pipeline.acts import LOCAL, Command, Queues, stages_of
from parp_espnet.pipeline.running import run
from parp_espnet.pipeline.step import Step, overdue, state


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


@pytest.mark.parametrize("is_there", [True, False])
def test_xlnet_is_pretrained_where_it_is_not_there(
    settings_of: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    is_there: bool,
) -> None:
    """A study of it stopped, and said what to run before."""
    own = tmp_path / "xlnet1/model"
    own.mkdir(parents=True)
    if is_there:
        (own / "pretraining.json").write_text("{}")
    monkeypatch.setattr(stages, "OWN", own)
    settings = replace(settings_of("--method", "mpi"), model="xlnet")
    planned = TextExperiment(settings, Queues(LOCAL, "", "", "", ""), stages_of(STAGES, TEXT))
    first, *_ = stages.look_at_model(planned, "stage 2 (model)")
    assert isinstance(first, Step) == is_there
    if isinstance(first, Command):
        assert Path(first.words[0]) == own.parent / "run.sh"


def sets_of(settings: Settings) -> Step:
    """The step of stage 1."""
    planned = TextExperiment(settings, Queues(LOCAL, "", "", "", ""), stages_of(STAGES, TEXT))
    (step,) = make_sets(planned, "stage 1 (data)")
    assert isinstance(step, Step)
    return step


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe's directory without data, which is where we are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


TASKS_OF_ONE_RECIPE = ("cldr_same", "cldr_order")


def text_of(recipe: Path, task: str, *words: str) -> Settings:
    return read(["--recipe", str(recipe), "--task", task, "--train_examples", "9", *words])


def test_another_tasks_sets_are_not_taken_for_ones_own(recipe: Path) -> None:
    first, other = (sets_of(text_of(recipe, task)) for task in TASKS_OF_ONE_RECIPE)
    run(first)
    left = Path("data/train_x9.tsv").read_text()
    other = sets_of(text_of(recipe, "cldr_order"))
    assert state(other) == "again, since cldr_same is now cldr_order"
    run(other)
    assert Path("data/train_x9.tsv").read_text() != left
    again = sets_of(text_of(recipe, "cldr_same"))
    assert overdue(again) == "cldr_order is now cldr_same"
    run(again)
    assert Path("data/train_x9.tsv").read_text() == left
    assert state(sets_of(text_of(recipe, "cldr_same"))) == "complete"


def test_of_records_of_before_the_newest_is_of_the_sets(recipe: Path) -> None:
    for task, age in (("cldr_same", 9), ("cldr_order", 0)):
        step = replace(sets_of(text_of(recipe, task)), record=Path(f"data/.steps/{task}.json"))
        run(step)
        then = step.record.stat().st_mtime - age
        os.utime(step.record, (then, then))
    assert state(sets_of(text_of(recipe, "cldr_order"))) == "complete"
    same = state(sets_of(text_of(recipe, "cldr_same")))
    assert same == "again, since cldr_order is now cldr_same"


def test_edited_sets_are_kept_before_those_of_another_task_are_made(recipe: Path) -> None:
    run(sets_of(text_of(recipe, "cldr_same")))
    Path("data/valid.tsv").write_text("mine")
    run(sets_of(text_of(recipe, "cldr_order")))
    assert Path("data/valid.tsv.edited").read_text() == "mine"


def test_sets_made_by_hand_are_kept_before_those_of_a_task_are_made(recipe: Path) -> None:
    Path("data").mkdir()
    Path("data/test.tsv").write_text("mine")
    run(sets_of(text_of(recipe, "cldr_same")))
    assert Path("data/test.tsv").read_text() != "mine"
    assert Path("data/test.tsv.edited").read_text() == "mine"
    assert not Path("data/valid.tsv.edited").exists()


def test_trainings_of_other_sizes_have_files_of_their_own(recipe: Path) -> None:
    """Both may run at once: what is trained on does not change under a training."""
    assert text_of(recipe, "cldr_same").sets == ["train_x9", "valid", "test"]
    assert read(["--recipe", str(recipe), "--task", "cldr_same"]).sets[0] == "train"
    run(sets_of(text_of(recipe, "cldr_same")))
    left = Path("data/train_x9.tsv").read_bytes()
    run(sets_of(text_of(recipe, "cldr_same", "--train_examples", "12")))
    assert Path("data/train_x9.tsv").read_bytes() == left
    assert len(Path("data/train_x12.tsv").read_text().splitlines()) == 13


def test_what_was_made_and_trained_on_under_the_name_of_before(recipe: Path) -> None:
    """The training set of any size was `data/train.tsv`: it is made again, and is the same."""
    run(sets_of(text_of(recipe, "cldr_same")))
    record = Path("data/.steps/cldr_same.json")
    Path("data/train_x9.tsv").rename("data/train.tsv")
    record.write_text(record.read_text().replace("train_x9.tsv", "train.tsv"))
    made = sets_of(text_of(recipe, "cldr_same"))
    assert state(made) == "again, since data/train_x9.tsv is not there"
    run(made)
    assert Path("data/train_x9.tsv").read_bytes() == Path("data/train.tsv").read_bytes()
    assert state(made) == "complete"


@pytest.mark.parametrize(("size", "then"), [("9", "train"), ("9", "train_x9"), ("12", "train")])
def test_a_training_on_the_name_of_before_is_complete_where_the_examples_are_the_same(
    recipe: Path, size: str, then: str
) -> None:
    """`data/train.tsv` was of the size that was made last."""
    (recipe / "model").mkdir()
    (recipe / "model/config.json").write_text("{}")
    (recipe / "model/model.safetensors").touch()
    settings = text_of(recipe, "cldr_same", "--method", "dense", "--model", str(recipe / "model"))
    run(sets_of(settings))
    run(sets_of(replace(settings, train_examples=int(size))))
    Path(f"data/train_x{size}.tsv").rename(f"data/{then}.tsv")
    planned = TextExperiment(settings, Queues(LOCAL, "", "", "", ""), stages_of(STAGES, TEXT))
    step = next(act for act in train(planned, "stage 4 (train)") if isinstance(act, Step))
    trained = replace(step, command=("true",), runner=(), outputs=(), log=None)
    before = replace(trained, inputs=(Path(f"data/{then}.tsv"), *trained.inputs[1:]))
    run(before)
    run(sets_of(settings))
    changed = "again, since data/train_x9.tsv has changed"
    assert state(trained) == ("complete" if size == "9" else changed)
