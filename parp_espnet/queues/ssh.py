"""Run jobs on machines that one can log into without a password, and that share this directory.

`.queue/machines` names them, one on a line, as for Kaldi's `ssh.pl`; each gets one job at a time
unless `--max_jobs_run` asks for more.
"""

import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.queues import contract, local, script
from parp_espnet.queues.contract import JobArray, Request
from parp_espnet.queues.options import ROOT, OptionMap
from parp_espnet.queues.scheduler import output_of

PROGRAM = "run_queue"
MACHINES = Path(".queue/machines")
NO_CONNECTION = 255  # ssh's own


def run(request: Request, config: OptionMap) -> int:
    """Run all jobs; return 0, or 1 when any failed. Ctrl-C and SIGTERM end them, on whatever
    machine.
    """
    machines = _machines()
    jobs = replace(request.jobs, max_jobs_run=request.jobs.max_jobs_run or len(machines))
    contract.make_room(PROGRAM, jobs)
    place = script.Place.beside(jobs)
    place.write_script(script.text(jobs, '"$1"', place, watch_stdin=True))
    busy: Counter[str] = Counter(dict.fromkeys(machines, 0))
    failed = local.run_all(jobs, lambda number: _SshJob(config.command, jobs, number, place, busy))
    if failed:
        ends = {number: _describe(jobs, number, code, place) for number, code in failed.items()}
        contract.show_failed(PROGRAM, jobs, ends)
    place.clear()
    return 1 if failed else 0


class _SshJob:
    """One job on the machine that has the fewest."""

    def __init__(
        self, command: str, jobs: JobArray, number: int, place: script.Place, busy: "Counter[str]"
    ) -> None:
        self._machine = min(busy, key=lambda name: busy[name])
        self._busy = busy
        self._log = jobs.log_of(number)
        self._log.unlink(missing_ok=True)
        there = f"bash {shlex.quote(str(place.script))} {number}"
        words = f"{command} {shlex.quote(self._machine)} {shlex.quote(there)}"
        with output_of(place.stem, number).open("wb") as output:
            # When we are gone, so is the other end of this pipe, by which the machine knows.
            self.process = subprocess.Popen(
                ["bash", "-f", "-c", f"exec {words}"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        busy[self._machine] += 1
        print(f"{PROGRAM}: job {number} is on {self._machine}", file=sys.stderr)

    def poll(self) -> int | None:
        code = self.process.poll()
        if code is not None:
            self._busy[self._machine] -= 1
            if self.process.stdin is not None:
                self.process.stdin.close()
        return code


def _describe(jobs: JobArray, number: int, code: int, place: script.Place) -> str:
    log = jobs.log_of(number)
    lines = []
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    ended = contract.code_of(lines[-1]) if lines else None
    if ended is not None:
        return f"ended with code {ended}"
    said = "; ".join(place.output(number)[-2:]) or "nothing"
    who = "ssh" if code == NO_CONNECTION else "the machine"
    return f"left no end in its log, {who} said: {said}"


def _machines() -> list[str]:
    path = MACHINES if MACHINES.exists() else ROOT / MACHINES
    if not path.exists():
        raise UserError(
            f"{PROGRAM}: {MACHINES}: no such file, here or in {ROOT}; it lists the machines, one "
            f"a line"
        )
    machines = list(filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())))
    if not machines or any(len(line.split()) > 1 for line in machines):
        raise UserError(f"{PROGRAM}: {path}: expected the name of a machine on each line")
    return machines
