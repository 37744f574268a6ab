"""Recordings without transcripts: a study is read without them, and begins with them alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.study.plan import Study
from parp_espnet.study.recordings import check_recordings_of
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
    check_recordings_of(Study.read(study).experiments, study)


def test_the_study_prepares_them_itself(study_of: Callable[[str, Any], Path]) -> None:
    """Its languages' training sets are there when it trains; another language's may never be."""
    own = study_of("raw_speech", "egs2/cldr/es/data/train_10min/never_there")
    check_recordings_of(Study.read(own).experiments, own)
    other = study_of("raw_speech", "egs2/cldr/it/data/train_10min/never_there")
    with pytest.raises(UserError, match=r"raw_speech egs2/cldr/it/data/train_10min/never_there: "):
        check_recordings_of(Study.read(other).experiments, other)
