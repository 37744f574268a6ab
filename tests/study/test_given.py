"""Which experiments of a study wait for which others, however their paths are written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from parp_espnet.bin.study import KEPT, _study_of
from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study.plan import Study

OPTIONS = {"train_minutes": 10, "updates": 150}
EXP = "egs2/cldr/es/exp"
OMP = {"method": "omp", "sparsity": 0.6}


@pytest.fixture
def study_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Study]:
    """A study of Spanish with these arms, read from the project's directory."""
    monkeypatch.chdir(ROOT)

    def read(**arms: dict[str, Any]) -> Study:
        study = {"recipes": {"es": "egs2/cldr/es"}, "options": OPTIONS, "arms": arms}
        path = tmp_path / "grid.yaml"
        path.write_text(yaml.safe_dump(study, sort_keys=False))
        return Study.read(path)

    return read


def arms_of(study: Study) -> list[list[str]]:
    return [[one.arm for one in wave] for wave in study.waves()]


@pytest.mark.parametrize("expdir", [str(ROOT / EXP), "../es/exp", "./exp/", "exp/of/../../exp"])
def test_experiments_are_the_same_however_their_folder_is_called(
    expdir: str, study_of: Callable[..., Study]
) -> None:
    study = study_of(dense={"method": "dense"}, omp=OMP | {"expdir": expdir})
    dense, omp = study.experiments
    assert omp.directory.parent == Path(EXP)
    assert omp.needs == (dense.directory,)
    assert arms_of(study) == [["dense"], ["omp"]]
    assert study.masks_of(dense) == [omp]
    with pytest.raises(UserError, match="arms dense and again: the same experiment twice, "):
        study_of(dense={"method": "dense"}, again={"method": "dense", "expdir": expdir})


def test_a_folder_behind_a_link_is_the_same(study_of: Callable[..., Study], tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    study = study_of(
        dense={"method": "dense", "expdir": str(folder)}, omp=OMP | {"expdir": str(link)}
    )
    dense, omp = study.experiments
    assert omp.needs == (dense.directory,)
    assert arms_of(study) == [["dense"], ["omp"]]
    assert study.masks_of(dense) == [omp]


@pytest.mark.parametrize(
    ("teachers", "waiting"),
    [
        ({"own": "own"}, "arm own: .* it waits for arm own: "),
        ({"own": "other", "other": "own"}, "arm own: .* for arm other, which waits for arm own: "),
        (
            {"first": "own", "own": "other", "other": "third", "third": "own"},
            "arm own: .* arm other, which waits for arm third, which waits for arm own: ",
        ),
    ],
)
def test_experiments_that_wait_for_each_other(
    teachers: dict[str, str], waiting: str, study_of: Callable[..., Study]
) -> None:
    """Their names are given, since a teacher's is in those that are not."""
    arms = {}
    for name, teacher in teachers.items():
        arms[name] = {"method": "dense", "phn_tag": name, "teacher": f"{EXP}/{teacher}"}
    with pytest.raises(UserError, match=f"{waiting}{EXP}/own") as refused:
        study_of(dense={"method": "dense"}, **arms)
    assert "\n" not in str(refused.value)


def test_a_mask_that_the_study_combines_is_waited_for(study_of: Callable[..., Study]) -> None:
    """Wherever the arm stands that begins with it, beside that for which it is made."""
    combining = {"method": "transfer", "sparsity": 0.6}
    combining |= {"mask_of": {"arm": "omp", "combine": "union"}}
    made = study_of(omp=OMP, union=combining).experiments[1].combined
    assert made is not None
    later = {"method": "parp", "sparsity": 0.9, "initial_mask": str(made.path)}
    study = study_of(later=later, omp=OMP, union=combining)
    assert arms_of(study) == [["omp"], ["union"], ["later"]]


def test_a_mask_is_not_made_with_the_dense_model_before_its_teacher_is_there(
    study_of: Callable[..., Study],
) -> None:
    """OMP's options are refused until then, with which its mask would be made."""
    mpi = {"method": "mpi", "sparsity": 0.6}
    teacher = study_of(mpi=mpi).experiments[0].directory
    arms: dict[str, dict[str, Any]] = {
        "dense": {"method": "dense"},
        "mpi": mpi,
        "omp": OMP | {"teacher": str(teacher)},
        "masked": {"method": "parp", "sparsity": 0.6, "mask_of": {"arm": "omp"}},
    }
    study = study_of(**arms)
    assert arms_of(study) == [["dense"], ["mpi"], ["omp"], ["masked"]]
    assert study.masks_of(study.experiments[0]) == []
    # One that is elsewhere is there.
    arms["omp"]["teacher"] = "egs2/cldr/tr/exp/model"
    study = study_of(**arms)
    assert arms_of(study) == [["dense"], ["mpi", "omp", "masked"]]
    assert [one.arm for one in study.masks_of(study.experiments[0])] == ["omp"]


@pytest.mark.parametrize("option", ["upstream", "teacher"])
@pytest.mark.parametrize("written", ["exp", "./exp", EXP, f"./{EXP}", "../es/exp"])
def test_a_model_is_the_same_however_it_is_called(
    option: str, written: str, study_of: Callable[..., Study]
) -> None:
    """As the project's directory sees it, or as the recipe does."""
    tag = study_of(dense={"method": "dense"}).experiments[0].directory.name
    second = {"method": "dense", "updates": 100}
    study = study_of(dense={"method": "dense"}, second=second | {option: f"{written}/{tag}"})
    dense, learner = study.experiments
    assert learner.models == (dense.directory,)
    expected = second | {option: str(ROOT / dense.directory)}
    assert learner.directory == study_of(second=expected).experiments[0].directory
    assert not any(tag in word for words in study.preparations() for word in words)


def test_an_option_is_the_same_with_either_dash(study_of: Callable[..., Study]) -> None:
    """Data are prepared once, without what a model learns from."""
    mask = "elsewhere/mask.safetensors"
    arms: dict[str, dict[str, Any]] = {
        "dense": {"method": "dense", "train-minutes": 10},
        "labelled": {"method": "dense", "labels-of": "gone", "unlabelled": "speech"},
        "masked": {"method": "parp", "sparsity": 0.6, "initial-mask": mask, "prune-biases": False},
    }
    study = study_of(**arms)
    assert len(study.preparations()) == 1
    under = {}
    for arm, options in arms.items():
        under[arm] = {name.replace("-", "_"): value for name, value in options.items()}
    assert study == study_of(**under)


@pytest.mark.parametrize("name", ["initial_mask", "initial-mask"])
def test_a_mask_of_an_arm_and_one_of_a_file(name: str, study_of: Callable[..., Study]) -> None:
    """The file was never looked at."""
    masked = {"method": "parp", "sparsity": 0.6, "mask_of": {"arm": "omp"}, name: "mask"}
    with pytest.raises(UserError, match="arm masked: initial_mask and mask_of: expected one of"):
        study_of(omp=OMP, masked=masked)


def test_a_study_is_the_same_wherever_it_is_looked_at_from(
    study_of: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status, its results and what is packed are those of the experiments that ran."""
    tag = study_of(dense={"method": "dense"}).experiments[0].directory
    masked = {"method": "parp", "sparsity": 0.6}
    study = study_of(
        dense={"method": "dense"},
        taught=masked | {"teacher": str(tag)},
        masked=masked | {"initial_mask": "egs2/cldr/tr/exp/other/mask.safetensors"},
    )
    (tmp_path / "grid.yaml").rename(tmp_path / KEPT)
    monkeypatch.chdir(tmp_path.parent)
    assert _study_of(Path(tmp_path.name)).experiments == study.experiments
    monkeypatch.chdir(tmp_path)
    assert _study_of(Path()).name == tmp_path.name
