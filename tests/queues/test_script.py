import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.queues import contract, script


def jobs(words: str) -> contract.JobArray:
    return contract.read("run_queue", words.split()).jobs


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("exp/x/log/train.log true", "exp/x/q/train"),
        ("JOB=1:2 exp/log/a.JOB.log true", "exp/q/a"),
        ("JOB=1:2 exp/split.JOB/decode.log true", "exp/q/decode"),
        ("x.log true", "q/x"),
        ("J=1:2 J.log true", "q/job"),
    ],
)
def test_where_kaldi_keeps_a_queues_files(words: str, place: str) -> None:
    found = script.Place.beside(jobs(words))
    assert str(found.folder / found.name) == place


def test_the_script_and_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    (tmp_path / "path.sh").write_text("export FROM_PATH_SH=yes OMP_NUM_THREADS=64\n")
    array = jobs("--num_threads 3 JOB=1:9 my.JOB.log bash -c")
    array = replace(
        array, command=(*array.command, "echo JOB $FROM_PATH_SH $OMP_NUM_THREADS; exit 5")
    )
    place = script.Place.beside(array)
    place.write_script(script.text(array, "${TASK}", place))
    code = subprocess.run(
        ["bash", str(place.script)], env={"TASK": "4", "PATH": "/usr/bin:/bin"}, check=False
    )
    assert code.returncode == 1
    assert "\n4 yes 3\n" in (tmp_path / "my.4.log").read_text()
    assert place.marks([3, 4]) == {4: 5}
    assert script.Place.beside(array).marks([4]) == {}
    place.clear()
    assert [path.name for path in place.folder.iterdir()] == ["my.sh"]


def test_an_attempt_after_which_the_scheduler_queued_the_job_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    array = jobs("JOB=1:9 my.JOB.log bash -c")
    # What the first attempt's mark says must not be taken for the end of the second.
    words = "ls q; echo attempt $SLURM_RESTART_COUNT; [ $SLURM_RESTART_COUNT ]"
    array = replace(array, command=(*array.command, words))
    place = script.Place.beside(array)
    place.write_script(script.text(array, "4", place))
    for restarts, code in (({}, 1), ({"SLURM_RESTART_COUNT": "1"}, 0)):
        environment = {"PATH": "/usr/bin:/bin"} | restarts
        ended = subprocess.run(["bash", str(place.script)], env=environment, check=False)
        assert ended.returncode == code
        assert place.marks([4]) == {4: code}
    assert ".done" not in (tmp_path / "my.4.log").read_text()
    assert "attempt 1" in (tmp_path / "my.4.log").read_text()
    assert "\nattempt\n" in (place.folder / "my.4.log.requeued1").read_text()


@pytest.mark.parametrize("name", ["datadir", "TOKENIZERS_PARALLELISM", "PARP_VENV"])
def test_a_job_has_what_a_template_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Queues that take nothing but PATH along have it all the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "of my own")
    array = replace(jobs("x.log bash -c"), command=("true",))
    written = script.text(array, "1", script.Place.beside(array))
    assert f"{name}='of my own'" in written
