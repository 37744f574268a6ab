"""A step of a stage: a command that is run once, remembered, and skipped while it and its inputs stay what
they were.

The memory of a step is a small JSON file, its record: the command, the hashes of its input files, and whether
it ended well. It is written before the command starts and again when it has ended, so an interrupted step is
known as one.
"""

import hashlib
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.locks import locked
from parp_espnet.pipeline.follow import follow
from parp_espnet.progress import say


@dataclass(frozen=True)
class Step:
    """What one step runs, reads and leaves."""

    label: str
    """Shown to the user, such as "stage 8 (train)"."""
    command: tuple[str, ...]
    record: Path
    """The step's memory."""
    inputs: tuple[Path, ...] = ()
    """Files whose content decides whether the step is still valid."""
    outputs: tuple[Path, ...] = ()
    """Files that are there when the step is complete."""
    keep: bool = False
    """Refuse to start over with other settings: what is there took long to make."""
    aside: tuple[str, ...] = ()
    """Words that end the command and do not change what it makes, such as a number of jobs."""
    runner: tuple[str, ...] = ()
    """A command under Kaldi's queue contract that runs it, such as `queue.pl --mem 4G`."""
    log: Path | None = None
    progress: tuple[Path, ...] = ()
    total: int | None = None
    """Updates that the progress files together lead to."""
    recordings: tuple[Path, ...] = ()
    """Each a `wav.scp`: sizes and times of the files that it names decide, too."""

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command line, the runner's included."""
        command = (*self.command, *self.aside)
        return (*self.runner, str(self.log), *command) if self.runner else command


def run(step: Step) -> int:
    """Run a step unless it is complete; return its command's exit code.

    Another process at the same step is waited for. Raises `UserError` when an input is missing, when `keep`
    forbids to start over, or when the command ended well without leaving its outputs.
    """
    with locked(step.record.with_suffix(".lock"), wait=True):
        now = {
            "command": list(step.command),
            "inputs": {str(path): _sha256(path, step) for path in step.inputs}
            | {f"what {path} names": _recordings(path, step) for path in step.recordings},
        }
        then = _read(step.record)
        gone = _missing(step) or _gone_recording(step)
        if then == {**now, "complete": True} and gone is None:
            _say(step, "complete, skipped")
            return 0
        change = _change(then, now)
        if change and step.keep:
            raise UserError(
                f"{step.label}: {step.record.parent.parent} was made with other settings ({change}); "
                "for a new experiment give --phn_tag NAME, or --glue_tag, or remove that directory to make it again"
            )
        if then and then["complete"]:
            _say(step, f"again, since {change or f'{gone} is gone'}")
        else:
            _say(step, f"again, since {change}" if change else "continued" if then else "started")
        write_json(step.record, {**now, "complete": False})
        code = follow(step.words, step.label, step.progress, step.log, step.total)
        if code == 0:
            if (missing := _missing(step)) is not None:
                raise UserError(f"{step.label}: the command ended well but left no {missing}")
            write_json(step.record, {**now, "complete": True})
        return code


def describe(step: Step) -> str:
    """Return what `run` would do, for a dry run."""
    return f"{step.label}: {shlex.join(step.words)}"


def _read(record: Path) -> dict[str, Any] | None:
    if not record.exists():
        return None
    found = read_json(record)
    return found if isinstance(found, dict) else None


def _sha256(path: Path, step: Step) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{step.label}: cannot read {path} ({error.strerror}); an earlier stage makes it") from None


def _recordings(scp: Path, step: Step) -> str:
    """A hash of size and time of every file that a `wav.scp` names, which takes a moment where to read them takes long.

    What is no file has neither: a command, or what is not there.
    """
    try:
        lines = scp.read_bytes().splitlines()
    except OSError as error:
        raise UserError(f"{step.label}: cannot read {scp} ({error.strerror}); an earlier stage makes it") from None
    named = {parts[1].strip() for line in lines if len(parts := line.split(maxsplit=1)) == 2}
    digest = hashlib.sha256()
    for name in sorted(named):
        try:
            found = Path(os.fsdecode(name)).stat()
        except (OSError, ValueError):
            continue
        digest.update(b"%s %d %d\n" % (name, found.st_size, found.st_mtime_ns))
    return digest.hexdigest()


def _missing(step: Step) -> Path | None:
    return next((path for path in step.outputs if not path.exists()), None)


def _gone_recording(step: Step) -> Path | None:
    """Return a recording that is not where a `wav.scp` of the outputs has it."""
    for path in step.outputs:
        if path.name == "wav.scp" and path.exists():
            lines = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines())
            files = (Path(words[1].strip()) for words in lines if len(words) > 1 and not words[1].strip().endswith("|"))
            if (gone := next((file for file in files if not file.exists()), None)) is not None:
                return gone
    return None


def _change(then: dict[str, Any] | None, now: dict[str, Any]) -> str | None:
    """Say in a few words what differs between two records, or None where nothing does."""
    if then is None:
        return None
    for path, digest in now["inputs"].items():
        if then["inputs"].get(path, digest) != digest:
            return f"{path} has changed"
    if then["command"] == now["command"]:
        return None if then["inputs"].keys() == now["inputs"].keys() else "other inputs"
    old = [word for word in then["command"] if word not in now["command"]]
    new = [word for word in now["command"] if word not in then["command"]]
    return f"{shlex.join(old) or 'nothing'} is now {shlex.join(new) or 'gone'}"


def _say(step: Step, what: str) -> None:
    say(f"{step.label} {step.record.stem}: {what}")
