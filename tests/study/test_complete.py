from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.files import write_json
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.record import FORMAT
from parp_espnet.scoring.result import UNPACKED, Result
from parp_espnet.study import complete, shell, state
from parp_espnet.study.complete import models_needed
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.plan import Study
from parp_espnet.study.state import State, standings

STUDY = """
recipes: {es: egs2/cldr/es, tr: egs2/cldr/tr}
options: {updates: 150}
arms:
    first: {method: dense, languages: [es]}
    ranked: {method: omp, sparsity: 0.8, languages: [es]}
    onwards: {method: dense, languages: [tr], upstream_of: {arm: first, language: es}}
    again: {method: dense, languages: [es], upstream_of: {arm: onwards, language: tr}}
    heard: {method: dense, languages: [es], updates: 0, upstream_of: {arm: first, language: es}}
    alone: {method: mpi, sparsity: 0.8, languages: [es]}
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Experiments that go on from each other, looked for in a folder of our own."""
    for module in (complete, state):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return Study.read(path)


@pytest.fixture
def put(tmp_path: Path, make_result: Callable[..., Result]) -> Callable[..., None]:
    """Leaves a result of an experiment, as `parp-study unpack` does unless it `ran_here`, which
    leaves its model, too.
    """

    def put(experiment: Experiment, ran_here: bool = False) -> None:
        make_result(updates=150).write(tmp_path / experiment.result)
        if ran_here:
            (tmp_path / experiment.directory / MODEL).write_bytes(b"a model")
        else:
            write_json(tmp_path / experiment.directory / UNPACKED, {})

    return put


def named(study: Study, *arms: str) -> set[Path]:
    return {one.directory for one in study.experiments if one.arm in arms}


@pytest.mark.parametrize(
    ("left", "needed"),
    [
        (["alone"], []),
        (["heard"], ["first"]),
        (["ranked"], ["first"]),
        (["onwards"], ["first"]),
        # What goes on from another needs that one's model, too.
        (["again"], ["onwards", "first"]),
        (["again", "onwards"], ["first"]),
        ([], []),
    ],
)
def test_models_that_are_elsewhere_are_needed_by_what_is_left(
    study: Study, put: Callable[..., None], tmp_path: Path, left: list[str], needed: list[str]
) -> None:
    for experiment in study.experiments:
        if experiment.arm not in left:
            put(experiment)
    done = complete.done_directories(study)
    assert models_needed(study, done) == named(study, *needed)
    # Their updates are left, too.
    found = standings(study, tmp_path / "log")
    again = {one.experiment.directory for one in found if one.state is State.LEFT}
    assert again == named(study, *left, *needed)


def test_a_model_that_is_here_is_not_trained_again(study: Study, put: Callable[..., None]) -> None:
    for experiment in study.experiments:
        if experiment.arm != "again":
            put(experiment, ran_here=True)
    done = complete.done_directories(study)
    assert models_needed(study, done) == set()


@pytest.mark.parametrize(
    ("left", "needed"),
    [
        (["alone"], []),
        (["heard"], ["first"]),
        # The recipe makes it by itself.
        (["ranked"], []),
        (["onwards"], ["first"]),
        (["again"], ["onwards", "first"]),
        ([], []),
    ],
)
def test_a_model_that_was_removed_is_trained_again(
    study: Study, put: Callable[..., None], tmp_path: Path, left: list[str], needed: list[str]
) -> None:
    """To make room, say; where nobody needs it, its experiment is complete."""
    for experiment in study.experiments:
        if experiment.arm not in left:
            put(experiment, ran_here=True)
            # As ESPnet leaves it, a link to an epoch's.
            model = tmp_path / experiment.directory / MODEL
            model.unlink()
            model.symlink_to("5epoch.pth")
    done = complete.done_directories(study)
    assert models_needed(study, done) == named(study, *needed)
    found = standings(study, tmp_path / "log")
    again = {one.experiment.directory for one in found if one.state is State.LEFT}
    assert again == named(study, *left, *needed)


@pytest.mark.parametrize("ran_here", [False, True])
def test_a_wave_that_was_complete_begins_again_for_a_model(
    study: Study,
    put: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ran_here: bool,
) -> None:
    """Of what a wave's step looks for: all skipped it, since nobody needed the model then."""
    (first,) = (one for one in study.experiments if one.arm == "first")

    def looked_for() -> list[str]:
        shell.print_plan(["--profile", str(tmp_path / "study.yaml")])
        lines = capsys.readouterr().out.splitlines()
        (words,) = (line for line in lines if line.startswith("results_1="))
        return words.removeprefix("results_1=(").removesuffix(")").split()

    for experiment in study.experiments:
        put(experiment, ran_here)
        (tmp_path / experiment.directory / MODEL).unlink(missing_ok=True)
    assert looked_for() == [str(first.result)]
    for experiment in study.experiments:
        if experiment.arm == "onwards":
            (tmp_path / experiment.result).unlink()
    assert looked_for() == [str(first.result), str(first.directory / MODEL)]


def test_a_bar_counts_nothing_of_what_is_skipped(
    study: Study,
    put: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for experiment in study.experiments:
        if experiment.arm not in ("ranked", "alone"):
            put(experiment)
    shell.print_plan(["--profile", str(tmp_path / "study.yaml")])
    totals = [line for line in capsys.readouterr().out.splitlines() if line[:8] == "updates_"]
    # The dense model, for the mask that OMP begins with, and the two that prune.
    assert totals[:2] == ["updates_1=150", "updates_2=300"]
    assert all(total.endswith("=0") for total in totals[2:])


def begun_here(root: Path, experiment: Experiment) -> None:
    """Leaves what a run had begun, of which a file has other contents since."""
    mask = root / "mask.safetensors"
    mask.write_text("ours")
    record = root / experiment.directory / ".steps/train.json"
    write_json(
        record,
        {
            "command": ["train"],
            "inputs": {str(mask): "mask of before"},
            "complete": True,
            "format": FORMAT,
        },
    )


@pytest.mark.parametrize("arm", ["alone", "first", "ranked", "again"])
def test_what_had_begun_here_is_done_once_it_is_unpacked(
    study: Study, put: Callable[..., None], tmp_path: Path, arm: str
) -> None:
    """A mask of another machine differs in its last bits from that of a run which ended early."""
    for experiment in study.experiments:
        put(experiment)
        if experiment.arm == arm:
            begun_here(tmp_path, experiment)
    found = standings(study, tmp_path / "log")
    assert {one.state for one in found} == {State.DONE}


def test_what_is_measured_here_was_not_unpacked(
    study: Study, put: Callable[..., None], make_result: Callable[..., Result], tmp_path: Path
) -> None:
    (alone,) = (one for one in study.experiments if one.arm == "alone")
    put(alone)
    assert complete.is_unpacked(alone)
    begun_here(tmp_path, alone)
    # By its recipe, say, without the study.
    make_result(updates=150).write(tmp_path / alone.result)
    assert not complete.is_unpacked(alone)
    assert not complete.is_done(alone)


def test_the_model_of_a_text_is_looked_for_where_it_is(tmp_path: Path) -> None:
    """Of which a wave's step wants that it is there: that of speech never was."""
    path = tmp_path / "study.yaml"
    recipes = "recipes: {same: egs2/glue/cldr_same}"
    path.write_text(f"{recipes}\noptions: {{}}\narms: {{dense: {{method: dense}}}}\n")
    (experiment,) = Study.read(path).experiments
    assert experiment.model == experiment.directory / "model/model.safetensors"
