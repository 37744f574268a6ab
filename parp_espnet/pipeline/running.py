"""Runs a step: its record is written before the command starts, and again when it has ended."""

import errno
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import looks_of
from parp_espnet.interpreter import unshielded
from parp_espnet.locks import Uses, is_free, locked
from parp_espnet.pipeline.aside import holds_training, set_aside, thin_out
from parp_espnet.pipeline.contents import Contents, is_whole
from parp_espnet.pipeline.edits import (
    OF_OTHERS,
    Copy,
    keep_edited,
    look_after,
    of_others,
    open_files,
)
from parp_espnet.pipeline.follow import follow
from parp_espnet.pipeline.record import SEEN, Record, listed, named
from parp_espnet.pipeline.step import Look, Step, all_outputs, look_at
from parp_espnet.progress import say

POLL_SECONDS = 1.0
"""How often is looked whether others have ended."""
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


class InUseError(UserError):
    """What a step would make anew is what another run reads."""

    def __init__(self, step: Step, holders: str, reason: str) -> None:
        name = f"{step.label} {step.record.stem}"
        self.words = (
            f"{name}: would be made again, since {reason}, while {holders} reads what is there"
        )
        super().__init__(
            f"{self.words}; wait for that (--wait true) or end it, or use another recipe directory "
            f"(of speech, an absolute --expdir has data of its own)"
        )
        self._record = step.record
        self._looks = looks_of(step.record)

    def wait(self) -> None:
        """Return when no other run needs it, or when one has made it anew."""
        making, used = _locks(self._record)
        while not is_free(making, used) and looks_of(self._record) == self._looks:
            time.sleep(POLL_SECONDS)


def run(step: Step, uses: Uses | None = None) -> int:
    """Run a step unless it is complete; return its command's exit code.

    Another process at the same step is waited for.

    Args:
        uses: of the run that it is a step of; what it leaves stays what it is until these are given
            back.

    Raises:
        UserError: an input is missing, `keep` forbids to start over, or the command ended well
            without leaving its outputs.
        InUseError: another run reads what it would make anew.
    """
    making, used = _locks(step.record)
    of_run = Uses(str(step.directory)) if uses is None else uses
    with locked(making, wait=True):
        code: int | None = None
        try:
            code = _run(step, of_run, used)
        finally:
            if code != 0 or uses is None:
                # Who waits at this step is next, and would find it in use.
                of_run.give_back(used)
        return code


def _run(step: Step, uses: Uses, used: Path) -> int:
    contents = Contents(step.record.with_suffix(SEEN))
    look = look_at(step, contents)
    if look.complete:
        _remember(step, look.now, contents, look.then)
        _keep(step, uses)
        _say(step, "complete, skipped")
        return 0
    _refuse(step, look)
    if step.is_read and not _only_adds(step, look, contents):
        holders = uses.alone(used)
        if holders:
            raise InUseError(step, holders, look.reason or "it was not complete")
    copies = _begin(step, look, contents)
    environment = unshielded() if step.of_user else None
    code: int | None = None
    try:
        code = follow(
            step.words,
            step.label,
            step.progress,
            step.log,
            total=step.total,
            environment=environment,
        )
    finally:
        others = of_others(copies)
        look_after(step, copies)
        if code != 0:
            # What a command wrote before it failed is no edit of anybody's.
            _note(step, look.now, contents, others)
    if code == 0:
        missing = next((path for path in all_outputs(step) if not path.exists()), None)
        if missing is not None:
            raise UserError(f"{step.label}: the command ended well but left no {missing}")
        inputs = dict(look.now.inputs)
        for path in step.lists:
            inputs[listed(path)] = contents.of_listed(path)
        for path in step.rivals:
            # A script may begin with all of data/ removed.
            if not path.exists():
                inputs.pop(str(path), None)
        _remember(step, replace(look.now, inputs=inputs), contents, others=others)
        _keep(step, uses)
    return code


def keep_left(step: Step, uses: Uses) -> None:
    """See to it that what a step has left stays what it is, where it was ever run; who makes it
    anew is waited for.
    """
    if not step.is_read or not step.record.exists():
        return
    try:
        with locked(_locks(step.record)[0], wait=True):
            _keep(step, uses)
    except OSError as error:
        # Where we may only read there is no lock to be had.
        if error.errno not in READ_ONLY:
            raise


def _keep(step: Step, uses: Uses) -> None:
    if step.is_read:
        uses.keep(_locks(step.record)[1])


def _locks(record: Path) -> tuple[Path, Path]:
    """The lock of who makes what a step leaves, and that of who reads it."""
    return record.with_suffix(".lock"), record.with_suffix(".used")


def _only_adds(step: Step, look: Look, contents: Contents) -> bool:
    """Whether a step that runs again leaves files that were not there, and others as they are."""
    if look.then is None or not look.then.complete or not step.adds:
        return False
    if look.spoilt is not None and look.spoilt.exists():
        return False
    known = {str(path): look.then.outputs.get(str(path)) for path in step.editable}
    for path in step.editable:
        if path.exists() and contents.of_any(path) != known[str(path)]:
            return False
    aside = (*step.regardless, *step.adds)
    return look.then.change_to(look.now, (), contents, aside) is None


def _left(step: Step, contents: Contents) -> dict[str, str]:
    """What the step has left."""
    left = {str(path): contents.of_any(path) for path in (*step.outputs, *open_files(step))}
    own = [path for path in step.outputs if path.name == "wav.scp"]
    return left | {named(path): contents.of_recordings(path, path.parent) for path in own}


def _remember(
    step: Step,
    now: Record,
    contents: Contents,
    then: Record | None = None,
    others: Iterable[Path] = (),
) -> None:
    """Write the record of a complete step, unless it is what it was."""
    left = _left(step, contents) | dict.fromkeys(map(str, others), OF_OTHERS)
    if then is not None:
        # An edited file stays the one that the step did not leave.
        for path in open_files(step):
            name = str(path)
            if name in then.outputs:
                left[name] = then.outputs[name]
            elif path not in step.editable:
                # Of a set that was made after it.
                del left[name]
        left = then.outputs | left
    complete = replace(now, complete=True, outputs=left)
    if then is None or replace(then, base="") != complete:
        complete.write(step.record)
    contents.save()


def _refuse(step: Step, look: Look) -> None:
    if step.keep and look.change is not None and look.change.of_settings:
        raise UserError(
            f"{step.label}: {step.directory} was made with other settings ({look.change.words}); "
            "for a new experiment give --phn_tag NAME, or --glue_tag, or remove that directory to "
            "make it again"
        )


def _begin(step: Step, look: Look, contents: Contents) -> list[Copy]:
    """Say what is done and why, clear the way for it, and note that it was begun; return copies of
    what lies there and is not as a step left it.
    """
    unknown = step.afresh and look.then is None and holds_training(step.directory)
    if look.reason or unknown:
        _say(step, f"again, since {look.reason or 'its record is lost'}")
    else:
        _say(step, "started" if look.then is None else "continued")
    for scp in step.formatted:
        _check_format(step, scp)
    copies = keep_edited(step, look, contents)
    lost = (
        look.spoilt is not None and look.spoilt in step.outputs[:1] and os.path.lexists(look.spoilt)
    )
    if step.afresh and (look.change is not None or lost or unknown):
        _set_aside(step)
    elif look.spoilt is not None and look.spoilt in step.outputs:
        look.spoilt.unlink(missing_ok=True)
    _note(step, look.now, contents, of_others(copies))
    return copies


def _note(step: Step, now: Record, contents: Contents, others: Iterable[Path]) -> None:
    """Write the record of a step that is not complete: what somebody edits before it is tried again
    is kept then.
    """
    there = {str(path): contents.of_any(path) for path in open_files(step) if path.exists()}
    there |= dict.fromkeys(map(str, others), OF_OTHERS)
    replace(now, outputs=there).write(step.record)
    contents.save()


def _set_aside(step: Step) -> None:
    """Put away what the directory holds, and say where it is and what of it is no more."""
    model = next(iter(step.outputs), None)
    if model is not None and os.path.lexists(model) and not is_whole(model):
        # It would be kept in place of a whole one.
        model.resolve().unlink(missing_ok=True)
        model.unlink(missing_ok=True)
    place = set_aside(step.directory, step.spared, model)
    if place is None:
        return
    size = 0 if step.keep_earlier else thin_out(step.directory)
    removed = f"; models of earlier ones, {size / 1e6:.1f} MB, are removed" if size else ""
    _say(step, f"what was there before is in {place}{removed}")


def _check_format(step: Step, scp: Path) -> None:
    """Raise `UserError` where a recording is not as stage 2 leaves them."""
    # Imported here: a step that is complete needs no sound.
    from parp_espnet.pipeline.formatted import check_formatted  # noqa: PLC0415

    check_formatted(scp, step.label)


def _say(step: Step, what: str) -> None:
    say(f"{step.label} {step.record.stem}: {what}")
