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


DENSE = "egs2/cldr/es/exp/phn_dense_multi_train_10min_u150_seed0"


@pytest.mark.parametrize("option", [name for name in MODELS if name != "align_with"])
@pytest.mark.parametrize("root", [ROOT, Path()])
def test_an_experiment_of_the_study_makes_it(
    option: str, root: Path, arm_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for, and no data are prepared with it, which are made before."""
    monkeypatch.chdir(ROOT)
    needed, _ = MODELS[option]
    made = root / DENSE
    if option == "initial_mask":
        made /= "mask.safetensors"
    path = arm_of(**needed, **{option: str(made)})
    study = Study.read(path)
    check_beginnings(study, study.experiments, "own")
    assert [[one.arm for one in wave] for wave in study.waves()] == [["dense"], ["second"]]
    assert len(study.preparations()) == (2 if option == "upstream" else 1)
    assert not any(DENSE in word for words in study.preparations() for word in words)
    # Wherever its arm stands in the file.
    content = yaml.safe_load(path.read_text())
    content["arms"] = {name: content["arms"][name] for name in ("second", "dense")}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    turned = Study.read(path).waves()
    assert [[one.arm for one in wave] for wave in turned] == [["dense"], ["second"]]


def test_data_are_cut_before_any_experiment(arm_of: Callable[..., Path]) -> None:
    """What aligns them can be no experiment of the study, unless it is complete."""
    study = Study.read(arm_of(method="dense", align_with=str(ROOT / DENSE)))
    with pytest.raises(UserError, match=f"own: arm second: align_with {DENSE}: expected a model "):
        check_beginnings(study, study.experiments, "own")


def test_what_an_experiment_makes_beside_is_not_waited_for(arm_of: Callable[..., Path]) -> None:
    """OMP's dense model, say, unless it is an arm."""
    path = arm_of(method="mpi", sparsity=0.6, teacher=str(ROOT / DENSE))
    content = yaml.safe_load(path.read_text())
    content["arms"]["dense"] = {"method": "omp", "sparsity": 0.6}
    path.write_text(yaml.safe_dump(content))
    study = Study.read(path)
    with pytest.raises(UserError, match=f"own: arm second: teacher {DENSE}: expected an exper"):
        check_beginnings(study, study.experiments, "own")
