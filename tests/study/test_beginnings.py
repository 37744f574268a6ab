"""What a study begins with, from elsewhere: it is read without, and begins with all of it alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study.beginnings import check_beginnings
from parp_espnet.study.plan import Study
from parp_espnet.study.shell import print_plan

QUICK = ROOT / "conf/study/quick.yaml"
LEARNS = {
    "raw_speech": {"method": "mpi", "sparsity": 0.6, "score": "activation"},
    "unlabelled": {"method": "dense"},
}


@pytest.fixture
def study_of(tmp_path: Path) -> Callable[[str, Any], Path]:
    """A study whose arm `wanda` learns from a folder, by one of the options."""

    def write(option: str, folder: object) -> Path:
        path = tmp_path / "grid.yaml"
        arms = {"wanda": LEARNS[option] | {option: str(folder)}, "dense": {"method": "dense"}}
        path.write_text(yaml.safe_dump(yaml.safe_load(QUICK.read_text()) | {"arms": arms}))
        return path

    return write


@pytest.mark.parametrize("option", LEARNS)
def test_a_folder_that_is_missing(
    option: str,
    study_of: Callable[[str, Any], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = study_of(option, tmp_path / "gone")
    assert len(Study.read(study).experiments) == 4
    print_plan(["--profile", str(study), "--dry_run", "true"])
    for stages in (("1", "2"), ("5", "5")):
        print_plan(["--profile", str(study), "--stage", stages[0], "--stop_stage", stages[1]])
    capsys.readouterr()
    for words in ([], ["--stage", "3"], ["--stage", "4"]):
        with pytest.raises(UserError) as refused:
            print_plan(["--profile", str(study), *words])
        assert str(refused.value) == (
            f"{study}: arm wanda: {option} {tmp_path / 'gone'}: expected a directory of "
            f"recordings, found nothing"
        )
        assert not capsys.readouterr().out


@pytest.mark.parametrize("option", LEARNS)
def test_a_folder_of_recordings(
    option: str, study_of: Callable[[str, Any], Path], tones: Path
) -> None:
    study = study_of(option, tones)
    plan = Study.read(study)
    check_beginnings(plan, plan.experiments, study)


def test_the_study_prepares_them_itself(study_of: Callable[[str, Any], Path]) -> None:
    """Its languages' training sets are there when it trains; another language's may never be."""
    own = Study.read(study_of("raw_speech", "egs2/cldr/es/data/train_10min/never_there"))
    check_beginnings(own, own.experiments, "own")
    other = Study.read(study_of("raw_speech", "egs2/cldr/it/data/train_10min/never_there"))
    with pytest.raises(UserError, match=r"raw_speech egs2/cldr/it/data/train_10min/never_there: "):
        check_beginnings(other, other.experiments, "other")


MODELS = {
    "initial_mask": ({"method": "transfer", "sparsity": 0.6}, "a mask"),
    "teacher": ({"method": "mpi", "sparsity": 0.6}, "an experiment"),
    "upstream": ({"method": "dense"}, "an upstream"),
    "labels_of": (
        {"method": "dense", "unlabelled": "egs2/cldr/es/data/train_10min/wav"},
        "a model",
    ),
    "align_with": ({"method": "dense"}, "a model"),
}


@pytest.fixture
def arm_of(tmp_path: Path) -> Callable[..., Path]:
    """A study of Spanish: dense, then the arm `second`."""

    def write(**options: object) -> Path:
        study = yaml.safe_load(QUICK.read_text())
        study["recipes"] = {"es": "egs2/cldr/es"}
        study["arms"] = {"dense": {"method": "dense"}, "second": options}
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump(study))
        return path

    return write


@pytest.mark.parametrize("option", MODELS)
def test_a_model_that_is_missing(
    option: str,
    arm_of: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A study with it is read, and refused before a stage runs; what is there, or may be by then,
    is taken.
    """
    needed, what = MODELS[option]
    gone = tmp_path / "gone"
    study = arm_of(**needed, **{option: str(gone)})
    assert len(Study.read(study).experiments) == 2
    print_plan(["--profile", str(study), "--dry_run", "true"])
    print_plan(["--profile", str(study), "--stage", "5"])
    capsys.readouterr()
    with pytest.raises(UserError) as refused:
        print_plan(["--profile", str(study)])
    assert str(refused.value) == (
        f"{study}: arm second: {option} {gone}: expected {what}, found no such file or directory"
    )
    assert not capsys.readouterr().out


@pytest.mark.parametrize("option", MODELS)
def test_an_experiment_of_the_study_makes_it(option: str, arm_of: Callable[..., Path]) -> None:
    needed, _ = MODELS[option]
    made = ROOT / "egs2/cldr/es/exp/phn_dense_multi_train_10min_u150_seed0"
    if option == "initial_mask":
        made /= "mask.safetensors"
    study = Study.read(arm_of(**needed, **{option: str(made)}))
    check_beginnings(study, study.experiments, "own")
