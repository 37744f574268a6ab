"""Whatever reads a file refuses what is none, in one line: a named pipe would be read for ever."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

READERS = {
    "queues.options": "read(path)",
    "corpora.published": "_lines(path)",
    "corpora.rows": "read_lines(path)",
    "data.lines": "read_table(path)",
    "data.check.tables": "read_table(path)",
    "upstreams.pretrain.config": "read_config(path)",
    "pipeline.config": "_load(path)",
    "pipeline.kept": "load(path)",
    "scoring.result": "Result.read(path)",
    "scoring.utterances": "read_utterances(path)",
    "scoring.transcripts": "read_text(path)",
    "scoring.merge": "read_merges(path)",
    "decoding.arpa": "read_arpa(path)",
    "study.grid": "read_grid(path)",
    "study.unpacking": "_read(path)",
    "pruning.masks": "Mask.load(path)",
    "upstreams.foreign": "read_checkpoint(path)",
    "espnet.states": "load_model_state(path)",
    "espnet.found": "read_config(path)",
    "files": "read_json(path)",
}
TRY = """
import importlib, sys
from pathlib import Path
from parp_espnet.errors import UserError
for line in sys.stdin:
    module, call, path = line.rstrip("\\n").split("\\t")
    print(module, end=" ", flush=True)
    try:
        eval(call, vars(importlib.import_module(f"parp_espnet.{module}")) | {"path": Path(path)})
    except UserError:
        print("refused", flush=True)
"""


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """What is no file."""
    places = {name: tmp_path / name for name in ("fifo", "folder", "socket")}
    os.mkfifo(places["fifo"])
    places["folder"].mkdir()
    (tmp_path / "text").write_text("words")
    places["below a file"] = tmp_path / "text" / "x"
    with socket.socket(socket.AF_UNIX) as opened:
        # A socket's whole path may have 107 bytes at most.
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            opened.bind("socket")
        yield places | {"device": Path("/dev/null")}


@pytest.mark.parametrize("kind", ["fifo", "folder", "socket", "device", "below a file"])
def test_what_is_no_file_is_refused(others: dict[str, Path], kind: str) -> None:
    asked = "".join(f"{module}\t{call}\t{others[kind]}\n" for module, call in READERS.items())
    # In a process of its own, which can be ended where one reads for ever.
    done = subprocess.run(
        [sys.executable, "-c", TRY],
        input=asked,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.stdout.splitlines() == [f"{module} refused" for module in READERS], done.stderr[
        -1500:
    ]
