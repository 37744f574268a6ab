"""A step of a stage: a command that is run once, remembered, and skipped while all that it has read
and left stays what it was.

The memory of a step is its record (`parp_espnet.pipeline.record`). It is written before the command
starts and again when it has ended, so an interrupted step is known as one.
"""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.pipeline.contents import ABSENT, Contents, is_whole
from parp_espnet.pipeline.record import SEEN, Change, Record, inside, listed, named, stale, without


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
    """Files that it leaves, which nobody else changes; the first takes longest to make."""
    keep: bool = False
    """Refuse to start over with other settings: what is there took long to make."""
    aside: tuple[str, ...] = ()
    """Words that end the command and do not change what it makes, such as a number of jobs."""
    regardless: tuple[str, ...] = ()
    """Options of the command whose value does not change what it makes, such as where it runs."""
    runner: tuple[str, ...] = ()
    """A command under Kaldi's queue contract that runs it, such as `queue.pl --mem 4G`."""
    log: Path | None = None
    progress: tuple[Path, ...] = ()
    total: int | None = None
    """Updates that the progress files together lead to."""
    recordings: tuple[Path, ...] = ()
    """Each a `wav.scp`: contents of the files that it names decide, too, by whatever name."""
    formatted: tuple[Path, ...] = ()
    """The same, of recordings that have to be as stage 2 leaves them."""
    optional: tuple[Path, ...] = ()
    """Inputs that need not be there; that one comes or goes is a change."""
    settings: tuple[Path, ...] = ()
    """Inputs that are a choice of the user's, and no data: `keep` is about them and the command."""
    trees: tuple[Path, ...] = ()
    """Folders (or single files) of others, such as a corpus."""
    speech: tuple[Path, ...] = ()
    """Folders of recordings that are learned from as they are: their contents decide."""
    lists: tuple[Path, ...] = ()
    """Outputs like a `wav.scp` that name what was read besides."""
    editable: tuple[Path, ...] = ()
    """Outputs that someone may edit: they have to be there, whatever they hold."""
    perhaps: tuple[str, ...] = ()
    """The same that need not be there: patterns of names in its directory."""
    rivals: tuple[Path, ...] = ()
    """Records of other steps that may have put files of theirs in the place of these since; they
    need not be there.
    """
    present: tuple[Path, ...] = ()
    """Outputs that other steps make: they have to be there."""
    asked: tuple[Path, ...] = ()
    """Outputs that not every run has left: words `aside` ask for them, or an earlier version called
    them otherwise.
    """
    renamed: tuple[tuple[Path, Path], ...] = ()
    """Inputs that had other names in earlier versions, each with its name of then."""
    afresh: bool = False
    """Where the data have changed, put the experiment aside instead of going on from it."""
    spared: tuple[str, ...] = ()
    """Names in that directory which stay: other steps made them."""
    of_user: bool = False
    """Whether it is a script of the user's, which may import what lies beside it."""
    keep_earlier: bool = False
    """Keep the models of all that was put aside, and not of the newest alone."""
    adds: tuple[str, ...] = ()
    """Options of the command by whose value it leaves files of their own, and all others as they
    are.
    """
    of_user_alone: bool = False
    """Whether what it leaves is read by the user, and by no other step."""
    records: tuple[Path, ...] = ()
    """Folders with the records of steps that this one runs: it is valid while they are."""

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command line, the runner's included."""
        command = (*self.command, *self.aside)
        return (*self.runner, str(self.log), *command) if self.runner else command

    @property
    def is_read(self) -> bool:
        """Whether others go on from what it leaves."""
        return not self.of_user_alone and any(map(bool, (self.outputs, self.editable, self.lists)))

    @property
    def directory(self) -> Path:
        """The experiment's directory, which has the record's folder."""
        return self.record.parent.parent

    @property
    def _setting_names(self) -> set[str]:
        return {str(path) for path in self.settings}


@dataclass(frozen=True)
class Look:
    """A step as it was and is."""

    then: Record | None
    now: Record
    change: Change | None = None
    spoilt: Path | None = None
    """An output that is gone, or not what was left."""
    words: str = ""
    """What is the matter with it."""

    @property
    def complete(self) -> bool:
        return (
            self.then is not None and self.then.complete and self.change is None and not self.words
        )

    @property
    def reason(self) -> str:
        return self.words if self.change is None else self.change.words


def describe(step: Step) -> str:
    """Return what `run` would do: the command, and as a comment behind it what is known now."""
    text = f"{step.label}: {shlex.join(step.words)}"
    told = state(step)
    return f"{text}  # {told}" if told else text


def state(step: Step) -> str:
    """Say whether a step is complete, or why it would be run again; nothing where it
    was never run.
    """
    try:
        look = look_at(step, Contents(step.record.with_suffix(SEEN)))
    except UserError:
        return ""
    if look.then is None:
        return ""
    if look.complete:
        return "complete"
    return f"again, since {look.reason}" if look.reason else "to be continued"


def overdue(step: Step) -> str | None:
    """Say why a step that is left out would be run again; None where it would not, or was never
    run.

    What is gone is taken as it was: who removes a corpus, say, has not changed the data. Files that
    were added beside its own change none of them.
    """
    step = replace(step, regardless=(*step.regardless, *step.adds))
    try:
        look = look_at(step, Contents(step.record.with_suffix(SEEN)))
    except UserError:
        return None
    if look.then is None or look.complete or not look.reason:
        return None
    if look.change is None:
        return None if look.spoilt is None or not look.spoilt.exists() else look.reason
    known = look.then.inputs.keys() == look.now.inputs.keys()
    commands = [without(record.command, step.regardless) for record in (look.then, look.now)]
    same = known and commands[0] == commands[1] and not step.records
    if same and look.then.changed_input(step.record, remember=False) is None:
        return None
    return look.reason


def look_at(step: Step, contents: Contents) -> Look:
    """Compare a step with its record. Raises `UserError` where an input is missing."""
    then = Record.read(step.record)
    now = _now(step, contents, then)
    if then is None:
        return Look(then, now)
    then = then.renamed(step.renamed)
    change = then.change_to(now, step._setting_names, contents, step.regardless)
    if change is None and (reason := stale(step.records)) is not None:
        change = Change(reason)
    spoilt = next(_spoilt(step, then, contents), None) if then.complete else None
    return Look(then, now, change, *(spoilt or (None, "")))


def _now(step: Step, contents: Contents, then: Record | None) -> Record:
    """What the step would be a run of, after that which its record is of."""
    inputs: dict[str, str] = {}
    for path in (*step.inputs, *step.settings):
        inputs[str(path)] = _known(step, path, contents.of)
    for path in (*step.recordings, *step.formatted):
        inputs[named(path)] = _known(step, path, contents.of_recordings)
    for path in step.optional:
        inputs[str(path)] = contents.of_any(path)
    for path in step.rivals:
        if _counts(path, step.record, then):
            inputs[str(path)] = contents.of_any(path)
    for path in step.trees:
        inputs[inside(path)] = contents.of_tree(path)
    for path in step.speech:
        inputs[inside(path)] = contents.of_whole(path)
    for path in step.lists:
        # Before the first run there is none.
        if path.exists():
            inputs[listed(path)] = _known(step, path, contents.of_listed)
    return Record(list(step.command), inputs)


def _counts(rival: Path, record: Path, then: Record | None) -> bool:
    """Whether a rival has run, and not merely before the step did in a version that knew of
    none.
    """
    if not rival.exists():
        return False
    known = then is None or str(rival) in then.inputs
    return known or rival.stat().st_mtime_ns > record.stat().st_mtime_ns


def _known(step: Step, path: Path, look: Callable[[Path], str]) -> str:
    try:
        return look(path)
    except OSError as error:
        raise UserError(
            f"{step.label}: cannot read {path} ({error.strerror}); an earlier stage makes it, "
            f"unless it is your own"
        ) from None


def all_outputs(step: Step) -> tuple[Path, ...]:
    """Everything that has to be there when it has ended."""
    return (*step.outputs, *step.editable, *step.present, *step.lists)


def _spoilt(step: Step, then: Record, contents: Contents) -> Iterator[tuple[Path, str]]:
    """Outputs that are not what the step left, with what is the matter."""
    for path in all_outputs(step):
        if not path.exists():
            if not _never_left(step, then, path):
                was = then.outputs.get(str(path), ABSENT) != ABSENT
                yield path, f"{path} is gone" if was else f"{path} is not there"
            continue
        scp = path.name == "wav.scp"
        if scp and (gone := contents.gone_recording(path)) is not None:
            yield path, f"{gone} is gone"
        if path not in step.outputs:
            continue
        left = then.outputs.get(str(path))
        if not is_whole(path) or (left is not None and contents.of_any(path) != left):
            yield path, f"{path} is not what was left there"
        own = then.outputs.get(named(path))
        if scp and own is not None and contents.of_recordings(path, path.parent) != own:
            yield path, f"a recording in {path.parent} is not what was left there"


def _never_left(step: Step, then: Record, path: Path) -> bool:
    """Whether an output is one that the step has not always had, and the record is of before."""
    is_own = path in (*step.outputs, *step.editable) and path not in step.asked
    return is_own and bool(then.outputs) and then.outputs.get(str(path), ABSENT) == ABSENT
