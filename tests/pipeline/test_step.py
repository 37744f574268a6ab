import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pipeline.contents import Contents
from parp_espnet.pipeline.record import stale
from parp_espnet.pipeline.running import run
from parp_espnet.pipeline.step import Step, describe, overdue, state


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """A step that copies `in` to `out` and counts its runs in `runs`."""
    monkeypatch.chdir(tmp_path)
    Path("in").write_text("one")
    command = ("bash", "-c", "echo run >>runs; cp in out")
    return Step("stage 1 (copy)", command, Path(".steps/copy.json"), (Path("in"),), (Path("out"),))


def runs() -> int:
    return len(Path("runs").read_text().splitlines())


def test_a_complete_step_is_skipped_and_says_so(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(step) == 0
    assert run(step) == 0
    assert runs() == 1
    assert "stage 1 (copy) copy: complete, skipped" in capsys.readouterr().err


def test_a_step_runs_again_when_an_input_has_changed(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    run(step)
    Path("in").write_text("two")
    run(step)
    assert Path("out").read_text() == "two"
    assert "again, since in has changed" in capsys.readouterr().err


def test_a_step_runs_again_when_a_recording_has_changed(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
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
    assert "again, since --force is new" in capsys.readouterr().err


def test_a_command_that_was_called_otherwise_is_the_same(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    collect = replace(step, command=(*step.command, "parp_espnet.bin.train"))
    run(collect)
    record = read_json(step.record)
    record["command"] = [*step.command, "espnet2.bin.asr_train"]
    step.record.write_text(json.dumps(record))
    run(collect)
    assert runs() == 1
    assert "complete, skipped" in capsys.readouterr().err


def test_words_aside_do_not_make_it_another_command(step: Step) -> None:
    run(step)
    run(replace(step, aside=("--nj", "4")))
    assert runs() == 1


def test_options_of_where_it_runs_do_not_make_it_another_command(step: Step) -> None:
    script = step.command[-1]

    def command(*words: str) -> Step:
        return replace(
            step, command=("bash", "-c", script, *words), regardless=("--ngpu", "--cmd"), keep=True
        )

    run(command("--ngpu", "1", "--lr", "3", "--cmd", "--ngpu"))
    run(command("--ngpu", "0", "--lr", "3", "--cmd", "queue.pl"))
    assert runs() == 1
    assert overdue(command("--ngpu", "2", "--lr", "3", "--cmd", "x")) is None
    with pytest.raises(UserError, match=r"other settings \(3 is now 4\)"):
        run(command("--ngpu", "0", "--lr", "4", "--cmd", "queue.pl"))


def test_what_took_long_is_not_started_over(step: Step) -> None:
    kept = replace(step, record=Path("exp/tag/.steps/train.json"), keep=True)
    run(kept)
    Path("in").write_text("two")
    with pytest.raises(
        UserError, match=r"exp/tag was made with other settings \(in has changed\).*--phn_tag"
    ):
        run(replace(kept, inputs=(), settings=(Path("in"),)))
    assert Path("out").read_text() == "one"


def test_an_interrupted_step_is_known_and_continues(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
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
    "content", [b"", b"{", b"{}", b"null", b"[]", b"\xff\x00", b'{"command": null, "inputs": '
                                                               b'null, "complete": null}',
                b'{"command": ["cp"], "inputs": {"in": 1}, "complete": true}', b"[" * 100000],
)  # fmt: skip
def test_a_damaged_record_is_as_none(
    step: Step, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    step.record.parent.mkdir()
    step.record.write_bytes(content)
    assert run(step) == 0
    assert run(step) == 0
    assert runs() == 1
    assert "copy: started" in capsys.readouterr().err


def write_old_record(step: Step, **inputs: str) -> None:
    """A record as the first version wrote them."""
    step.record.parent.mkdir(exist_ok=True)
    record = {"command": list(step.command), "inputs": inputs, "complete": True}
    step.record.write_text(json.dumps(record))


def test_what_an_old_record_does_not_know_is_taken_as_it_is(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("more").write_text("more")
    Path("out").write_text("one")
    Path("wav.scp").write_text("1 in\n")
    known = hashlib.sha256(b"one").hexdigest()
    wide = replace(
        step, inputs=(Path("in"), Path("more")), recordings=(Path("wav.scp"),), keep=True
    )
    write_old_record(wide, **{"in": known, "an old one": known})
    Path("an old one").write_text("one")
    assert run(wide) == 0
    assert "complete, skipped" in capsys.readouterr().err
    # From now on it is known.
    for change in (Path("more"), Path("wav.scp")):
        run(wide)
        change.write_text("1 more\n")
        run(wide)
    assert runs() == 2


def test_what_an_old_record_knows_has_changed(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    known = hashlib.sha256(b"one").hexdigest()
    Path("out").touch()
    for inputs in (
        {"in": "0" * 64},
        {"in": known, "gone": known},
        {"in": known, "what wav.scp names": "0" * 64},
    ):
        Path("wav.scp").write_text("1 in\n")
        write_old_record(step, **inputs)
        run(replace(step, recordings=(Path("wav.scp"),)))
        name = list(inputs)[-1]
        assert f"again, since {name} has changed" in capsys.readouterr().err


def test_a_file_that_comes_or_goes_is_a_change(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = replace(step, optional=(Path("segments"),))
    run(asked)
    Path("segments").write_text("1 1 0 1\n")
    run(asked)
    assert "again, since segments is there now" in capsys.readouterr().err
    Path("segments").unlink()
    run(asked)
    assert "again, since segments is gone" in capsys.readouterr().err
    assert runs() == 3


def test_an_output_that_is_not_what_was_left_is_made_again(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    run(step)
    Path("out").write_text("on")
    run(step)
    assert Path("out").read_text() == "one"
    assert "again, since out is not what was left there" in capsys.readouterr().err
    os.utime("out")
    run(step)
    assert runs() == 2


def test_a_step_runs_again_after_a_rival_did(
    step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what both leave, an edit is what neither has left."""
    one = replace(step, outputs=(), editable=(Path("out"),), rivals=(Path(".steps/two.json"),))
    two = replace(
        one,
        command=("bash", "-c", "echo run >>runs; echo two >out"),
        record=Path(".steps/two.json"),
        rivals=(step.record,),
    )
    for number in range(1, 5):
        for _ in range(2):
            run(two if number % 2 else one)
        assert runs() == number
    assert not list(Path().glob("out.edited*"))
    Path("out").write_text("mine")
    capsys.readouterr()
    run(one)
    assert "complete, skipped" in capsys.readouterr().err
    run(two)
    assert "out was edited; that version is kept as out.edited" in capsys.readouterr().err
    assert Path("out.edited").read_text() == "mine"


def test_a_rival_that_a_step_removes_is_none_afterwards(step: Step) -> None:
    rival = Path(".steps/two.json")
    rival.parent.mkdir()
    rival.write_text("{}")
    removes = ("bash", "-c", "rm -rf .steps; echo run >>runs; cp in out")
    for _ in range(2):
        run(replace(step, command=removes, rivals=(rival,)))
    assert runs() == 1


@pytest.mark.parametrize(("age", "count"), [(-10, 1), (10, 2)])
def test_a_rival_that_ran_before_changes_nothing(age: int, count: int, step: Step) -> None:
    """The step's record may be of a version that knew of none."""
    run(step)
    rival = Path(".steps/two.json")
    rival.write_text("{}")
    now = step.record.stat().st_mtime_ns + age * 10**9
    os.utime(rival, ns=(now, now))
    beside = replace(step, rivals=(rival, Path(".steps/never.json")))
    for _ in range(2):
        run(beside)
    assert runs() == count


def test_what_a_list_names_was_read(step: Step) -> None:
    Path("a.wav").write_bytes(b"one")
    script = "echo run >>runs; echo '0 a.wav' >sources.scp"
    listing = replace(
        step, command=("bash", "-c", script), inputs=(), outputs=(), lists=(Path("sources.scp"),)
    )
    run(listing)
    run(listing)
    assert runs() == 1
    Path("a.wav").write_bytes(b"more")
    run(listing)
    run(listing)
    assert runs() == 2
    # Another one of the same size, put there with its time, as cp -p and rsync -t do.
    about = Path("a.wav").stat()
    Path("other.wav").write_bytes(b"MORE")
    os.utime("other.wav", ns=(about.st_atime_ns, about.st_mtime_ns))
    Path("other.wav").replace("a.wav")
    run(listing)
    assert runs() == 3
    Path("a.wav").unlink()
    run(listing)
    Path("sources.scp").unlink()
    run(listing)
    assert runs() == 5


def test_a_list_that_was_remembered_by_sizes_and_times_is_taken_as_it_is(step: Step) -> None:
    Path("a.wav").write_bytes(b"one")
    script = "echo run >>runs; echo 'a a.wav' >sources.scp"
    command = ("bash", "-c", script)
    listing = replace(step, command=command, inputs=(), outputs=(), lists=(Path("sources.scp"),))
    run(listing)
    record = read_json(listing.record)
    (name,) = record["inputs"]
    record["inputs"][name] = Contents().looks_of_listed(Path("sources.scp"))
    listing.record.write_text(json.dumps(record))
    assert state(listing) == "complete"
    Path("a.wav").write_bytes(b"more")
    assert state(listing).startswith("again, since what sources.scp lists has changed")
    Path("a.wav").write_bytes(b"one")
    assert state(listing) != "complete", "its time is another"


@pytest.fixture
def training(step: Step) -> Step:
    """A step that trains: what it leaves says what it was made from, and goes on from what is
    there.
    """
    script = "mkdir -p exp/tag; cat in >>exp/tag/model.pth; touch exp/tag/mask; echo run >>runs"
    outputs = (Path("exp/tag/model.pth"), Path("exp/tag/mask"))
    Path("conf").write_text("a")
    return replace(
        step, command=("bash", "-c", script), record=Path("exp/tag/.steps/train.json"),
        outputs=outputs,
        settings=(Path("conf"),), keep=True, afresh=True, spared=("experiment.json",),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def a_pth_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests' models are text."""
    take_for_whole(monkeypatch, lambda path: path.exists())


def take_for_whole(monkeypatch: pytest.MonkeyPatch, is_whole: Callable[[Path], bool]) -> None:
    for module in ("step", "running"):
        monkeypatch.setattr(f"parp_espnet.pipeline.{module}.is_whole", is_whole)


def test_other_data_begin_anew_and_other_settings_are_refused(training: Step, capsys) -> None:
    run(training)
    Path("exp/tag/experiment.json").touch()
    Path("in").write_text("two")
    run(training)
    said = capsys.readouterr().err
    assert "train: again, since in has changed" in said
    assert "train: what was there before is in exp/tag/earlier/1" in said
    assert Path("exp/tag/model.pth").read_text() == "two"
    assert Path("exp/tag/earlier/1/model.pth").read_text() == "one"
    assert Path("exp/tag/experiment.json").exists()
    Path("conf").write_text("b")
    Path("in").write_text("three")
    with pytest.raises(UserError, match=r"was made with other settings \(conf has changed\)"):
        run(training)
    assert runs() == 2


@pytest.mark.parametrize("kept", [False, True])
def test_many_corrections_keep_two_models_at_most(training: Step, kept: bool, capsys) -> None:
    for text in ("one", "two", "three", "four"):
        Path("in").write_text(text)
        run(replace(training, keep_earlier=kept))
    found = {str(path): path.read_text() for path in Path("exp/tag").rglob("*.pth")}
    earlier = {
        f"exp/tag/earlier/{n}/model.pth": text for n, text in ((1, "one"), (2, "two"), (3, "three"))
    }
    newest = dict(list(earlier.items())[0 if kept else 2 :])
    assert found == {"exp/tag/model.pth": "four", **newest}
    assert len(list(Path("exp/tag/earlier").glob("*/mask"))) == 3
    said = capsys.readouterr().err.splitlines()
    assert ("; models of earlier ones, 0.0 MB, are removed" in said[-1]) != kept


def test_a_damaged_model_is_not_kept_in_place_of_a_whole_one(training: Step, monkeypatch) -> None:
    run(training)
    Path("in").write_text("two")
    run(training)
    take_for_whole(monkeypatch, lambda path: path.read_text() != "dam")
    Path("exp/tag/model.pth").write_text("dam")
    run(training)
    found = {str(path): path.read_text() for path in Path("exp/tag").rglob("*.pth")}
    assert found == {"exp/tag/model.pth": "two", "exp/tag/earlier/1/model.pth": "one"}


def test_an_output_that_a_step_has_not_always_had_is_not_missed(step: Step) -> None:
    copying = replace(step, command=("bash", "-c", "echo run >>runs; cp in out; cp in report"))
    run(copying)
    Path("report").unlink()
    more = replace(copying, outputs=(*step.outputs, Path("report")))
    for _ in range(2):
        assert state(more) == "complete"
        run(more)
    assert runs() == 1
    Path("in").write_text("two")
    run(more)
    Path("report").unlink()
    assert state(more) == "again, since report is gone"


@pytest.mark.parametrize("what", ["inputs", "recordings", "trees", "optional"])
def test_what_changes_while_a_step_runs_is_seen_by_the_next(what: str, step: Step) -> None:
    Path("wav.scp").write_text("a in\n")
    path = Path("wav.scp") if what == "recordings" else Path("in")
    corrected = replace(step, **({"inputs": ()} | {what: (path,)}))
    changing = replace(
        corrected, command=("bash", "-c", "cp in out; [ -e seen ] || echo other >in; touch seen")
    )
    run(changing)
    assert Path("out").read_text() == "one"
    assert state(changing).startswith("again, since ")
    run(changing)
    assert Path("out").read_text() == "other\n"
    assert state(changing) == "complete"


def test_what_is_overdue_of_a_step_that_is_left_out(step: Step) -> None:
    assert overdue(step) is None, "it was never run"
    run(step)
    assert overdue(step) is None
    Path("in").write_text("two")
    assert overdue(step) == "in has changed"
    assert overdue(replace(step, command=("true",))) is not None
    Path("in").write_text("one")
    assert (
        overdue(replace(step, command=("true",)))
        == "bash -c 'echo run >>runs; cp in out' is now true"
    )
    Path("out").write_text("edited")
    assert overdue(step) == "out is not what was left there"
    # What is gone is taken as it was.
    Path("out").unlink()
    assert overdue(step) is None
    Path("in").unlink()
    assert overdue(step) is None


@pytest.mark.parametrize("what", ["recordings", "trees", "optional"])
def test_a_corpus_that_is_gone_is_not_overdue(what: str, step: Step) -> None:
    Path("corpus").mkdir()
    Path("corpus/a.wav").write_bytes(b"one")
    Path("wav.scp").write_text("a corpus/a.wav\n")
    path = {"recordings": "wav.scp", "trees": "corpus", "optional": "corpus/a.wav"}[what]
    reading = replace(step, **{what: (Path(path),)})
    run(reading)
    Path("corpus/a.wav").write_bytes(b"other")
    assert overdue(reading) is not None
    assert state(reading).startswith(f"again, since {overdue(reading)}")
    run(reading)
    Path("corpus/a.wav").unlink()
    Path("corpus").rmdir()
    assert overdue(reading) is None


def test_a_training_is_begun_anew_where_its_model_is_damaged_and_gone_through_where_all_else_is(
    training: Step,
) -> None:
    run(training)
    Path("exp/tag/mask").write_text("damaged")
    run(training)
    assert Path("exp/tag/model.pth").read_text() == "oneone", "it goes on from what is there"
    Path("exp/tag/model.pth").write_text("damaged")
    run(training)
    assert Path("exp/tag/model.pth").read_text() == "one"


def test_a_training_of_which_nothing_is_known_is_begun_anew(training: Step, capsys) -> None:
    run(training)
    training.record.write_text("{}")
    run(training)
    assert "train: again, since its record is lost" in capsys.readouterr().err
    assert Path("exp/tag/model.pth").read_text() == "one"


def test_an_interrupted_training_continues_with_the_same_data_and_not_with_others(
    training: Step,
) -> None:
    failing = replace(
        training,
        command=("bash", "-c", "mkdir -p exp/tag; cat in >>exp/tag/model.pth; [ -e ready ]"),
    )
    assert run(failing) == 1
    assert run(failing) == 1
    assert Path("exp/tag/model.pth").read_text() == "oneone"
    Path("in").write_text("two")
    assert run(failing) == 1
    assert Path("exp/tag/model.pth").read_text() == "two"


def test_a_step_that_runs_others_is_valid_while_they_are(
    step: Step, training: Step, capsys
) -> None:
    run(training)
    wave = replace(
        step,
        record=Path("results/wave.json"),
        inputs=(),
        records=(Path("exp/tag"), Path("exp/none")),
    )
    run(wave)
    run(wave)
    assert "wave: complete, skipped" in capsys.readouterr().err
    Path("in").write_text("two")
    run(wave)
    assert (
        "wave: again, since in has changed, which exp/tag/.steps/train.json has read"
        in capsys.readouterr().err
    )
    # Who removes what was read has not changed it.
    Path("in").unlink()
    Path("conf").unlink()
    assert stale([Path("exp/tag")]) is None


def test_records_are_read_from_any_folder(
    training: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(training)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert stale([tmp_path / "exp/tag"]) is None
    (tmp_path / "in").write_text("two")
    assert "in has changed" in (stale([tmp_path / "exp/tag"]) or "")


def test_a_dry_run_shows_the_whole_command(step: Step) -> None:
    queued = replace(
        step, runner=("queue.pl", "--mem", "4G"), log=Path("x y.log"), command=("cp", "a b", "c")
    )
    assert describe(queued) == "stage 1 (copy): queue.pl --mem 4G 'x y.log' cp 'a b' c"
    assert describe(step) == "stage 1 (copy): bash -c 'echo run >>runs; cp in out'"
    run(step)
    assert describe(step).endswith("  # complete")
    Path("in").write_text("two")
    assert describe(step).endswith("  # again, since in has changed")
    Path("in").unlink()
    assert describe(step).endswith("cp in out'")


@pytest.mark.parametrize("before", ["without", "with", "old record"])
def test_what_words_aside_ask_for_has_to_be_there(step: Step, before: str) -> None:
    command = ("bash", "-c", "echo run >>runs; for name in out $0; do cp in $name; done")
    plain = replace(step, command=command)
    report = Path("report")
    asking = replace(plain, aside=("report",), outputs=(*step.outputs, report), asked=(report,))
    run(asking if before == "with" else plain)
    if before == "old record":
        # It was taken as complete once, and is remembered as absent.
        content = read_json(step.record)
        content["outputs"]["report"] = "absent"
        step.record.write_text(json.dumps(content))
    done = before == "with"
    assert state(asking) == ("complete" if done else "again, since report is not there")
    for _ in range(2):
        run(asking)
        assert report.read_text() == "one"
    assert runs() == (1 if done else 2)
    # Who does not ask for it needs nothing again, and takes nothing away.
    report.unlink()
    assert state(plain) == "complete"
    assert state(asking) == "again, since report is gone"


@pytest.mark.parametrize("content", ["one", "two"])
def test_an_input_had_another_name_in_an_earlier_version(step: Step, content: str) -> None:
    run(step)
    Path("in").rename("new")
    Path("new").write_text(content)
    now = replace(step, inputs=(Path("new"),))
    assert state(now) == "again, since other inputs: in"
    same = "complete" if content == "one" else "again, since new has changed"
    assert state(replace(now, renamed=((Path("new"), Path("in")),))) == same
    assert state(replace(step, renamed=((Path("in"), Path("in")),))) == ""


@pytest.fixture
def talk(step: Step) -> Path:
    """The recording in a folder that `hearing` learns from."""
    path = Path("speech/a.wav")
    path.parent.mkdir()
    path.write_bytes(b"one")
    return path


@pytest.fixture
def hearing(step: Step, talk: Path) -> Step:
    """A step that has learned from a folder of speech."""
    done = replace(step, inputs=(), speech=(talk.parent,))
    run(done)
    return done


def test_speech_that_was_copied_anew_is_what_it_was(hearing: Step, talk: Path) -> None:
    """A training of hours is not made again for another time of a file; it is for other speech."""
    os.utime(talk, (2e9, 2e9))
    assert state(hearing) == "complete"
    assert stale([hearing.directory]) is None
    talk.write_bytes(b"two")
    assert state(hearing) == "again, since what is in speech has changed (speech/a.wav)"
    assert "what is in speech has changed" in (stale([hearing.directory]) or "")


def test_speech_that_was_remembered_by_sizes_and_times_is_taken_as_it_is(
    hearing: Step, talk: Path
) -> None:
    record = read_json(hearing.record)
    (name,) = record["inputs"]
    record["inputs"][name] = Contents().of_tree(Path("speech"))
    hearing.record.write_text(json.dumps(record))
    assert state(hearing) == "complete"
    assert stale([hearing.directory]) is None
    os.utime(talk, (2e9, 2e9))
    assert state(hearing) == "again, since what is in speech has changed"
