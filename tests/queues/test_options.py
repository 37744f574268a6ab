import shlex
import shutil
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.queues import contract, options
from parp_espnet.queues.driver import lay_out
from parp_espnet.queues.pbs import Pbs
from parp_espnet.queues.scheduler import Scheduler
from parp_espnet.queues.sge import GridEngine
from parp_espnet.queues.slurm import Slurm

# The default of Kaldi's queue.pl.
KALDIS = """# Default configuration
command qsub -v PATH -cwd -S /bin/bash -j y -l arch=*64*
option mem=* -l mem_free=$0,ram_free=$0
option mem=0          # Do not add anything to qsub_opts
option num_threads=* -pe smp $0
option num_threads=1  # Do not add anything to qsub_opts
option max_jobs_run=* -tc $0
default gpu=0
option gpu=0
option gpu=* -l gpu=$0 -q g.q
"""
STEM = Path("/x/q/a.01234567")


def read(tmp_path: Path, text: str) -> options.OptionMap:
    (tmp_path / "queue.conf").write_text(text)
    return options.read(tmp_path / "queue.conf")


def test_kaldis_own_file(tmp_path: Path) -> None:
    queue = read(tmp_path, KALDIS)
    command = "qsub -v PATH -cwd -S /bin/bash -j y -l arch=*64*"
    assert queue.line({}) == command
    assert queue.line({"mem": "0", "num_threads": "1"}) == command
    assert (
        queue.line({"mem": "4G", "gpu": "2"})
        == f"{command} -l gpu=2 -q g.q -l mem_free=4G,ram_free=4G"
    )


def test_an_option_of_ones_own_and_one_that_is_for_nothing(tmp_path: Path) -> None:
    queue = read(
        tmp_path,
        "command sbatch\noption account=* -A $0\ndefault gpu_limit=200\noption gpu_limit=*\n",
    )
    assert queue.line({"account": "speech"}) == "sbatch -A speech"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("option mem=* --mem $0\n", "expected a line such as 'command sbatch'"),
        ("command sbatch\nmem=4G\n", r"queue.conf:2: expected 'command …'"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, text)


def test_an_option_that_the_file_does_not_describe(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--time 1-0: .*queue.conf does not describe it"):
        read(tmp_path, KALDIS).line({"time": "1-0"})


def test_the_working_directorys_file_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert options.find("sge", None) == options.ROOT / "conf/sge.conf"
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/queue.conf").touch()
    assert options.find("sge", None) == Path("conf/queue.conf")
    assert options.find("sge", "x.conf") == Path("x.conf")


def test_a_file_of_kaldis_in_the_projects_folder_is_for_recipes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, recipe = tmp_path / "project", tmp_path / "recipe"
    (project / "conf").mkdir(parents=True)
    recipe.mkdir()
    shutil.copy(options.ROOT / "conf/sge.conf", project / "conf")
    (project / "conf/queue.conf").write_text("command qsub -q ours.q\n")
    (project / "conf/mine.conf").touch()
    monkeypatch.setattr(options, "ROOT", project)
    monkeypatch.chdir(recipe)
    assert options.find("sge", None) == project / "conf/queue.conf"
    # As a line of cmd.sh names it, which is for both.
    assert options.find("sge", "conf/mine.conf") == project / "conf/mine.conf"
    assert options.find("sge", "conf/none.conf") == Path("conf/none.conf")
    monkeypatch.chdir(project)
    assert options.find("sge", None) == Path("conf/queue.conf")
    assert options.find("sge", "conf/mine.conf") == Path("conf/mine.conf")


ARRAY = "--mem 4G --time 3600 --num_threads 4 --gpu 1 --max_jobs_run 2 JOB=1:3 x.JOB.log true"


@pytest.mark.parametrize(
    ("backend", "scheduler", "arguments", "expected"),
    [
        (
            "slurm",
            Slurm(),
            ARRAY,
            "sbatch --gres=gpu:1 --mem-per-cpu 4G --time 3600 --cpus-per-task 4 --array 1-3%2 "
            "--open-mode=append "
            "-o /x/q/a.01234567.%a.out -e /x/q/a.01234567.%a.out",
        ),
        (
            "slurm",
            Slurm(),
            "-p long x.log true",
            "sbatch -p long --open-mode=append -o /x/q/a.01234567.1.out -e /x/q/a.01234567.1.out",
        ),
        (
            "sge",
            GridEngine(),
            ARRAY,
            "qsub -v PATH -cwd -S /bin/bash -j y -l gpu=1 -l mem_free=4G -l h_rt=3600 -pe smp 4 "
            "-tc 2 -t 1-3 "
            "-o /x/q/a.01234567.$TASK_ID.out",
        ),
        (
            "pbs",
            Pbs(),
            ARRAY,
            "qsub -v PATH -S /bin/bash -l ngpus=1 -l mem=4G -l walltime=3600 -l ncpus=4 -J 1-3%2 "
            "-j oe "
            "-o /x/q/a.01234567.^array_index^.out",
        ),
        (
            "pbs",
            Pbs(),
            "--max_jobs_run 2 x.log true",
            "qsub -v PATH -S /bin/bash -j oe -o /x/q/a.01234567.1.out",
        ),
    ],
)
def test_the_submitting_command(
    backend: str, scheduler: Scheduler, arguments: str, expected: str
) -> None:
    config = options.read(options.ROOT / f"conf/{backend}.conf")
    jobs, line = lay_out(scheduler, contract.read("run_queue", arguments.split()), config)
    assert (
        shlex.split(line) + scheduler.own_options(jobs.numbers, jobs.max_jobs_run, STEM)
        == expected.split()
    )


@pytest.mark.parametrize(
    ("scheduler", "said", "job"),
    [
        (Slurm(), "sbatch: a note\nSubmitted batch job 12", "12"),
        (Slurm(), "12;cluster", "12"),
        (Slurm(), "sbatch: error: 12 nodes are down", None),
        (GridEngine(), 'Your job 7 ("x.sh") has been submitted', "7"),
        (GridEngine(), 'Your job-array 7.1-4:1 ("x.sh") has been submitted', "7"),
        (Pbs(), "123.server.site", "123.server.site"),
        (Pbs(), "123[].server", "123[].server"),
        (Pbs(), "qsub: Unknown queue", None),
    ],
)
def test_the_id_in_what_a_scheduler_says(scheduler: Scheduler, said: str, job: str | None) -> None:
    assert scheduler.job_id(said) == job
