"""The script that a node runs: the same contract's `run_local`, for one job.

The command's words go into its own log. What the script leaves besides is a mark: the log's last
line, in a file that appears when all is over.
"""

import os
import re
import secrets
import shlex
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from parp_espnet.queues.contract import JobArray, code_of
from parp_espnet.queues.scheduler import output_of

# A queue is often told to take nothing but PATH along.
TAKEN = (
    "PATH",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "LD_LIBRARY_PATH",
    "LC_ALL",
    "PYTHONUTF8",
    "PARP_ROOT",
    "PARP_VENV",
    "HF_HOME",
    # What templates export to their commands (`Planned.exported`).
    "datadir",
    "TOKENIZERS_PARALLELISM",
)
WATCH = (
    "exec 3<&0",
    "{ cat <&3 && kill -TERM $$; } >/dev/null 2>&1 &",
    "watch=$!",
)


@dataclass(frozen=True)
class Place:
    """Where a submission keeps its files."""

    folder: Path
    name: str
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells this submission's marks from those of a job that outlived whoever submitted it."""

    @classmethod
    def beside(cls, jobs: JobArray) -> "Place":
        """Return the place that Kaldi has: `q/` in the log's directory, or beside it where that is
        called `log`.
        """
        log = Path(jobs.log)
        folder, name = log.parent, log.stem
        if jobs.name is not None:
            while jobs.name in str(folder):
                folder = folder.parent
            name = name.replace(f".{jobs.name}", "").replace(jobs.name, "")
        return cls((folder.parent if folder.name == "log" else folder) / "q", name or "job")

    @property
    def stem(self) -> Path:
        """What the names of marks and outputs begin with. Absolute: schedulers differ in how they
        take paths.
        """
        return (self.folder / f"{self.name}.{self.tag}").absolute()

    @property
    def script(self) -> Path:
        """The script's file."""
        return (self.folder / f"{self.name}.sh").absolute()

    def marks(self, numbers: Collection[int]) -> dict[int, int]:
        """Return the exit codes of those jobs of `numbers` that left a mark."""
        os.listdir(self.folder)  # noqa: PTH208, makes a network file system look again
        marks = {}
        for number in numbers:
            mark = self.stem.with_name(f"{self.stem.name}.{number}.done")
            if mark.exists():
                code = code_of(mark.read_text(encoding="utf-8", errors="replace"))
                marks[number] = 1 if code is None else code
        return marks

    def output(self, number: int) -> list[str]:
        """Return the lines that the script, or the scheduler about it, said outside of the job's
        log.
        """
        try:
            return (
                output_of(self.stem, number)
                .read_text(encoding="utf-8", errors="replace")
                .splitlines()
            )
        except OSError:
            return []

    def write_script(self, text: str) -> None:
        """Write the script; what earlier submissions left goes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clear()
        self.script.write_text(text, encoding="utf-8")

    def clear(self) -> None:
        """Remove marks and outputs."""
        left = re.compile(re.escape(self.name) + r"\.[0-9a-f]{8}\.\d+\.(done|out)")
        for path in self.folder.iterdir():
            if left.fullmatch(path.name):
                path.unlink(missing_ok=True)


def text(jobs: JobArray, number: str, place: Place, watch_stdin: bool = False) -> str:
    """Return the script; `number` is a number, or shell words for it.

    With `watch_stdin` the end of its standard input ends it.
    """
    exported = {name: os.environ[name] for name in TAKEN if name in os.environ}
    # Schedulers give a job one processor unless it asks for more.
    exported["OMP_NUM_THREADS"] = str(jobs.num_threads)
    # An experiment of a study is a job that has jobs, for which the queue gave it what they need.
    exported["cmd_backend"] = "local"
    runner = [
        sys.executable,
        "-m",
        "parp_espnet.bin.run_local",
        "--num_threads",
        str(jobs.num_threads),
    ]
    array = f'{jobs.name}="${{number}}"' if jobs.name is not None else ""
    earlier = f'{shlex.quote(str(place.folder.absolute()))}/"${{log##*/}}.requeued${{restarts}}"'
    return "\n".join(
        [
            "#!/bin/bash",
            f"number={number}",
            f"log={shlex.quote(jobs.log)}",
            f"log=${{log//{jobs.name}/${{number}}}}" if jobs.name is not None else "",
            f"mark={shlex.quote(str(place.stem))}.${{number}}.done",
            f"cd {shlex.quote(str(Path.cwd()))} || exit",
            "# What an attempt left after which the scheduler itself put the job into the queue "
            "again.",
            "restarts=${SLURM_RESTART_COUNT:-${RESTARTED:-0}}",
            'rm -f "${mark}"',
            f'if [ "${{restarts}}" != 0 ] && [ -e "${{log}}" ]; then mv -f "${{log}}" '
            f"{earlier}; fi",
            "# As Kaldi's commands do.",
            "if [ -f path.sh ]; then . ./path.sh; fi",
            "unset train_cmd data_cmd stats_cmd study_cmd cuda_cmd decode_cmd",
            *(f"export {name}={shlex.quote(value)}" for name, value in exported.items()),
            "# The scheduler tells us that the end is near; the command says so in its log.",
            'trap \'kill -TERM "${job}" 2>/dev/null; wait "${job}"\' TERM USR1',
            f"{shlex.join(runner)} {array} {shlex.quote(jobs.log)} {shlex.join(jobs.command)} &",
            "job=$!",
            *(WATCH if watch_stdin else ()),
            'wait "${job}"',
            "code=$?",
            'tail -n 1 "${log}" >"${mark}.tmp" && mv "${mark}.tmp" "${mark}"',
            *(['kill "${watch}"'] if watch_stdin else []),
            'exit "${code}"',
            "",
        ]
    )
