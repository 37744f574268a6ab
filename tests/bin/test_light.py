"""What only reads options loads no torch: a torch imported in one wrong place makes each command a
second slower.

Each is a process, since modules that this one has loaded would hide what a command loads.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parp_espnet.interpreter import ROOT

COMMANDS = sorted(path.stem for path in Path(ROOT, "parp_espnet/bin").glob("[a-z]*.py"))
OF_ESPNET = {"train"}
"""Its options are ESPnet's, which are in ESPnet's classes."""
HEAVY = (
    "torch",
    "transformers",
    "espnet2",
    "s3prl",
    "numba",
    "matplotlib",
    "pandas",
    "scipy.stats",
    "sklearn",
    "librosa",
)
QUEUES = dict.fromkeys(
    ("data_cmd", "stats_cmd", "cuda_cmd", "decode_cmd"), "python3 -m parp_espnet.bin.run_local"
)
QUEUES |= {"cmd_backend": "local"}
"""What cmd.sh exports."""
LOOK = """
import atexit, sys
atexit.register(lambda: sys.stderr.write(f"LOADED {sorted(set(sys.modules) & set(HEAVY))}"))
import runpy
runpy.run_module(sys.argv.pop(1), run_name="__main__")
"""


def check_light(module: str, *words: str, folder: Path = ROOT, code: int = 0) -> None:
    script = LOOK.replace("HEAVY", repr(HEAVY))
    done = subprocess.run(
        [sys.executable, "-c", script, module, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | QUEUES,
    )
    assert done.returncode == code, done.stderr
    assert done.stderr.endswith("LOADED []"), done.stderr[-300:]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in OF_ESPNET])
def test_help_loads_no_torch(name: str):
    check_light(f"parp_espnet.bin.{name}", "--help")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("run_stages", ["phn.sh", "8=train", "--", "--method", "parp", "--dry_run", "true"]),
        ("run_stages", ["glue.sh", "4=train", "--", "--task", "cldr_same", "--dry_run", "true"]),
        ("study", ["plan", "--dry_run", "true"]),
        ("study", ["plan", "--profile", "joint", "--dry_run", "true"]),
        (
            "step",
            [
                "--label",
                "stage 4 (tokens)",
                "--record",
                "none.json",
                "--dry_run",
                "true",
                "--",
                "true",
            ],
        ),
    ],
)
def test_a_plan_loads_no_torch(module: str, words: list[str]):
    check_light(f"parp_espnet.bin.{module}", *words)
