import os
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pipeline.step import Step, describe, run


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """A step that copies `in` to `out` and counts its runs in `runs`."""
    monkeypatch.chdir(tmp_path)
    Path("in").write_text("one")
    command = ("bash", "-c", "echo run >>runs; cp in out")
    return Step("stage 1 (copy)", command, Path(".steps/copy.json"), (Path("in"),), (Path("out"),))


def runs() -> int:
    return len(Path("runs").read_text().splitlines())


def test_a_complete_step_is_skipped_and_says_so(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(step) == 0
    assert run(step) == 0
    assert runs() == 1
    assert "stage 1 (copy) copy: complete, skipped" in capsys.readouterr().err


def test_a_step_runs_again_when_an_input_has_changed(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    run(step)
    Path("in").write_text("two")
    run(step)
    assert Path("out").read_text() == "two"
    assert "again, since in has changed" in capsys.readouterr().err


def test_a_step_runs_again_when_a_recording_has_changed(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a b.wav").write_bytes(b"one")
    Path("wav.scp").write_text("1 a b.wav\n2 sph2pipe x |\n3 gone.wav\n")
    listing = replace(step, recordings=(Path("wav.scp"),))
    run(step)
    # Those who ran it before recordings were looked at run it once more.
    run(listing)
    assert "again, since other inputs" in capsys.readouterr().err
    run(listing)
    assert runs() == 2
    Path("a b.wav").write_bytes(b"other")
    run(listing)
    assert "again, since what wav.scp names has changed" in capsys.readouterr().err
    Path("gone.wav").write_bytes(b"there")
    run(listing)
    before = Path("a b.wav").stat()
    Path("a b.wav").write_bytes(b"OTHER")
    os.utime("a b.wav", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    run(listing)
    assert runs() == 5
    with pytest.raises(UserError, match=r"cannot read lost\.scp .*an earlier stage makes it"):
        run(replace(step, recordings=(Path("lost.scp"),)))


def test_a_step_runs_again_when_its_output_is_gone(step: Step) -> None:
    run(step)
    Path("out").unlink()
    run(step)
    assert runs() == 2


def test_a_step_runs_again_when_a_recording_that_it_made_is_gone(step: Step, capsys) -> None:
    script = "echo run >>runs; touch a.wav; echo 'a a.wav' >wav.scp; echo 'b true |' >>wav.scp"
    making = replace(step, command=("bash", "-c", script), outputs=(Path("wav.scp"),))
    run(making)
    run(making)
    assert runs() == 1
    Path("a.wav").unlink()
    run(making)
    assert runs() == 2
    assert "again, since a.wav is gone" in capsys.readouterr().err


def test_a_changed_command_is_described(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    run(replace(step, command=("cp", "in", "out")))
    run(replace(step, command=("cp", "--force", "in", "out")))
    assert "again, since nothing is now --force" in capsys.readouterr().err


def test_words_aside_do_not_make_it_another_command(step: Step) -> None:
    run(step)
    run(replace(step, aside=("--nj", "4")))
    assert runs() == 1


def test_what_took_long_is_not_started_over(step: Step) -> None:
    kept = replace(step, record=Path("exp/tag/.steps/train.json"), keep=True)
    run(kept)
    Path("in").write_text("two")
    with pytest.raises(UserError, match=r"exp/tag was made with other settings \(in has changed\).*--phn_tag"):
        run(replace(kept, inputs=(), settings=(Path("in"),)))
    assert Path("out").read_text() == "one"


def test_an_interrupted_step_is_known_and_continues(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    failing = replace(step, command=("bash", "-c", "[ -e ready ] && touch out"))
    assert run(failing) == 1
    assert read_json(step.record)["complete"] is False
    Path("ready").touch()
    assert run(failing) == 0
    assert "copy: continued" in capsys.readouterr().err


def test_a_kept_step_that_was_begun_with_other_settings_is_not_continued(step: Step) -> None:
    failing = replace(step, command=("false",), keep=True)
    assert run(failing) == 1
    with pytest.raises(UserError, match="other settings"):
        run(replace(failing, command=("true",)))


def test_a_command_that_leaves_no_output(step: Step) -> None:
    with pytest.raises(UserError, match="ended well but left no out"):
        run(replace(step, command=("true",)))


def test_a_missing_input(step: Step) -> None:
    with pytest.raises(UserError, match=r"cannot read gone .*an earlier stage makes it"):
        run(replace(step, inputs=(Path("gone"),)))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b"null", b"[]", b"\xff\x00", b'{"command": null, "inputs": null, "complete": null}',
                b'{"command": ["cp"], "inputs": {"in": 1}, "complete": true}', b"[" * 100000],
)  # fmt: skip
def test_a_damaged_record_is_as_none(step: Step, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    step.record.parent.mkdir()
    step.record.write_bytes(content)
    assert run(step) == 0
    assert run(step) == 0
    assert runs() == 1
    assert "copy: started" in capsys.readouterr().err


def test_a_dry_run_shows_the_whole_command(step: Step) -> None:
    queued = replace(step, runner=("queue.pl", "--mem", "4G"), log=Path("x y.log"), command=("cp", "a b", "c"))
    assert describe(queued) == "stage 1 (copy): queue.pl --mem 4G 'x y.log' cp 'a b' c"
