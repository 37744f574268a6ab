import os
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.parts import (
    DONE,
    Part,
    Task,
    divide,
    gather,
    read_done,
    tasks_of,
    write_failed,
    write_part,
)
from parp_espnet.recognition.transcripts import FORMATS, Phone, Transcript


def task(name: str, seconds: float = 1.0, error: str | None = None) -> Task:
    return Task(f"/talks/{name}", name, f"/out/{name}.txt", 10, 5, seconds, error)


def test_parts_are_about_equal_and_have_all() -> None:
    tasks = [task(f"{number}.wav", float(number)) for number in range(1, 11)]
    parts = divide(tasks, 3)
    assert sorted(sum(one.seconds for one in part) for part in parts) == [18, 18, 19]
    assert sorted(one.name for part in parts for one in part) == sorted(one.name for one in tasks)
    assert [len(part) for part in divide(tasks[:2], 5)] == [1, 1]


def test_a_job_writes_transcripts_and_what_it_is_through_with(tmp_path: Path) -> None:
    (tmp_path / "talks/a").mkdir(parents=True)
    names = ("a/x.wav", "a/x.flac", "gone.wav")
    for name in names[:2]:
        (tmp_path / "talks" / name).write_bytes(b"sound")
    sources = [Source(tmp_path / "talks" / name, Path(name)) for name in names]
    folder = Folder(tmp_path / "out", FORMATS["text"], sources)
    tasks = tasks_of(sources, folder, {sources[0].path: 2.5})
    assert [Path(one.out).relative_to(tmp_path).as_posix() for one in tasks] == [
        *("out/a/x.wav.txt", "out/a/x.flac.txt", "out/gone.txt")
    ]
    assert [(one.size, one.seconds) for one in tasks] == [(5, 2.5), (5, 0.0), (-1, 0.0)]
    write_part(tmp_path / "part-1.1.json", tasks)
    part = Part(tmp_path / "part-1.1.json", FORMATS["text"])
    first, _, third = part.sources
    assert isinstance(first, Source)
    assert isinstance(third, Source)
    part.add(first, Transcript(str(first.path), 1.0, (Phone("a", 0.0, 0.5),)))
    part.fail(Failure(third.path, "no such file"))
    assert (tmp_path / "out/a/x.wav.txt").read_text() == "0.0000\t0.5000\ta\n"
    done = read_done(tmp_path / "part-1.1.done")
    assert [(one.name, one.error) for one in done] == [
        (str(sources[0].path), None),
        (str(sources[2].path), "no such file"),
    ]
    # One that failed is tried again.
    kept = gather(tmp_path)
    assert list(kept) == [tasks[0].key]
    assert not list(tmp_path.glob("part-*"))
    assert gather(tmp_path) == kept


def test_a_line_that_was_cut_off_is_none(tmp_path: Path) -> None:
    lines = task("a").line + "not JSON\n" + '{"path": 3}\n' + task("b").line + task("c").line[:-9]
    (tmp_path / "part-1.1.done").write_text(lines)
    assert [one.name for one in gather(tmp_path).values()] == ["a", "b"]
    assert (tmp_path / DONE).read_text() == task("a").line + task("b").line


@pytest.mark.parametrize(("is_younger", "kept"), [(True, ["a"]), (False, [])])
def test_a_transcript_whose_job_was_killed_before_it_said_so(
    tmp_path: Path, is_younger: bool, kept: list[str]
) -> None:
    made = replace(task("a"), out=str(tmp_path / "a.TextGrid"))
    write_part(tmp_path / "part-1.1.json", [made, task("b")])
    Path(made.out).write_text("a")
    listed = (tmp_path / "part-1.1.json").stat().st_mtime_ns
    moment = listed + (1 if is_younger else -1) * 10**9
    os.utime(made.out, ns=(moment, moment))
    assert [one.name for one in gather(tmp_path).values()] == kept


def test_what_failed_is_listed(tmp_path: Path) -> None:
    write_failed(tmp_path, [task("a", error="no\nsound")])
    assert (tmp_path / "failed.tsv").read_text() == "recording\treason\na\tno sound\n"
    write_failed(tmp_path, [])
    assert not (tmp_path / "failed.tsv").exists()


def test_a_list_that_is_none(tmp_path: Path) -> None:
    for text in ("{}", "[3]", '[{"path": "x"}]'):
        (tmp_path / "x.json").write_text(text)
        if text == "{}":
            continue
        with pytest.raises(UserError, match=r"x.json: expected what a job has to recognise"):
            Part(tmp_path / "x.json", FORMATS["text"])


def test_a_recording_by_two_names_has_a_transcript_by_each(tmp_path: Path) -> None:
    (tmp_path / "talks/sub").mkdir(parents=True)
    sound = tmp_path / "talks/sub/x.wav"
    sound.write_bytes(b"sound")
    sources = [Source(sound, Path("sub/x.wav")), Source(sound, Path("x.wav"))]
    folder = Folder(tmp_path / "out", FORMATS["text"], sources)
    write_part(tmp_path / "part-1.1.json", tasks_of(sources, folder, {}))
    part = Part(tmp_path / "part-1.1.json", FORMATS["text"])
    (source,) = part.sources
    assert isinstance(source, Source)
    part.add(source, Transcript("x", 1.0, (Phone("a", 0.0, 0.5),)))
    assert [path.is_file() for path in part.places()] == [True, True]
    assert len(gather(tmp_path)) == 2


def test_of_each_transcript_the_last_recording_is_known(tmp_path: Path) -> None:
    """What was written over another's transcript, or over that of an earlier state, is there."""
    first, second = task("a"), replace(task("a"), path="/elsewhere/a")
    changed = replace(first, changed=6)
    for runs, last in (
        ([first, second], second),
        ([first, second, first], first),
        ([first, changed, first], first),
        ([first, replace(second, error="no sound")], first),
        ([first, second, replace(first, error="no sound")], second),
        ([first, replace(first, error="no sound")], None),
    ):
        (tmp_path / DONE).unlink(missing_ok=True)
        for run in runs:
            (tmp_path / "part-1.1.done").write_text(run.line)
            kept = gather(tmp_path)
        assert list(kept.values()) == ([] if last is None else [last])


def test_a_transcript_that_nobody_noted_takes_the_place_of_another(tmp_path: Path) -> None:
    there = tmp_path / "a.txt"
    first = replace(task("a"), out=str(there))
    second = replace(first, path="/elsewhere/a")
    (tmp_path / DONE).write_text(first.line)
    write_part(tmp_path / "part-1.1.json", [second])
    there.write_text("a")
    moment = (tmp_path / "part-1.1.json").stat().st_mtime_ns + 10**9
    os.utime(there, ns=(moment, moment))
    assert list(gather(tmp_path).values()) == [second]
