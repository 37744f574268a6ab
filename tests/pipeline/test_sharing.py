"""What several runs read: nobody makes it anew while one of them goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.glue.settings import Settings
from parp_espnet.locks import Uses
from parp_espnet.pipeline.acts import Act, First, LeftOut
from parp_espnet.pipeline.conduct import conduct, show
from parp_espnet.pipeline.running import InUseError, run
from parp_espnet.pipeline.step import Step, overdue

USED = Path(".steps/copy.used")


@pytest.fixture
def other() -> Iterator[Uses]:
    """What another run uses."""
    with Uses("exp/other") as uses:
        yield uses


def change_input(step: Step) -> Step:
    Path("in").write_text("two")
    return step


def change_command(step: Step) -> Step:
    return replace(step, command=("cp", "--force", "in", "out"))


def remove_output(step: Step) -> Step:
    Path("out").unlink()
    return step


def lose_record(step: Step) -> Step:
    step.record.unlink()
    return step


def damage_output(step: Step) -> Step:
    Path("out").write_text("half")
    return step


CHANGES = [change_input, change_command, remove_output, lose_record, damage_output]


@pytest.mark.parametrize("change", CHANGES)
def test_what_another_run_reads_is_not_made_anew(
    change: Callable[[Step], Step], step: Step, other: Uses
) -> None:
    run(step, other)
    changed = change(step)
    there = Path("out").read_text() if Path("out").exists() else None
    with (
        pytest.raises(
            InUseError,
            match=r"stage 2 \(copy\) copy: would be made again, since .*, while .* reads what is "
            r"there; wait for that \(--wait true\) or end it",
        ),
        Uses("exp/mine") as mine,
    ):
        run(changed, mine)
    assert (Path("out").read_text() if Path("out").exists() else None) == there
    other.__exit__()
    assert run(changed) == 0


def test_who_reads_it_is_told(step: Step) -> None:
    script = (
        "import sys; from pathlib import Path; from parp_espnet.locks import Uses;"
        "uses = Uses('exp/theirs'); uses.keep(Path(sys.argv[1])); print(); sys.stdin.read()"
    )
    run(step)
    theirs = subprocess.Popen(
        [sys.executable, "-c", script, str(USED)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert theirs.stdout is not None
    theirs.stdout.readline()
    Path("in").write_text("two")
    with pytest.raises(InUseError, match=rf"while process {theirs.pid} on \S+ \(exp/theirs\) read"):
        run(step)
    theirs.kill()
    theirs.communicate()
    assert run(step) == 0, "a lock falls with its holder"


def test_runs_share_what_is_complete(step: Step, other: Uses) -> None:
    run(step, other)
    with Uses("exp/mine") as mine:
        assert run(step, mine) == 0
        other.__exit__()
        Path("in").write_text("two")
        with pytest.raises(InUseError):
            run(step)
        assert run(step, mine) == 0, "who alone reads it may make it anew"
    assert Path("out").read_text() == "two"


def test_what_the_user_alone_reads_is_made_by_whoever_comes(step: Step, other: Uses) -> None:
    for alone in (replace(step, of_user_alone=True), replace(step, outputs=())):
        run(alone, other)
        Path("in").write_text(f"{alone.outputs}")
        assert run(alone) == 0


@pytest.fixture
def sized() -> Callable[[Step, int], Step]:
    """A function that returns a step which leaves a set of its own for each size, and one that all
    have.
    """

    def make(step: Step, size: int) -> Step:
        script = 'cp in out; cp in "out$2"'
        return replace(
            step,
            command=("bash", "-c", script, "sized", "--size", str(size)),
            outputs=(),
            editable=(Path(f"out{size}"), Path("out")),
            asked=(Path(f"out{size}"),),
            adds=("--size",),
        )

    return make


def test_a_file_more_is_made_while_others_are_read(
    step: Step, sized: Callable[[Step, int], Step], other: Uses
) -> None:
    run(sized(step, 1), other)
    assert run(sized(step, 2)) == 0
    assert Path("out2").exists()
    with pytest.raises(InUseError):
        run(replace(sized(step, 1), command=("cp", "in", "out1")))


def test_a_file_more_is_no_change_of_what_a_run_has_read(
    step: Step, sized: Callable[[Step, int], Step]
) -> None:
    run(sized(step, 1))
    run(sized(step, 2))
    assert overdue(sized(step, 1)) is None
    Path("in").write_text("two")
    assert overdue(sized(step, 1)) == "in has changed"


@pytest.mark.parametrize("what", ["in", "out"])
def test_a_file_more_is_not_made_where_that_changes_others(
    what: str, step: Step, sized: Callable[[Step, int], Step], other: Uses
) -> None:
    run(sized(step, 1), other)
    Path(what).write_text("other")
    with pytest.raises(InUseError):
        run(sized(step, 2))


def test_a_folder_that_was_removed_is_made_again(step: Step, other: Uses) -> None:
    run(step, other)
    for file in USED.parent.iterdir():
        file.unlink()
    assert run(step, other) == 0
    Path("in").write_text("two")
    with pytest.raises(InUseError):
        run(step)


@dataclass(frozen=True)
class Listed:
    """An experiment that does what it is told."""

    told: tuple[Act, ...]
    settings: Settings = field(default_factory=lambda: Settings(recipe=Path()))
    exp: Path = Path("exp/mine")
    exported: dict[str, str] = field(default_factory=dict)
    uses_gpu: bool = False

    def acts(self) -> Iterator[Act]:
        yield from self.told


def test_a_run_has_what_its_steps_left_until_it_ends(step: Step) -> None:
    """Of its own steps, of those of an experiment that it needs, and of those that it leaves
    out.
    """
    needed = replace(step, record=Path(".steps/needed.json"), outputs=(Path("needed"),))
    needed = replace(needed, command=("cp", "in", "needed"))
    left = replace(step, record=Path(".steps/left.json"), outputs=(Path("left"),))
    left = replace(left, command=("cp", "in", "left"))
    run(left)
    held = " && ".join(f"! flock --nonblock .steps/{name}.used true" for name in (
        "copy", "needed", "left"
    ))  # fmt: skip
    look = Step("stage 8 (look)", ("bash", "-c", held), Path(".steps/look.json"))
    first = First("stage 6 (first mask)", Listed((needed,), exp=Path("exp/needed")))
    conduct(Listed((LeftOut((left,)), step, first, look)))
    assert json.loads(look.record.read_text())["complete"]
    Path("in").write_text("two")
    assert run(step) == run(needed) == run(left) == 0


CONDUCT = """
import os, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, os.environ["TESTS"])
from test_sharing import Listed
from parp_espnet.bin.run_stages import _conducted
from parp_espnet.errors import command
from parp_espnet.glue.settings import Settings
from parp_espnet.pipeline.step import Step
from parp_espnet.queues.signals import unless_terminated

step = Step("stage 2 (copy)", ("cp", "in", "out"), Path(".steps/copy.json"), (Path("in"),),
            (Path("out"),))

@command
def main():
    settings = Settings(recipe=Path(), wait=sys.argv[1] == "wait")
    sys.exit(unless_terminated(lambda: _conducted(Listed((step,), settings))))

main()
"""


@pytest.fixture
def conducted() -> Callable[[str], "subprocess.Popen[str]"]:
    """A function that starts a run of the step in a process of its own."""

    def start(how: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", CONDUCT, how],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TESTS": str(Path(__file__).parent)},
        )

    return start


def until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    assert any(words in line for line in process.stderr)


def test_another_run_is_waited_for_where_that_is_asked(
    step: Step,
    other: Uses,
    conducted: Callable[[str], "subprocess.Popen[str]"],
    end_of: Any,
) -> None:
    run(step, other)
    Path("in").write_text("two")
    refused = conducted("refuse")
    _, said = end_of(refused)
    assert refused.returncode == 2
    assert "error: stage 2 (copy) copy: would be made again" in said
    waiting = conducted("wait")
    until(waiting, "reads what is there; waiting for it")
    assert Path("out").read_text() == "one"
    # It holds nothing meanwhile.
    assert run(replace(step, record=Path("exp/mine/.phn.json"))) == 0
    Path("out").write_text("one")
    other.__exit__()
    end_of(waiting)
    assert waiting.returncode == 0
    assert Path("out").read_text() == "two"


def test_what_another_one_has_made_anew_meanwhile_is_shared(
    step: Step,
    other: Uses,
    conducted: Callable[[str], "subprocess.Popen[str]"],
    end_of: Any,
) -> None:
    run(step, other)
    Path("in").write_text("two")
    waiting = conducted("wait")
    until(waiting, "waiting for it")
    run(step, other)
    _, said = end_of(waiting)
    assert waiting.returncode == 0
    assert "copy: complete, skipped" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_waits_can_be_ended(
    number: int,
    step: Step,
    other: Uses,
    conducted: Callable[[str], "subprocess.Popen[str]"],
    end_of: Any,
) -> None:
    run(step, other)
    Path("in").write_text("two")
    waiting = conducted("wait")
    until(waiting, "waiting for it")
    waiting.send_signal(number)
    _, said = end_of(waiting)
    assert waiting.returncode == 128 + number
    assert "Traceback" not in said


def test_what_changes_while_a_run_goes_on_is_told_at_its_end(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    edit = Step("stage 8 (edit)", ("bash", "-c", "echo two >in"), Path(".steps/edit.json"))
    conduct(Listed((step, edit)))
    said = capsys.readouterr().err
    assert (
        "warning: stage 2 (copy) copy would be made again, since in has changed; that changed "
        "during this run; the same command mends it" in said
    )
    conduct(Listed((step, edit)))
    assert "warning" not in capsys.readouterr().err


def test_a_run_that_is_refused_leaves_nothing_held(step: Step, other: Uses) -> None:
    run(step, other)
    Path("in").write_text("two")
    with pytest.raises(UserError, match="would be made again"):
        conduct(Listed((step,)))
    other.__exit__()
    assert run(step) == 0


def test_a_dry_run_holds_nothing_and_tells_what_is_left_out(
    step: Step, other: Uses, capsys: pytest.CaptureFixture[str]
) -> None:
    run(step, other)
    Path("in").write_text("two")
    show(Listed((LeftOut((step,)), step)))
    shown = capsys.readouterr()
    assert "cp in out  # again, since in has changed" in shown.out
    assert "since in has changed; this call leaves that stage out" in shown.err
