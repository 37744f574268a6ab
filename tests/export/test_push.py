"""Sending a folder, to an endpoint on the loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from parp_espnet.bin.export import main
from parp_espnet.errors import UserError
from parp_espnet.export.push import push
from parp_espnet.interpreter import ROOT

SEND = """
import sys
from pathlib import Path
from parp_espnet.export.push import push
print(push(Path(sys.argv[1]), "me/mine"))
"""


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub as a small commit takes."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.path, body))  # type: ignore[attr-defined]
        answer: dict[str, Any] = {"url": "http://127.0.0.1/me/mine"}
        if "/preupload/" in self.path:
            files = json.loads(body)["files"]
            answer = {
                "files": [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in files
                ]
            }
        elif "/commit/" in self.path:
            answer = {
                "commitUrl": "http://127.0.0.1/me/mine/commit/abc",
                "commitOid": "abc",
                "commitMessage": "Add the model",
                "hookOutput": "",
                "success": True,
            }
        self._answer(answer)

    def do_GET(self) -> None:
        self._answer({"id": "me/mine", "modelId": "me/mine", "sha": "0", "siblings": []})

    def _answer(self, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_all_files_are_sent(hub: ThreadingHTTPServer, tmp_path: Path):
    folder = tmp_path / "hf"
    folder.mkdir()
    (folder / "config.json").write_text("{}\n")
    (folder / "README.md").write_text("# a model\n")
    done = subprocess.run(
        [sys.executable, "-c", SEND, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}",
            "HF_TOKEN": "hf_none",
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        },
    )
    assert done.stdout == "me/mine: sent to the Hub\n", done.stderr[-2000:]
    (commit,) = [body for path, body in hub.asked if "/commit/" in path]  # type: ignore[attr-defined]
    entries = [json.loads(line) for line in commit.splitlines()]
    sent = {entry["value"]["path"] for entry in entries if entry["key"] == "file"}
    assert sent == {"config.json", "README.md"}


def test_what_is_no_name(tmp_path: Path):
    with pytest.raises(UserError, match="--push mine: expected USER/NAME"):
        push(tmp_path, "mine")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "hf", "--push", "mine"], "--push mine: expected USER/NAME"),
        (["--to", "hf", "bundle", "--push", "a/b/c"], "--push a/b/c: expected USER/NAME"),
        (["--to", "bundle", "--push", "me/mine"], "--push: expected --to hf"),
        (["--to", "bundle", "onnx", "--dtype", "fp16"], "--dtype: expected --to hf or"),
        (["--dtype", "fp32"], "--dtype: expected --to hf or"),
    ],
)
def test_an_option_is_refused_before_work(
    tmp_path: Path, run_command: Callable[..., tuple[object, str, str]], words: list[str], told: str
) -> None:
    """Before it is looked whether there is an experiment."""
    code, _, err = run_command(main, tmp_path / "none", tmp_path / "out", *words)
    assert code == 2
    assert err.startswith(f"error: {told}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("formats", [["hf"], ["bundle", "hf"]])
def test_a_place_is_refused_before_work(
    tmp_path: Path, run_command: Callable[..., tuple[object, str, str]], formats: list[str]
) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    code, _, err = run_command(main, tmp_path / "none", out, "--to", *formats)
    assert code == 2
    assert err.startswith(f"error: {out}")
    assert "expected" in err
    assert out.read_text() == "mine"
