from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.study.settings import SHIPPED, StudySettings, read


def test_experiments_at_a_time() -> None:
    assert StudySettings(max_jobs_run=3).jobs == 3
    assert StudySettings(ngpu=1).jobs == 1
    assert StudySettings().jobs >= 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--stage", "6"], "expected stages from 1 to 5"),
        (["--stage", "3", "--stop_stage", "2"], "expected stages from 1 to 5"),
        (["--max_jobs_run", "0"], "expected 1 or more"),
        (["--ngpu", "-1"], "expected 0 or more"),
        (["--profile", ""], "--profile .*: expected letters, digits"),
        (["--profile", ".."], "--profile .*: expected letters, digits"),
        (["--profile", "conf/study/.yaml"], "--profile .*: expected letters, digits"),
        (["--profile", "my study.yaml"], "--profile my study: expected letters, digits"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(words)


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_a_study_of_ones_own_has_a_name_of_its_own(tmp_path: Path, ending: str) -> None:
    mine = tmp_path / f"curves.{ending}"
    mine.write_text(SHIPPED.joinpath("curves.yaml").read_text())
    with pytest.raises(UserError, match=r"of the study conf/study/curves\.yaml"):
        read(["--profile", str(mine)])
    other = mine.rename(tmp_path / f"my_curves.{ending}")
    assert read(["--profile", str(other)]).file == other


@pytest.mark.parametrize("written", ["curves", "conf/study/curves.yaml", "here"])
def test_a_study_of_the_project_is_itself_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.chdir(SHIPPED.parent.parent)
    if written == "here":
        link = tmp_path / "curves.yaml"
        link.symlink_to(SHIPPED / "curves.yaml")
        written = str(link)
    assert read(["--profile", written]).file.samefile(SHIPPED / "curves.yaml")
