"""What somebody has put or changed among the files that a step leaves."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.running import run
from parp_espnet.pipeline.step import Step


@pytest.mark.parametrize("writes", ["cp in out", "cp in out; exit 1"])
def test_what_was_there_before_a_step_first_ran_is_kept(
    writes: str, step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out").write_text("by hand")
    editable = replace(step, outputs=(), editable=(Path("out"),))
    writing = replace(editable, command=("bash", "-c", writes))
    run(writing)
    assert (Path("out").read_text(), Path("out.edited").read_text()) == ("one", "by hand")
    said = "out was made by somebody else; that version is kept as out.edited\n"
    assert capsys.readouterr().err.count(said) == 1
    run(editable)
    assert said not in capsys.readouterr().err
    assert not Path("out.edited2").exists()


@pytest.mark.parametrize("command", ["cp in out", "true", "echo elsewhere; exit 1"])
def test_what_a_step_leaves_as_it_was_has_no_copy(
    command: str, step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    """Among them sets whose records are lost, and what a maker refuses to replace."""
    Path("out").write_text("one")
    editable = replace(step, outputs=(), editable=(Path("out"),))
    run(replace(editable, command=("bash", "-c", command)))
    assert "somebody else" not in capsys.readouterr().err
    assert not list(Path().glob("out.edited*"))


def test_what_a_step_removes_that_was_not_its_own_is_kept(step: Step) -> None:
    Path("out").write_text("by hand")
    editable = replace(step, outputs=(), editable=(Path("out"),))
    with pytest.raises(UserError, match="left no out"):
        run(replace(editable, command=("rm", "out")))
    assert Path("out.edited").read_text() == "by hand"


@pytest.mark.parametrize("before", ["exit 1", "true", "kill -9 $PPID"])
def test_what_a_step_has_let_be_is_kept_when_it_is_replaced_later(before: str, step: Step) -> None:
    Path("out").write_text("by hand")
    editable = replace(step, outputs=(), editable=(Path("out"),))
    child = os.fork()
    if child == 0:
        run(replace(editable, command=("bash", "-c", before)))
        os._exit(0)
    os.waitpid(child, 0)
    run(editable)
    assert (Path("out").read_text(), Path("out.edited").read_text()) == ("one", "by hand")
    Path("in").write_text("two")
    run(editable)
    assert not Path("out.edited2").exists()


def test_a_copy_that_was_there_before_stays(step: Step) -> None:
    for name in ("out", "out.edited"):
        Path(name).write_text("by hand")
    run(replace(step, outputs=(), editable=(Path("out"),), command=("true",)))
    assert Path("out.edited").read_text() == "by hand"


@pytest.mark.parametrize("ends", ["mkdir d; cp in d/out", "exit 1"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_script_that_removes_all_does_not_remove_the_copy(
    is_known: bool, ends: str, step: Step
) -> None:
    Path("d").mkdir()
    out = Path("d/out")
    command = ("bash", "-c", f"rm -rf d; {ends}")
    of_user = replace(step, outputs=(), editable=(out,), of_user=True, command=command)
    if is_known:
        run(replace(of_user, command=("cp", "in", "d/out")))
    out.write_text("by hand")
    run(of_user)
    assert Path("d/out.edited").read_text() == "by hand"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_file_is_left_to_the_command(make: Callable[[Path], object], step: Step) -> None:
    make(Path("out"))
    editable = replace(step, outputs=(), editable=(Path("out"),))
    assert run(replace(editable, command=("bash", "-c", "rm -r out; cp in out"))) == 0
    assert not list(Path().glob("out.edited*"))


def test_what_a_script_may_leave_is_kept(step: Step) -> None:
    """Of files that need not be there, those that it makes are its own."""
    step = replace(step, record=Path("d/.steps/local.json"), outputs=(), of_user=True)
    script = replace(step, perhaps=("*/text",))
    for name in ("by_hand", "made"):
        (Path("d") / name).mkdir(parents=True)
    Path("d/by_hand/text").write_text("by hand")
    run(replace(script, command=("cp", "in", "d/made/text")))
    for number in ("two", "three"):
        Path("in").write_text(number)
        run(replace(script, command=("cp", "in", "d/made/text")))
    assert not list(Path().rglob("*.edited*"))
    run(replace(script, command=("tee", "d/made/text", "d/by_hand/text")))
    assert [str(path) for path in Path().rglob("*.edited*")] == ["d/by_hand/text.edited"]


def test_every_version_that_someone_edited_is_kept(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    editable = replace(step, outputs=(), editable=(Path("out"),))
    run(editable)
    for number, corrected in enumerate(("first", "second", "first", "third")):
        Path("out").write_text(corrected)
        Path("in").write_text(f"{number}")
        run(editable)
        assert Path("out").read_text() == f"{number}"
    kept = {path.name: path.read_text() for path in Path().glob("out.edited*")}
    assert kept == {"out.edited": "first", "out.edited2": "second", "out.edited3": "third"}
    said = capsys.readouterr().err
    assert [f"kept as out.edited{number}\n" in said for number in ("", 2, 3, 4)] == [
        *(True, True, True), False,
    ]  # fmt: skip


def test_what_is_edited_after_a_failure_is_kept(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    editable = replace(step, outputs=(), editable=(Path("out"),))
    run(editable)
    Path("out").write_text("first")
    Path("in").write_text("two")
    assert run(replace(editable, command=("false",))) != 0
    assert Path("out.edited").read_text() == "first"
    assert run(replace(editable, command=("false",))) != 0
    assert not Path("out.edited2").exists()
    Path("out").write_text("second")
    assert run(editable) == 0
    assert (Path("out").read_text(), Path("out.edited2").read_text()) == ("two", "second")
    run(editable)
    assert "complete, skipped" in capsys.readouterr().err


@pytest.mark.parametrize("fails", ["exit 1", "kill -9 $$"])
def test_what_a_command_writes_before_it_fails_is_no_edit(
    fails: str, step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    editable = replace(step, outputs=(), editable=(Path("out"),))
    run(editable)
    half = replace(editable, command=("bash", "-c", f"echo half >out; {fails}"))
    for _ in range(2):
        assert run(half) != 0
    assert run(editable) == 0
    assert "was edited" not in capsys.readouterr().err
    assert not list(Path().glob("out.edited*"))
    # What is edited then is, as ever.
    assert run(half) != 0
    Path("out").write_text("mine")
    run(editable)
    assert Path("out.edited").read_text() == "mine"


def test_what_someone_edits_is_right_until_it_is_made_again(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    counting = ("bash", "-c", "echo run >>runs; cp in out")
    editable = replace(step, outputs=(), editable=(Path("out"),), command=counting)
    run(editable)
    Path("out").write_text("corrected")
    run(editable)
    run(editable)
    assert (Path("out").read_text(), Path("runs").read_text()) == ("corrected", "run\n")
    Path("in").write_text("two")
    run(editable)
    assert Path("out").read_text() == "two"
    assert Path("out.edited").read_text() == "corrected"
    assert "out was edited; that version is kept as out.edited" in capsys.readouterr().err
    Path("out").unlink()
    run(editable)
    assert Path("runs").read_text().count("run") == 3
