import pytest

from parp_espnet.errors import UserError
from parp_espnet.study.settings import StudySettings, read


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
