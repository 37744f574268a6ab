"""Jobs by the runner of this machine; those of a Slurm are in tests/cluster."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.bin.recognize import _files, _parser
from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Source
from parp_espnet.recognition.jobs import Asked, decode_command, recognise_by_jobs
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.parts import Task, tasks_of
from parp_espnet.recognition.transcripts import FORMATS

ROOT = Path(__file__).resolve().parents[2]


def recognize(*words: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **variables}
    environment.pop("decode_cmd", None)
    return subprocess.run(
        [sys.executable, "-m", "parp_espnet.bin.recognize", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_nothing_is_done_twice(learned: Path, tones: Path, tmp_path: Path) -> None:
    talks = tmp_path / "talks JOB"
    (talks / "more").mkdir(parents=True)
    for number in range(4):
        shutil.copy(tones / f"tone-{number}.wav", talks / "more" / f"{number}.wav")
    (talks / "bad.wav").write_text("words")
    out = tmp_path / "out"
    words = (learned, talks, "--out", out, "--format", "json", "--nj", "2")
    done = recognize(*words)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.splitlines()
    assert lines[-1] == "4 recognised, 1 were not"
    (error,) = [line for line in lines if line.startswith("error: ")]
    assert error.startswith(f"error: {talks / 'bad.wav'}: ")
    failed = (out / ".parp-recognize/failed.tsv").read_text().splitlines()
    assert failed[1].startswith(f"{talks / 'bad.wav'}\t")
    # As without jobs.
    alone = recognize(learned, talks / "more", "--out", tmp_path / "alone", "--format", "json")
    assert alone.returncode == 0, alone.stderr
    for number in range(4):
        file = out / "more" / f"{number}.json"
        assert file.read_text() == (tmp_path / "alone" / f"{number}.json").read_text()
    assert len(list((out / ".parp-recognize/log").glob("*.log"))) == 2

    # One was corrected, one has changed, one is new, one is gone, and what failed is mended.
    (out / "more/0.json").write_text("corrected")
    shutil.copy(tones / "tone-4.wav", talks / "more/1.wav")
    shutil.copy(tones / "tone-5.wav", talks / "new.wav")
    (out / "more/2.json").unlink()
    shutil.copy(tones / "tone-6.wav", talks / "bad.wav")
    again = recognize(*words)
    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines()[-1] == "4 recognised, 2 before"
    assert (out / "more/0.json").read_text() == "corrected"
    assert (out / "more/2.json").is_file()
    assert not (out / ".parp-recognize/failed.tsv").exists()

    refused = recognize(*words[:-4], "--format", "text", "--nj", "2")
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        f"error: {out}: its transcripts were made with other options (--format json; now none); "
        "give another --out, or remove "
    )


@pytest.mark.parametrize("option", ["lexicon", "ngram", "inventory", "upstream"])
def test_transcripts_by_another_file_of_the_same_name_are_refused(
    tmp_path: Path, option: str
) -> None:
    file, out = tmp_path / "given", tmp_path / "out"
    model = ("--pack", tmp_path / "es.pack") if option == "upstream" else (tmp_path / "model",)
    words = [*model, tmp_path / "talks", f"--{option}", file]

    def run(**more: object) -> int:
        files = _files(_parser().parse_intermixed_args([str(word) for word in words]))
        assert list(files) == [option]
        settings = {"model": "a", "options": [], "files": files, **more}
        asked = Asked(None, [], settings, out, 1, 0)
        return recognise_by_jobs(asked, [], Folder(out, FORMATS["text"], []))

    file.write_text("a e i")
    assert run() == 0
    # Nothing was made by it, so nothing is bound to it.
    file.write_text("a e")
    assert run(model="b") == 0
    file.write_text("a e i")
    assert run() == 0
    made = Task("talk.wav", "talk.wav", str(out / "talk.txt"), size=1, changed=1, seconds=1.0)
    Path(made.out).write_text("a e i")
    (out / ".parp-recognize/done.jsonl").write_text(made.line)
    assert run() == 0
    file.write_text("a e i o")
    with pytest.raises(UserError, match=f"were made with another file of --{option}; give another"):
        run()
    # What an earlier version has left does not say which it was.
    settings = out / ".parp-recognize/settings.json"
    settings.write_text('{"model": "a", "options": []}')
    assert run() == 0
    with pytest.raises(UserError, match="were made by another model"):
        run(model="b")


@pytest.mark.parametrize("form", ["textgrid", "eaf"])
@pytest.mark.parametrize("noted", ["by nobody", "of a recording that has changed"])
def test_what_may_have_been_corrected_is_not_replaced(
    tmp_path: Path, form: str, noted: str
) -> None:
    talk, out = tmp_path / "talk.wav", tmp_path / "out"
    talk.write_bytes(b"sound")
    source = Source(talk, Path("talk.wav"))
    folder = Folder(out, FORMATS[form], [source])
    made = folder.place(source)
    made.parent.mkdir()
    made.write_text("corrected")
    settings = {"model": "a", "options": []}
    if noted != "by nobody":
        (task,) = tasks_of([source], folder, {})
        place = out / ".parp-recognize"
        place.mkdir()
        (place / "done.jsonl").write_text(replace(task, changed=1).line)
    with pytest.raises(UserError, match="1 of 1 files that are to be made are there"):
        recognise_by_jobs(Asked(None, [], settings, out, 1, 0), [source], folder)
    assert made.read_text() == "corrected"
    # What the command has made stays, and is no fault.
    (task,) = tasks_of([source], folder, {})
    (out / ".parp-recognize/done.jsonl").write_text(task.line)
    assert recognise_by_jobs(Asked(None, [], settings, out, 1, 0), [source], folder) == 0
    assert made.read_text() == "corrected"
    other = Asked(None, [], {"model": "b", "options": []}, out, 1, 0)
    with pytest.raises(UserError, match="and move away its files, to make them anew"):
        recognise_by_jobs(other, [source], folder)


@pytest.mark.parametrize("form", ["text", "json", "ctm"])
def test_recordings_of_one_name_in_two_calls(tmp_path: Path, form: str) -> None:
    """The second call would replace the first one's transcript, which the first would then keep."""
    out = tmp_path / "out"
    talks = [tmp_path / name / "talk.wav" for name in ("one", "two")]
    for talk in talks:
        talk.parent.mkdir()
        talk.write_bytes(b"sound")
    first, second = (Source(talk, Path("talk.wav")) for talk in talks)
    folder = Folder(out, FORMATS[form], [first])
    (task,) = tasks_of([first], folder, {})
    (out / ".parp-recognize").mkdir(parents=True)
    folder.place(first).write_text("")
    (out / ".parp-recognize/done.jsonl").write_text(task.line)
    asked = Asked(None, [], {"model": "a", "options": []}, out, 1, 0)
    assert recognise_by_jobs(asked, [first], folder) == 0
    with pytest.raises(UserError, match=r"is the transcript of .*/one/talk\.wav, which has the n"):
        recognise_by_jobs(asked, [second], Folder(out, FORMATS[form], [second]))
    assert recognise_by_jobs(asked, [first], folder) == 0


@pytest.mark.parametrize("form", ["text", "json", "ctm"])
@pytest.mark.parametrize("noted", [True, False])
def test_what_somebody_has_written_is_not_replaced(tmp_path: Path, form: str, noted: bool) -> None:
    talk, out = tmp_path / "talk.wav", tmp_path / "out"
    talk.write_bytes(b"sound")
    source = Source(talk, Path("talk.wav"))
    folder = Folder(out, FORMATS[form], [source])
    out.mkdir()
    folder.place(source).write_text("buenos días")
    if noted:
        # Corrected, of a recording that has changed.
        (task,) = tasks_of([source], folder, {})
        (out / ".parp-recognize").mkdir()
        (out / ".parp-recognize/done.jsonl").write_text(replace(task, changed=1).line)
    settings = {"model": "a", "options": []}
    with pytest.raises(UserError, match="is there already, and holds something else than a tr"):
        recognise_by_jobs(Asked(None, [], settings, out, 1, 0), [source], folder)
    assert folder.place(source).read_text() == "buenos días"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nj", "0", "--out", "out"], "error: --nj 0: expected 1 or more"),
        (["--nj", "2"], "error: --nj 2: expected --out DIR, with a file for each recording"),
        (["--nj", "2", "--out", "a.txt"], "error: --out a.txt: expected a directory with --nj"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: list[str], said: str, tones: Path, tmp_path: Path
) -> None:
    done = recognize(tmp_path, tones, *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(said)


def test_jobs_go_where_cmd_sh_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("decode_cmd", raising=False)
    monkeypatch.delenv("cmd_backend", raising=False)
    assert decode_command() == ["python3", "-m", "parp_espnet.bin.run_local"]
    monkeypatch.setenv("cmd_backend", "slurm")
    assert decode_command()[-2:] == ["--backend", "slurm"]
    monkeypatch.setenv("cmd_backend", "lfs")
    with pytest.raises(UserError, match=r"cmd.sh: cmd_backend=lfs: expected one of local"):
        decode_command()
    monkeypatch.setenv("decode_cmd", "queue.pl --mem 4G")
    assert decode_command() == ["queue.pl", "--mem", "4G"]


RECOGNISE = """
import sys
from pathlib import Path
from parp_espnet.recognition.audio import Source
from parp_espnet.recognition.jobs import Asked, recognise_by_jobs
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.transcripts import FORMATS
talk, out = map(Path, sys.argv[1:])
source = Source(talk, Path(talk.name))
asked = Asked(None, [], {"model": "a", "options": []}, out, 1, 0)
recognise_by_jobs(asked, [source], Folder(out, FORMATS["text"], [source]))
"""


def test_jobs_do_not_outlive_a_run_that_is_killed(
    tones: Path, tmp_path: Path, takes_along: Any
) -> None:
    told, ready, queue = tmp_path / "told", tmp_path / "ready", tmp_path / "queue"
    queue.write_text(
        f"#!/bin/bash\ntrap ': >{told}; exit 1' TERM\nsleep 1200 & echo $! >{ready}; wait\n"
    )
    queue.chmod(0o755)
    command = [sys.executable, "-c", RECOGNISE, str(tones / "tone-0.wav"), str(tmp_path / "out")]
    environment = os.environ | {"decode_cmd": str(queue)}
    process = subprocess.Popen(command, env=environment)
    takes_along(process, ready, told)
