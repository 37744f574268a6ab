"""Jobs through a real Slurm: the contract, what it does when Slurm ends a job, and a recipe's data
stages.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.espnet.states import load_model_state

ROOT = Path(__file__).resolve().parents[2]
LOCAL = f"{sys.executable} -m parp_espnet.bin.run_local"
QUEUE = f"{sys.executable} -m parp_espnet.bin.run_queue --backend slurm"
# ESPnet's file, but for its partitions, and with what slurm.pl leaves unused.
ESPNETS = """# Default configuration
command sbatch --export=PATH
option name=* --job-name $0
option time=* --time $0
option mem=* --mem-per-cpu $0
option mem=0
option num_threads=* --cpus-per-task $0
option num_threads=1 --cpus-per-task 1
option num_nodes=* --nodes $0
option max_jobs_run=* -tc $0
default gpu=0
option gpu=0 -p cpu
option gpu=* -p gpu --gres=gpu:$0 -c $0  # more CPUs than GPUs, or as many
default gpu_limit=200
option gpu_limit=*
"""

WARNED = (
    (ROOT / "conf/slurm.conf")
    .read_text()
    .replace("\ncommand sbatch\n", "\ncommand sbatch --signal=B:USR1@30\n")
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(slurm: Any, folder: Path) -> Run:
    """Run a command with this Slurm's environment, by default the queue."""
    return lambda *words, command=QUEUE: slurm.run(*words, command=command)


def test_an_array_with_one_failing_job(run: Run) -> None:
    script = "echo job JOB on $SLURMD_NODENAME with $OMP_NUM_THREADS; [ JOB -ne 2 ] || exit 3"
    done = run(
        "--mem", "100M", "--num_threads", "2", "JOB=1:3", "log/x.JOB.log", "bash", "-c", script
    )
    assert done.returncode == 1
    assert "1 of 3 jobs failed; the first ended with code 3; its log is log/x.2.log" in done.stderr
    assert re.search(r"job 2 on node[12] with 2", done.stderr)
    for number, code in ((1, 0), (2, 3), (3, 0)):
        lines = Path(f"log/x.{number}.log").read_text().splitlines()
        assert lines[0] == f"# bash -c '{script.replace('JOB', str(number))}'"
        assert [line.split()[1] for line in (lines[1], lines[2], lines[-2], lines[-1])] == [
            "Running", "Started", "Accounting:", "Ended",
        ]  # fmt: skip
        assert lines[-1].startswith(f"# Ended (code {code}) at ")
    assert sorted(path.name for path in Path("q").iterdir()) == ["x.sh"]


def test_a_single_job_and_a_pipe(run: Run) -> None:
    assert run("one.log", "echo", "a b", "|", "tr", "a", "c").returncode == 0
    assert Path("one.log").read_text().splitlines()[4] == "c b"
    assert run("JOB=7:7", "seven.log", "test", "JOB", "=", "7").returncode == 0
    assert run("two.log", "false", "|", "cat").returncode == 1


def test_no_more_jobs_than_asked_for_run_at_a_time(run: Run) -> None:
    script = "mkdir only && sleep 0.5 && rmdir only"
    assert run("--max-jobs-run", "1", "J=1:3", "x.J.log", "bash", "-c", script).returncode == 0


@pytest.mark.parametrize(
    "runner", [LOCAL, QUEUE, f"{QUEUE} --config espnet.conf"], ids=["local", "ours", "espnet"]
)
def test_a_step_is_the_same_with_every_runner(run: Run, runner: str) -> None:
    Path("espnet.conf").write_text(ESPNETS)
    Path("in.txt").write_text("x\n")
    step = f"{sys.executable} -m parp_espnet.bin.step --label stage --record .steps/s.json"
    words = ["--input", "in.txt", "--output", "out.2", "--log", "log/s.JOB.log"]
    words += ["--runner", f"{runner} --gpu 0 --max_jobs_run 2 JOB=1:2"]
    words += ["--", "bash", "-c", "cat in.txt >out.JOB; echo PYTHONPATH is $PYTHONPATH"]
    assert run(*words, command=step).returncode == 0
    assert Path("out.2").read_text() == "x\n"
    assert f"PYTHONPATH is {ROOT}" in Path("log/s.1.log").read_text()
    assert "complete, skipped" in run(*words, command=step).stderr


def test_a_job_of_a_study_runs_its_own_jobs_where_it_is(run: Run) -> None:
    inner = f". {ROOT}/cmd.sh; echo by ${{train_cmd}}"
    script = f". {ROOT}/cmd.sh; $train_cmd x.log bash -c '{inner}'"
    path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
    assert run(path, "cmd_backend=slurm", "bash", "-c", script, command="env").returncode == 0
    assert "by python3 -m parp_espnet.bin.run_local" in Path("x.log").read_text()


def test_espnets_launcher_takes_it(run: Run) -> None:
    launch = f"{sys.executable} -m espnet2.bin.launch --ngpu 0 --log x.log"
    assert run("--cmd", QUEUE, "--", "echo", "trained", command=launch).returncode == 0
    assert "trained --ngpu 0 --multiprocessing_distributed True" in Path("x.log").read_text()
    failed = run("--cmd", QUEUE, "--", "false", command=launch)
    assert failed.returncode != 0
    assert "# Ended (code 1) at" in failed.stderr


def test_what_slurm_refuses_it_says(run: Run) -> None:
    done = run("--mem", "100G", "x.log", "true")
    assert done.returncode == 2
    assert "Memory specification can not be satisfied" in done.stderr


def test_a_job_that_slurm_would_never_start_fails(run: Run, slurm: Any) -> None:
    done = run("-p", "short", "--time", "10", "x.log", "true")
    assert done.returncode == 1
    assert (
        "the job failed; was stopped, Slurm says PENDING (PartitionTimeLimit); its log is x.log"
        in done.stderr
    )
    assert not slurm.ask("squeue", "-h")


def test_out_of_memory_is_tried_again_with_more(run: Run) -> None:
    # The second job lives, with so little memory, until Slurm has noticed how big it is.
    # Brackets: without them the first job would make 80 MB, too, and throw them away.
    fill = "import os, time; x = b'x' * (80_000_000 * (JOB - 1)); "
    fill += "JOB == 1 or os.environ['SLURM_MEM_PER_CPU'] != '70' or time.sleep(1200)"
    words = ("JOB=1:2", "log/x.JOB.log", sys.executable, "-c", fill)
    done = run("--mem", "70M", *words)
    assert done.returncode == 0
    assert (
        "Slurm stopped job 2: OUT_OF_MEMORY (JobLaunchFailure); again with --mem 140M"
        in done.stderr
    )
    first = Path("q/x.2.log.1").read_text().splitlines()
    assert any(
        line.startswith("# slurmstepd") and "exceeded memory limit" in line for line in first
    )
    # 137 where what runs the job outlives it; where both are killed at once, Slurm's own code, 1.
    assert re.match(r"# Ended \(code (137|1)\) at ", first[-1])
    assert Path("log/x.2.log").read_text().splitlines()[-1].startswith("# Ended (code 0) at ")

    done = run("--mem", "70M", "--retries", "0", *words)
    assert done.returncode == 1
    assert (
        "the first was stopped, Slurm says OUT_OF_MEMORY (JobLaunchFailure); its log is log/x.2.log"
        in done.stderr
    )
    assert "exceeded memory limit" in done.stderr
    assert "cmd.sh may ask for more, as by --mem 140M" in done.stderr


def test_why_a_job_has_not_begun_is_said_once(slurm: Any, folder: Path) -> None:
    nodes = ("scontrol", "update", "nodename=node1,node2")
    slurm.ask(*nodes, "state=drain", "reason=test")
    process = slurm.start("x.log", "true", command=QUEUE)
    said = ""
    try:
        for line in process.stderr:
            said += line
            if "has not begun" in line:
                break
    finally:
        slurm.ask(*nodes, "state=resume")
    said += slurm.end_of(process)
    assert process.returncode == 0, said
    assert re.search(r"Slurm has not begun \d+, it says PENDING \(\S+\); still waiting", said)
    assert said.count("has not begun") == len(set(re.findall("has not begun.*", said)))


def test_out_of_time_is_tried_again_with_more(run: Run) -> None:
    # The log of a first time is put aside before there is a second one.
    done = run("--time", "1", "x.log", "bash", "-c", "[ -e q/x.log.1 ] || sleep 1200")
    assert done.returncode == 0
    assert "Slurm stopped job 1: TIMEOUT (TimeLimit); again with --time 00:02:00" in done.stderr
    first = Path("q/x.log.1").read_text()
    assert "# Slurm: TIMEOUT (TimeLimit)" in first
    assert "DUE TO TIME LIMIT" in first


def test_a_job_whose_node_fails_is_tried_again_as_it_was(slurm: Any, folder: Path) -> None:
    Path("no_requeue.conf").write_text("command sbatch --no-requeue\n")
    script = "echo $SLURMD_NODENAME >>nodes; [ $(wc -l <nodes) = 2 ] || sleep 1200"
    process = slurm.start(
        "--config", "no_requeue.conf", "x.log", "bash", "-c", script, command=QUEUE
    )
    slurm.wait_until(lambda: is_written(Path("nodes")), "the job to start", process)
    node = Path("nodes").read_text().strip()
    slurm.ask("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    try:
        assert "Slurm stopped job 1: NODE_FAIL" in slurm.end_of(process)
        assert process.returncode == 0
        assert Path("nodes").read_text().split()[1] != node
    finally:
        slurm.ask("scontrol", "update", f"nodename={node}", "state=resume")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_jobs(slurm: Any, folder: Path, number: int, code: int) -> None:
    job = ["bash", "-c", "sleep 1200 & echo $$ >pid.JOB; wait"]
    process = slurm.start("--mem", "50M", "JOB=1:2", "x.JOB.log", *job, command=QUEUE)
    pids = [Path("pid.1"), Path("pid.2")]
    slurm.wait_until(lambda: all(map(is_written, pids)), "both jobs to start", process)
    process.send_signal(number)
    slurm.end_of(process)
    assert process.returncode == code
    assert not slurm.ask("squeue", "-h")
    for path in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)


def test_a_signal_while_the_job_is_submitted_cancels_it(slurm: Any, folder: Path) -> None:
    Path("slow.conf").write_text(
        "command touch submitting; until [ -e told ]; do sleep 0.1; done; sbatch\n"
    )
    process = slurm.start("--config", "slow.conf", "x.log", "sleep", "1200", command=QUEUE)
    slurm.wait_until(Path("submitting").exists, "the submission to begin", process)
    process.send_signal(signal.SIGTERM)
    Path("told").touch()
    slurm.end_of(process)
    assert process.returncode == 143
    assert not slurm.ask("squeue", "-h")
    assert "x.sh" in slurm.ask("scontrol", "show", "job")


def test_slurm_may_be_silent_for_a_while(slurm: Any, folder: Path) -> None:
    script = "touch started; until [ -e silent ]; do sleep 0.1; done; exit 3"
    process = slurm.start("x.log", "bash", "-c", script, command=QUEUE)
    slurm.wait_until(Path("started").exists, "the job to start", process)
    controller = int((slurm.root / "slurmctld.pid").read_text())
    os.kill(controller, signal.SIGSTOP)
    Path("silent").touch()
    try:
        for line in process.stderr:
            if "does not answer" in line:
                break
    finally:
        os.kill(controller, signal.SIGCONT)
    said = slurm.end_of(process)
    assert process.returncode == 1
    assert "the job failed; ended with code 3; its log is x.log" in said


@pytest.mark.thorough
def test_a_job_that_is_warned_of_its_time_ends_and_is_tried_again_with_more(run: Run) -> None:
    # Slurm may warn half a minute earlier than it is asked to; of a minute, that would be at once.
    Path("warned.conf").write_text(WARNED.replace("USR1@30", "USR1@5"))
    script = "[ -e told ] && exit; trap 'touch told; exit 143' TERM; sleep 1200 & wait"
    words = (
        "--config",
        "warned.conf",
        "--mem",
        "50M",
        "--time",
        "1",
        "x.log",
        "bash",
        "-c",
        script,
    )
    done = run(*words, command=QUEUE)
    assert done.returncode == 0, done.stderr
    assert (
        "stopped job 1: TIMEOUT (ended before Slurm did it); again with --mem 50M --time 00:02:00"
        in done.stderr
    )
    assert "# Ended (code 143)" in Path("q/x.log.1").read_text()


WAITS = """
import sys, time
from pathlib import Path
from parp_espnet.espnet.interruption import Interruption
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.pruning.pruner import Pruner
begun, updates = Path("begun"), Path("updates")
heed, after_update = Interruption._heed, Pruner.after_update
def wait_and_heed(self, chance):
    if self._update() == 8 and not begun.exists():
        begun.touch()
        while self._signal is None:
            time.sleep(0.02)
    heed(self, chance)
def note_and_update(self):
    after_update(self)
    with updates.open("a") as file:
        file.write(f"{self.update}\\n")
Interruption._heed, Pruner.after_update = wait_and_heed, note_and_update
PruningASRTask.main()
"""
"""A training of six updates an epoch.

Begun for the first time, it waits after the eighth until a signal comes: within an epoch on any
machine.
"""


@pytest.mark.parametrize(
    "partition", [pytest.param("cheap", marks=pytest.mark.thorough), "graceful"]
)
def test_a_training_that_is_preempted_continues_to_the_same_bits(
    slurm: Any, folder: Path, recipe: Any, partition: str
) -> None:
    Path("warned.conf").write_text(WARNED)
    Path("waits.py").write_text(WAITS)
    whole = recipe.train(folder / "whole")
    train = (sys.executable, "waits.py", "--config", str(recipe.config(folder / "exp")))
    options = ("--config", "warned.conf", "-p", partition, "--mem", "2G")
    process = slurm.start(*options, "x.log", *train, command=QUEUE)
    slurm.wait_until(Path("begun").exists, "the training to begin", process)
    # As much as there is, so that the training has to go.
    urgent = ("sbatch", "-p", "urgent", "--exclusive", "--nodes=2", "-o", "/dev/null")
    slurm.ask(*urgent, "--wrap", "true")
    said = slurm.end_of(process)
    assert process.returncode == 0, said
    # Without a grace time Slurm itself puts it into the queue again.
    assert ("PREEMPTED (ended before Slurm did it)" in said) == (partition == "graceful")
    (log,) = Path("q").glob("x.log.*")
    assert log.name == ("x.log.1" if partition == "graceful" else "x.log.requeued1")
    told = r"^interrupted by SIG(TERM|USR1): .*/exp has what there is after update 8; "
    assert re.search(told, log.read_text(), re.MULTILINE)
    # No update was done again, though there was no checkpoint since the sixth.
    assert Path("updates").read_text().split() == [str(update) for update in range(1, 19)]
    models = [load_model_state(exp / "valid.loss.ave.pth") for exp in (whole, folder / "exp")]
    assert all(torch.equal(models[0][name], weights) for name, weights in models[1].items())


def test_a_recipes_data_stages(run: Run, folder: Path) -> None:
    words = ["--recipe", str(folder), "--stop_stage", "2", "--nj", "2", "--phn_tag", "x"]
    words += ["--train_minutes", "0.2", "--valid_minutes", "0.1", "--test_minutes", "0.1"]
    recipe = f"env cmd_backend=slurm {ROOT}/egs2/cldr/es/run.sh"
    done = run(*words, command=recipe)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("run_queue: Slurm has one job as ") == 6
    log = (folder / "exp/x/log/format_test.log").read_text().splitlines()
    assert log[-1].startswith("# Ended (code 0) at ")
    assert (folder / "dump/raw/test/wav.scp").exists()
    assert run(*words, command=recipe).stderr.count("complete, skipped") == 7


def is_written(path: Path) -> bool:
    return path.exists() and path.read_text() != ""
