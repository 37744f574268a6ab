import fcntl
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from parp_espnet.bin.study import main
from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.running import run
from parp_espnet.pipeline.step import Step
from parp_espnet.scoring.result import Result
from parp_espnet.study import complete, state, summary
from parp_espnet.study.collect import collect
from parp_espnet.study.gather import gather
from parp_espnet.study.plan import Study
from parp_espnet.study.state import State, note_job, standings
from parp_espnet.study.status import describe, failures, listing


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The quick study, whose experiments are looked for in a folder of our own."""
    for module in (complete, state, summary):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return Study.read(ROOT / "conf/study/quick.yaml")


def test_done_running_failed_and_left(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    done, failed, running, *_ = study.experiments
    make_result(updates=150, train_seconds=60.0, decode_seconds=15.0).write(tmp_path / done.result)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.1.log").write_text(
        f"# run\nexperiment {failed.directory}\nerror: …\n# Ended (code 2) at noon\n"
    )
    (logs / "a.2.log").write_text(f"# run\nexperiment {done.directory}\n# Ended (code 0) at noon\n")
    (tmp_path / running.directory).mkdir(parents=True)
    (tmp_path / running.directory / "progress.json").write_text('{"update": 50}')
    with (tmp_path / running.directory / ".phn.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = standings(study, logs)
    assert [one.state for one in found[:4]] == [State.DONE, State.FAILED, State.RUNNING, State.LEFT]
    # 75 s for 150 updates.
    assert [one.seconds_left for one in found[:4]] == [0.0, 75.0, 50.0, 75.0]
    text = describe(found, jobs=2)
    assert text.startswith(
        "9 experiments: 1 done, 1 running, 1 failed, 6 left\n1150 updates are left: about 5 min, 2"
    )
    assert f"failed  {failed.directory}, log in {logs / 'a.1.log'}" in text
    assert len(listing(found).splitlines()) == 10
    with pytest.raises(UserError, match=r"8 of 9 experiments have no result(.|\n)*a\.1\.log"):
        failures(found)


def test_an_experiment_whose_data_have_changed_is_not_done(
    study: Study,
    tmp_path: Path,
    make_result: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, unpacked, tested, *_ = study.experiments
    for one in (done, unpacked, tested):
        make_result(updates=150).write(tmp_path / one.result)
    recipe = tmp_path / done.recipe
    (recipe / "dump").mkdir(parents=True)
    (recipe / "dump/text").write_text("u1 a b\n")
    monkeypatch.chdir(recipe)
    records = {
        done: done.directory / ".steps/train.json",
        tested: tested.folders[-1] / ".steps/score.json",
    }
    for path in records.values():
        step = Step("stage", ("true",), tmp_path / path, inputs=(Path("dump/text"),))
        assert run(step) == 0
    assert [one.state for one in standings(study, tmp_path)[:3]] == [State.DONE] * 3
    (recipe / "dump/text").write_text("u1 a c\n")
    assert [one.state for one in standings(study, tmp_path)[:3]] == [
        State.LEFT,
        State.DONE,
        State.LEFT,
    ]
    # To remove what was read, for the room, changes no experiment.
    (recipe / "dump/text").unlink()
    assert [one.state for one in standings(study, tmp_path)[:3]] == [State.DONE] * 3


def test_a_failed_experiment_that_was_repeated_is_done(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    one = study.experiments[0]
    (tmp_path / "a.1.log").write_text(f"experiment {one.directory}\n# Ended (code 1) at noon\n")
    assert standings(study, tmp_path)[0].state is State.FAILED
    make_result().write(tmp_path / one.result)
    assert standings(study, tmp_path)[0].state is State.DONE


def test_what_an_experiment_costs_includes_what_only_it_needs(tmp_path: Path) -> None:
    arms = {
        "omp": {"method": "omp", "sparsity": 0.5},
        "imp": {"method": "imp", "sparsity": 0.3, "round_updates": 20},
    }
    path = tmp_path / "x.yaml"
    quick = yaml.safe_load((ROOT / "conf/study/quick.yaml").read_text())
    path.write_text(yaml.safe_dump(quick | {"arms": arms}, sort_keys=False))
    study = Study.read(path)
    omp, imp, *_ = study.experiments
    assert sum(omp.finetunings.values()) == 300
    assert sum(imp.finetunings.values()) == 150 + 3 * 20
    assert sum(study.finetunings([omp, imp]).values()) == 300 + 210


def test_the_time_of_a_job_beside_its_training_is_counted(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    for one, took in zip(study.experiments[:3], (90.0, 95.0, 2.0), strict=True):
        make_result(updates=150, train_seconds=70.0, decode_seconds=5.0).write(
            tmp_path / one.result
        )
        note_job(one, took)
    # 75 s for 150 updates, and the median of 15 and 20; the job of 2 s continued one that was
    # interrupted.
    assert standings(study, tmp_path)[3].seconds_left == 92.5


def test_a_model_that_learnt_nothing_has_no_pace(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    """That of `--updates 0`, scored as its upstream is."""
    first, second, *_ = study.experiments
    learnt = make_result(updates=150, train_seconds=70.0, decode_seconds=5.0)
    nothing = replace(learnt, updates=0, options={"updates": 0}, train_seconds=1.0)
    nothing.write(tmp_path / first.result)
    assert standings(study, tmp_path)[2].seconds_left is None
    learnt.write(tmp_path / second.result)
    assert standings(study, tmp_path)[2].seconds_left == 75
    costs = gather(collect([first], tmp_path, tmp_path / "out.json")).costs
    assert len(costs) == 1


def test_results_of_nothing_are_refused_in_a_line(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of 9 experiments has a result yet, such as"):
        summary.write_summary(study, tmp_path)


def test_a_result_of_what_has_changed_since_is_none(
    study: Study,
    tmp_path: Path,
    make_result: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = study.experiments[0]
    make_result(updates=150).write(tmp_path / first.result)
    recipe = tmp_path / first.recipe
    (recipe / "dump").mkdir(parents=True)
    (recipe / "dump/text").write_text("u1 a b\n")
    monkeypatch.chdir(recipe)
    record = tmp_path / first.directory / ".steps/train.json"
    assert run(Step("stage", ("true",), record, inputs=(Path("dump/text"),))) == 0
    (recipe / "dump/text").write_text("u1 a c\n")
    with pytest.raises(UserError, match="none of 9 experiments has a result yet, such as"):
        summary.write_summary(study, tmp_path)
    assert not (tmp_path / "results.json").exists()


def test_what_experiments_share_counts_once(study: Study) -> None:
    dense, omp = (
        next(one for one in study.experiments if one.settings.method == name)
        for name in ("dense", "omp")
    )
    assert omp.finetunings == {dense.directory: 150, omp.directory: 150}
    assert study.finetunings([omp]) == {omp.directory: 150}
    assert study.finetunings([dense, omp]) == {dense.directory: 150, omp.directory: 150}


def test_nothing_is_done_yet(study: Study, tmp_path: Path) -> None:
    assert "nothing is done yet" in describe(standings(study, tmp_path), 2)


def test_a_result_of_another_version_is_refused(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    path = tmp_path / study.experiments[0].result
    replace(make_result(), pfer=None).write(path)
    path.write_text(path.read_text().replace("pfer", "feature_error"))
    with pytest.raises(
        UserError, match="found other fields: feature_error, feature_error_per_utterance, pfer"
    ):
        standings(study, tmp_path)


def test_the_command_watches_until_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "parp_espnet.bin.study"]
    subprocess.run(
        [*command, "begin", str(ROOT / "conf/study/quick.yaml"), str(tmp_path)],
        check=True,
        cwd=ROOT,
    )
    once = subprocess.run(
        [*command, "status", str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert once.stdout.startswith("9 experiments: ")
    watching = subprocess.Popen(
        [*command, "status", str(tmp_path), "--watch", "0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert watching.stdout is not None
    clears = 0
    for line in watching.stdout:
        clears += line.startswith("\033[2J\033[H")
        if clears == 3:
            watching.send_signal(signal.SIGINT)
            break
    _, said = watching.communicate(timeout=1200)
    assert watching.returncode == 130
    assert said.startswith("interrupted")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("status", "--watch", "0"), "--watch 0: expected seconds, more than 0, at most 86400"),
        (("status", "--watch=-1",), "--watch -1: expected seconds, more than 0, at most 86400"),
        (("status", "--watch", "nan"), "--watch nan: expected seconds, more than 0, at most 86400"),
        (("status", "--watch", "inf"), "--watch inf: expected seconds, more than 0, at most 86400"),
        (("status", "--jobs", "0"), "--jobs 0: expected 1 or more"),
        (("status", "--jobs=-3",), "--jobs -3: expected 1 or more"),
        (("job", "--wave", "1", "--job", "1", "--ngpu=-1"), "--ngpu -1: expected 0 or more"),
        (("status", "--watch", "0.1"), "expected a study's results"),
    ],
)  # fmt: skip
def test_odd_numbers_are_named(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    run_command: Callable[..., tuple[object, str, str]],
) -> None:
    code, _, said = run_command(main, words[0], tmp_path, *words[1:])
    assert code == 2
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1


def test_figures_of_before_are_removed_and_nobody_elses(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    study = replace(study, experiments=study.experiments[:1])
    make_result(updates=150).write(tmp_path / study.experiments[0].result)
    summary.write_summary(study, tmp_path)
    drawn = set(tmp_path.glob("*.png"))
    assert drawn
    for name in ("kept_of_before.png", "kept_of_before.svg", "own.png"):
        (tmp_path / name).write_bytes(b"a figure")
    with (tmp_path / "RESULTS.md").open("a", encoding="utf-8") as results:
        results.write("![Kept weights](kept_of_before.png)\n\n")
    summary.write_summary(study, tmp_path)
    assert set(tmp_path.glob("*.png")) == {*drawn, tmp_path / "own.png"}
    assert not (tmp_path / "kept_of_before.svg").exists()
