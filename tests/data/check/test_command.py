"""`parp-data`."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.bin.data import main
from parp_espnet.data.check.faults import KINDS

Call = Callable[..., tuple[int, list[str], list[str]]]
Make = Callable[..., Path]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command; return its code, and what it prints without the progress."""

    def called(*words: object) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(sys, "argv", ["parp-data", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out.splitlines(), [line for line in err.splitlines() if "%|" not in line]

    return called


def test_a_clean_directory(make: Make, call: Call) -> None:
    data = make()
    code, out, err = call("check", data)
    assert (code, err) == (0, [])
    (line,) = out
    assert line.startswith(f"{data}: 4 utterances, 0.00 h, checked in ")
    assert line.endswith(" s: 0 errors, 0 warnings")


def test_faults_are_listed_and_counted(make: Make, call: Call, tmp_path: Path) -> None:
    train, test = make(), make("test", ("ana",), seed=20)
    for name in ("ana-1", "bea-2"):
        (train / "wav" / f"{name}.wav").unlink()
    code, out, _ = call("check", train, test, "--list", tmp_path / "all.tsv")
    assert code == 1
    wav = train / "wav" / "ana-1.wav"
    assert out[0] == f"error    missing: ana-1: {wav}: expected a file, found none"
    assert out[2].startswith(
        f"warning  same-speaker: ana: {train}/utt2spk: expected another than in {test}, found"
    )
    assert out[3].endswith(" s: 2 errors, 1 warning")
    assert out[4:6] == [
        "       2  error    missing        recording that is not there",
        "       1  warning  same-speaker   speaker who is in another set, too",
    ]
    rows = (tmp_path / "all.tsv").read_text().splitlines()
    assert rows[0] == "level\tkind\tdirectory\tutterance\tfile\texpected\tfound"
    assert rows[1] == f"error\tmissing\t{train}\tana-1\t{wav}\ta file\tnone"
    assert len(rows) == 4


def test_few_of_many(make: Make, call: Call) -> None:
    data = make()
    for path in list((data / "wav").iterdir()):
        path.unlink()
    _, out, _ = call("check", data, "--shown", 1)
    assert out[1] == "error    missing: 3 more"
    assert out[3] == "       4  error    missing        recording that is not there"


def test_the_command_that_is_printed_does_it(make: Make, call: Call) -> None:
    data = make("my train")
    (data / "wav" / "ana-1.wav").unlink()
    _, out, _ = call("check", data, "--nj", 1, "--shown", 3, f"--list={data.parent / 'x.tsv'}")
    said, _, line = out[-1].partition(": ")
    assert said == "to leave out what is at fault"
    place, _, words = line.partition(" && ")
    assert place == f"cd {shlex.quote(str(Path.cwd()))}"
    clean = data.parent / "my train_clean"
    arguments = shlex.split(words)
    arguments = arguments[arguments.index("check") :]
    assert arguments == ["check", str(data), "--nj", "1", "--fix", "--out", str(clean)]
    code, out, _ = call(*arguments)
    assert code == 0
    assert out[-1] == (
        f"{clean}: 3 of the 4 utterances of {data}, 0 recordings resampled; the others are in "
        f"{clean}/rejected.tsv"
    )
    assert call("check", clean)[0] == 0


def test_levels(make: Make, call: Call) -> None:
    data = make()
    (data / "wav" / "ana-1.wav").unlink()
    assert call("check", data, "--warning", "missing,ctc")[0] == 0
    assert len(call("check", data, "--ignore", "missing")[1]) == 1


def test_inventories(make: Make, call: Call, tmp_path: Path) -> None:
    data = make()
    (tmp_path / "phones.txt").write_text("o l a t\ntt ttt\n")
    code, out, _ = call("check", data, "--inventory", tmp_path / "phones.txt")
    assert code == 1
    assert "phone: bea-2:" in out[0]
    assert "found tttt (U+0074" in out[0]
    assert len([line for line in call("check", data, "--lang", "es")[1] if "phone: " in line]) == 3
    (data / "text").write_text(
        "ana-1 ʎ\nana-2 a\nbea-1 ɧ\nbea-2 a\n"
    )  # a Spanish phone, and a Swedish one
    assert [call("check", data, "--lang", lang)[0] for lang in ("es", "sv", "es sv")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere: no such data directory"),
        (["{data}/wav"], "wav.scp: no such file"),
        (["{data}", "--lang", "xx"], "no phone inventory for the language 'xx'"),
        (["{data}", "--inventory", "nowhere"], "--inventory nowhere: expected a file of phones"),
        (["{data}", "--fix"], "--fix and --out: expected both or none"),
        (["{data}", "--out", "x"], "--fix and --out: expected both or none"),
        (["{data}", "--resample"], "--resample: expected --fix"),
        (["{data}", "--nj", "0"], "--nj 0: expected 1 or more"),
        (
            ["{data}", "--min_duration", "3", "--max_duration", "2"],
            "expected 0 <= min < max, found 3 and 2",
        ),
        (["{data}", "--ignore", "rat"], "--ignore rat: no such kind of fault"),
        (["{data}", "--fix", "--out", "{data}"], "expected a new directory"),
    ],
)
def test_bad_input_is_one_line(make: Make, call: Call, words: list[str], message: str) -> None:
    data = make()
    code, _, err = call("check", *(word.format(data=data) for word in words))
    assert code == 2
    (line,) = err
    assert line.startswith("error: ")
    assert message in line


def test_the_kinds(call: Call) -> None:
    code, out, _ = call("kinds")
    assert code == 0
    assert [line.split()[1] for line in out] == list(KINDS)


HELD = """
import time
from parp_espnet import progress
from parp_espnet.bin.data import main
from parp_espnet.data.check import audio

real_bar, real_hear = progress.bar, audio.hear


def bar(*words):
    shown = real_bar(*words)
    shown.mininterval = 0
    return shown


def hear(recording):
    if recording.id == "ana-004000":
        time.sleep(9999)
    return real_hear(recording)


progress.bar, audio.hear = bar, hear
if __name__ == "__main__":
    main()
"""
"""`parp-data` that says of each recording at once that it is through with it, and is never through
with one of them: it has neither ended nor not begun when it is stopped, on any machine.
"""


def lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("begun", [0, 1, 2000])
def test_no_process_is_left_over(
    make: Make, begun: int, stop: signal.Signals, wait_until: Any, tmp_path: Path
) -> None:
    """Stopped when the bar says that so many of the 20,000 utterances are done."""
    data = make()
    program = tmp_path / "program.py"
    program.write_text(HELD)
    ids = [f"ana-{number:06d}" for number in range(20000)]
    (data / "wav.scp").write_text("".join(f"{id_} {data}/wav/ana-1.wav\n" for id_ in ids))
    (data / "text").write_text("".join(f"{id_} o\n" for id_ in ids))
    words = [
        sys.executable,
        str(program),
        "check",
        str(data),
        "--nj",
        "2",
        "--shown",
        "1",
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=environment,
    )
    assert process.stdout is not None
    # The bar is there when the processes are being started.
    for shown in process.stdout:
        done = re.search(r"(\d+)/20000", shown)
        if done and int(done[1]) >= begun:
            assert int(done[1]) < 4000
            break
    if stop is signal.SIGINT:
        os.killpg(process.pid, stop)
    else:
        process.send_signal(stop)
    said = [shown, *process.communicate(timeout=1200)[0].splitlines()]
    if stop is signal.SIGINT:
        wanted = ["interrupted: what was complete stays; the same command continues"]
        assert [line for line in said if "%|" not in line] == wanted
    assert process.returncode == (130 if stop is signal.SIGINT else -stop)
    wait_until(lambda: not lives(process.pid), "the end of the processes that it had started")
