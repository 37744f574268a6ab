"""One job of a scheduler, and the wait for its end."""

import contextlib
import shlex
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from parp_espnet.errors import UserError
from parp_espnet.queues import contract, script
from parp_espnet.queues.contract import KILLED, JobArray
from parp_espnet.queues.scheduler import GONE, Scheduler, State, UnreachableError, ask
from parp_espnet.queues.signals import undisturbed

PROGRAM = "run_queue"
LOOK_SECONDS = 3.0
ASK_EVERY_SECONDS = 15.0
# A mark may be late on a network file system; it is not to be expected where the scheduler saw a
# failure.
PATIENCE_SECONDS = 60.0
SHORT_PATIENCE_SECONDS = 5.0
CANCEL_SECONDS = 60.0


@dataclass(frozen=True)
class End:
    """How a job ended: with a code of its own, or by the scheduler's hand."""

    code: int
    state: State
    marked: bool = True
    """Whether the job itself lived to say so."""


class Submission:
    """An array, or a single job, in the scheduler's hands."""

    def __init__(self, scheduler: Scheduler, jobs: JobArray, line: str) -> None:
        """Write the script, remove old logs; `line` is the submitting command with its options."""
        contract.make_room(PROGRAM, jobs)
        self.place = script.Place.beside(jobs)
        self._scheduler = scheduler
        self._numbers = jobs.numbers
        self._job: str | None = None
        self._answers = True
        self._told: set[str] = set()
        number = f"${{{scheduler.index}}}" if len(jobs.numbers) > 1 else str(jobs.numbers[0])
        self.place.write_script(script.text(jobs, number, self.place))
        for each in jobs.numbers:
            jobs.log_of(each).unlink(missing_ok=True)
        own = scheduler.own_options(jobs.numbers, jobs.max_jobs_run, self.place.stem)
        self._line = f"{line} {shlex.join([*own, str(self.place.script)])}"

    def run(self) -> Mapping[int, End]:
        """Submit; return, when all jobs have ended, how each one did. An exception that ends the
        wait cancels them.

        Raises `UserError` when the scheduler refuses them.
        """
        try:
            with undisturbed():
                self._job = self._submit()
            many = f"{len(self._numbers)} jobs" if len(self._numbers) > 1 else "one job"
            print(f"{PROGRAM}: {self._scheduler.title} has {many} as {self._job}", file=sys.stderr)
            ends = self._wait(self._job)
        except BaseException:
            if self._job is not None:
                self._cancel(self._job)
            raise
        if any(end.state.killed for end in ends.values()):
            # Of what would have waited for ever nothing stays in the queue.
            with contextlib.suppress(UnreachableError):
                self._scheduler.cancel(self._job)
        return ends

    def _submit(self) -> str:
        try:
            # The line is the site's, in a shell's syntax; -f leaves its asterisks alone.
            code, said = ask("bash", "-f", "-c", self._line)
        except UnreachableError as error:
            raise UserError(f"{PROGRAM}: {error}, while submitting: {self._line}") from None
        job = self._scheduler.job_id(said)
        if code != 0 or job is None:
            said = said or "it said nothing"
            raise UserError(
                f"{PROGRAM}: {self._scheduler.title} refused the job: {said} ({self._line})"
            )
        return job

    def _wait(self, job: str) -> dict[int, End]:
        ends: dict[int, End] = {}
        lost: dict[int, float] = {}
        pause, asking, asked = 0.1, 1.0, time.monotonic()
        while len(ends) < len(self._numbers):
            time.sleep(pause)
            pause = min(LOOK_SECONDS, 1.2 * pause)
            left = [number for number in self._numbers if number not in ends]
            marks = self.place.marks(left)
            sure = set()
            for number, code in marks.items():
                if code == 0 or not self._scheduler.explains:
                    sure.add(number)
                    ends[number] = End(code, GONE)
            # What failed otherwise may be the scheduler's doing, which only it can say.
            if len(sure) == len(marks) and not lost and time.monotonic() - asked < asking:
                continue
            asked, asking = time.monotonic(), min(ASK_EVERY_SECONDS, 1.5 * asking)
            states = self._ask(job)
            if states is None:
                continue
            self._tell_held(job, states.values())
            for number in left:
                state = states.get(number, GONE)
                if number in sure or state.alive:
                    lost.pop(number, None)
                elif number in marks:
                    ends[number] = End(marks[number], state)
                elif state.killed or time.monotonic() - lost.setdefault(
                    number, time.monotonic()
                ) > _patience(state):
                    ends[number] = End(state.code or KILLED, state, marked=False)
        return ends

    def _tell_held(self, job: str, states: Collection[State]) -> None:
        """Say once why jobs have not begun, where it is not that others are before them."""
        for state in states:
            said = str(state)
            if state.held and state.alive and said not in self._told:
                self._told.add(said)
                print(
                    f"{PROGRAM}: {self._scheduler.title} has not begun {job}, it says {said}; "
                    "still waiting",
                    file=sys.stderr,
                )

    def _ask(self, job: str) -> dict[int, State] | None:
        try:
            states = self._scheduler.states(job, self._numbers, self.place.stem)
        except UnreachableError as error:
            if self._answers:
                print(
                    f"{PROGRAM}: {self._scheduler.title} does not answer, still waiting: {error}",
                    file=sys.stderr,
                )
            self._answers = False
            return None
        self._answers = True
        return states

    def _cancel(self, job: str) -> None:
        """Cancel the job and wait until it is over: whoever comes next may write to the
        same files.
        """
        with undisturbed():
            try:
                self._scheduler.cancel(job)
                deadline = time.monotonic() + CANCEL_SECONDS
                while time.monotonic() < deadline:
                    states = self._scheduler.states(job, self._numbers, self.place.stem)
                    if not any(state.alive for state in states.values()):
                        return
                    time.sleep(0.5)
            except UnreachableError as error:
                print(f"{PROGRAM}: cannot cancel {job}: {error}", file=sys.stderr)


def _patience(state: State) -> float:
    return SHORT_PATIENCE_SECONDS if state.code else PATIENCE_SECONDS
