"""Recordings through the queue of cmd.sh: an array of jobs, one bar for all, and nothing twice."""

import os
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parp_espnet import progress
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.interpreter import ROOT
from parp_espnet.locks import held
from parp_espnet.machine import cores
from parp_espnet.queues.running import running
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.parts import (
    ENDING,
    FAILED,
    Task,
    divide,
    gather,
    read_done,
    tasks_of,
    write_failed,
    write_part,
)
from parp_espnet.sound.reader import seconds_by_header

PLACE = ".parp-recognize"
SETTINGS = "settings.json"
"""There: how transcripts were made."""
NUMBER = "PARP_PART_NUMBER"
"""What a job's number takes the place of. Paths of a user's may well hold JOB."""
LOCAL = "parp_espnet.bin.run_local"
POLL_SECONDS = 0.3
SHOWN = 20
"""Recordings that failed, each on a line; of more, the list has all."""


@dataclass(frozen=True)
class Asked:
    """What jobs are to do.

    Attributes:
        model: any model, its path; None where an option among the words says it.
        words: options of parp-recognize for all of them.
        settings: what transcripts depend on, as JSON holds it.
        out: the directory for transcripts.
        jobs: how many.
        gpus: of each job.
    """

    model: Path | None
    words: Sequence[str]
    settings: dict[str, Any]
    out: Path
    jobs: int
    gpus: int


def recognise_by_jobs(asked: Asked, sources: Sequence[Source | Failure], folder: Folder) -> int:
    """Recognise what has not been before; return 0, or 1 where something could not be.

    Raises `UserError` where the directory has transcripts that were made otherwise, another run is
    at it, or the queue refuses.
    """
    place = asked.out / PLACE
    place.mkdir(parents=True, exist_ok=True)
    with held(place / "lock", str(asked.out), wait=False):
        before = gather(place)
        if any(Path(task.out).is_file() for task in before.values()):
            _check_settings(place, asked, folder)
        write_json(place / SETTINGS, asked.settings)
        known = [source for source in sources if isinstance(source, Source)]
        seconds = {source.path: seconds_by_header(source.path) for source in known}
        tasks = tasks_of(known, folder, seconds)
        left = []
        for task in tasks:
            if task.key not in before or not Path(task.out).is_file():
                left.append(task)
        if folder.may_be_corrected:
            _need_absent(left, asked.out)
        _need_own(left, before.values(), folder, asked.out)
        failed = _run(asked, place, left) if left else []
    nowhere = [source for source in sources if isinstance(source, Failure)]
    for failure in nowhere:
        progress.say(f"error: {failure}")
    write_failed(place, failed)
    count = len(failed) + len(nowhere)
    recognised = len(left) - len(failed)
    earlier = f", {len(tasks) - len(left)} before" if len(left) < len(tasks) else ""
    others = f", {count} were not" if count else ""
    print(f"{recognised} recognised{earlier}{others}", file=sys.stderr)
    return 1 if count else 0


def _need_absent(tasks: Sequence[Task], out: Path) -> None:
    """Raise `UserError` where a file is there that a job would make: not by this command, or of a
    recording that has changed since.
    """
    there = [task.out for task in tasks if Path(task.out).is_file()]
    if there:
        raise UserError(
            f"--out {out}: {len(there)} of {len(tasks)} files that are to be made are there "
            f"already, such as {there[0]}, and may have been corrected; move them away, or name "
            f"another --out"
        )


def _need_own(tasks: Sequence[Task], before: Iterable[Task], folder: Folder, out: Path) -> None:
    """Raise `UserError` where a file would be replaced that holds no transcript, or that of a
    recording of the same name which is still elsewhere.
    """
    made = {task.out: task for task in before}
    for task in tasks:
        place = Path(task.out)
        if not place.is_file():
            continue
        earlier = made.get(task.out)
        if earlier is not None and earlier.path != task.path and Path(earlier.path).is_file():
            raise UserError(
                f"--out {out}: {place} is the transcript of {earlier.path}, which has the name of "
                f"{task.path}; name another --out, or give a directory that both are in"
            )
        if not folder.is_ours(place):
            raise UserError(
                f"--out {out}: {place} is there already, and holds something else than a "
                f"transcript as this format has it; move it away, or name another --out"
            )


def _check_settings(place: Path, asked: Asked, folder: Folder) -> None:
    """Raise `UserError` where what is there was made otherwise."""
    file = place / SETTINGS
    then = read_json(file) if file.is_file() else None
    if isinstance(then, dict) and "files" in asked.settings:
        # Earlier versions did not note which they were.
        then.setdefault("files", asked.settings["files"])
    if then is not None and then != asked.settings:
        options = then.get("options") if isinstance(then, dict) else None
        how = "by another model"
        if options != asked.settings["options"]:
            how = f"with other options ({_told(options)}; now {_told(asked.settings['options'])})"
        elif changed := _changed(then.get("files"), asked.settings.get("files")):
            how = f"with another file of --{changed}"
        and_files = ", and move away its files," if folder.may_be_corrected else ""
        raise UserError(
            f"{asked.out}: its transcripts were made {how}; give another --out, or remove {place}"
            f"{and_files} to make them anew"
        )


def _changed(then: object, now: object) -> str:
    """The options whose files are others by now, in words; "" where none is."""
    if not isinstance(then, dict) or not isinstance(now, dict):
        return ""
    return ", --".join(name for name in now if then.get(name) != now[name])


def _told(options: object) -> str:
    return " ".join(map(str, options)) if isinstance(options, list) and options else "none"


def _run(asked: Asked, place: Path, tasks: Sequence[Task]) -> list[Task]:
    """Let jobs recognise; return what was not, with the reason."""
    run = f"part-{secrets.token_hex(4)}"
    parts = divide(tasks, asked.jobs)
    for number, part in enumerate(parts, 1):
        write_part(place / f"{run}.{number}.json", part)
    words = _words(asked, place.absolute(), run, len(parts))
    lists = [place / f"{run}.{number}{ENDING}" for number in range(1, len(parts) + 1)]
    code = _follow(words, _environment(words, asked.jobs), lists, tasks)
    done = {task.key: task for file in lists for task in read_done(file)}
    failed: list[Task] = []
    for task in tasks:
        found = done.get(task.key)
        if found is None:
            gone = "its job ended before it"
            failed.append(_with_error(task, f"{gone}; the same command goes on"))
        elif found.error is not None:
            failed.append(found)
    lost = sum(task.key not in done for task in tasks)
    if code != 0 and lost:
        logs = place / "log"
        progress.say(f"error: {lost} recordings were not reached; why is in {logs}")
    for task in failed[:SHOWN]:
        progress.say(f"error: {task.name}: {task.error}")
    if len(failed) > SHOWN:
        progress.say(f"error: and {len(failed) - SHOWN} more, all in {place / FAILED}")
    return failed


def _with_error(task: Task, error: str) -> Task:
    return Task(task.path, task.name, task.out, task.size, task.changed, task.seconds, error)


def _words(asked: Asked, place: Path, run: str, parts: int) -> list[str]:
    runner = decode_command()
    if LOCAL in runner:
        threads = max(1, cores() // asked.jobs)
        runner = [*runner, "--num_threads", str(threads)]
    model = [] if asked.model is None else [str(asked.model.absolute())]
    return [
        *(*runner, "--gpu", str(asked.gpus), f"{NUMBER}=1:{parts}"),
        str(place / "log" / f"{run}.{NUMBER}.log"),
        *("python3", "-m", "parp_espnet.bin.recognize", *model),
        *(str(place / f"{run}.{NUMBER}.json"), "--part", *asked.words),
    ]


def _environment(words: Sequence[str], jobs: int) -> dict[str, str]:
    """Ours, in which `python3` is this Python; on this machine, jobs share its cores."""
    environment = dict(os.environ)
    own = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([own, environment.get("PATH", "")])
    if LOCAL in words:
        threads = max(1, cores() // jobs)
        environment["OMP_NUM_THREADS"] = str(threads)
    return environment


def decode_command() -> list[str]:
    """Return the command that runs jobs: `decode_cmd`, as cmd.sh has exported it or would.

    Raises `UserError` where cmd.sh refuses.
    """
    given = os.environ.get("decode_cmd")  # noqa: SIM112  # Kaldi's name of it
    if given:
        return shlex.split(given)
    file = ROOT / "cmd.sh"
    if not file.is_file():
        return ["python3", "-m", LOCAL]
    script = '. "$1" && printf "%s" "${decode_cmd}"'
    done = subprocess.run(
        ["bash", "-c", script, "cmd", str(file)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = " ".join(done.stderr.split()).removeprefix("error: ")
        raise UserError(f"{file}: {said or 'it failed'}")
    return shlex.split(done.stdout)


def _follow(
    words: Sequence[str],
    environment: dict[str, str],
    lists: Sequence[Path],
    tasks: Sequence[Task],
) -> int:
    """Run the queue's command, with one bar over all jobs; return its code."""
    total = sum(task.seconds for task in tasks)
    with running(words, environment) as process:
        with progress.bar(round(total) or None, "recognise", unit="s") as bar:
            while process.poll() is None:
                _show(bar, lists)
                time.sleep(POLL_SECONDS)
            _show(bar, lists)
        return process.wait()


def _show(bar: Any, lists: Sequence[Path]) -> None:
    done = [task for file in lists for task in read_done(file)]
    bar.set_postfix_str(f"{len(done)} recordings", refresh=False)
    bar.update(round(sum(task.seconds for task in done)) - bar.n)
