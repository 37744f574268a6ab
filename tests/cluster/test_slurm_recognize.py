"""Recordings through a real Slurm, as an array of jobs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = "python3 -m parp_espnet.bin.run_queue --backend slurm --mem 1900M"


def test_recordings_are_recognised_by_an_array(
    slurm: Any, learned: Path, tones: Path, folder: Path
) -> None:
    talks = folder / "talks"
    talks.mkdir()
    for number in range(3):
        shutil.copy(tones / f"tone-{number}.wav", talks)
    (talks / "bad.wav").write_text("words")
    command = [sys.executable, "-m", "parp_espnet.bin.recognize", str(learned), "talks"]
    command += ["--out", "out", "--format", "json", "--nj", "2"]

    def recognise() -> "subprocess.CompletedProcess[str]":
        environment = slurm.environment | {"decode_cmd": COMMAND, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    done = recognise()
    assert done.returncode == 1, done.stderr[-3000:]
    assert "Slurm has 2 jobs as" in done.stderr
    lines = done.stderr.splitlines()
    assert lines[-1] == "3 recognised, 1 were not"
    assert [line for line in lines if line.startswith("error: talks/bad.wav: ")]
    for number in range(3):
        heard = json.loads((folder / f"out/tone-{number}.json").read_text())
        assert heard["file"] == f"talks/tone-{number}.wav"
        assert set(heard["text"]) <= set("aeio ")
    (talks / "bad.wav").unlink()
    again = recognise()
    assert again.returncode == 0, again.stderr[-3000:]
    assert again.stderr.splitlines()[-1] == "0 recognised, 3 before"
    assert "Slurm has" not in again.stderr
