"""What only reads options loads no torch: a torch imported in one wrong place makes each command a
second slower.

Each is a process, since modules that this one has loaded would hide what a command loads.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
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
HEAVY_FOR_A_PLAN = (*HEAVY, "numpy", "jiwer", "babel", "soundfile")
"""What planning an experiment, which every command of a recipe does, has no need of either."""
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


def check_light(module: str, *words: str, heavy: Sequence[str] = HEAVY) -> None:
    script = LOOK.replace("HEAVY", repr(heavy))
    done = subprocess.run(
        [sys.executable, "-c", script, module, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | QUEUES,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("LOADED []"), done.stderr[-300:]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in OF_ESPNET])
def test_help_loads_no_torch(name: str):
    check_light(f"parp_espnet.bin.{name}", "--help")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("run_stages", "phn.sh --"),
        ("run_stages", "glue.sh --"),
        ("study", "plan"),
        ("study", "status"),
        ("pretrain", "plan"),
        ("mask", "from-upstream"),
        ("mask", "info"),
        ("data", "check"),
        ("glue", "train"),
    ],
)
def test_help_of_a_part_loads_no_torch(module: str, words: str):
    check_light(f"parp_espnet.bin.{module}", *words.split(), "--help")


@pytest.mark.parametrize(
    "words",
    [
        "phn.sh 1=data 2=format 8=train 13=score -- --corpus cldr --lang es --method omp",
        "phn.sh 8=train 12=decode -- --compare_decoding true",
        "glue.sh 1=data 4=train 5=score -- --task cldr_same",
    ],
)
def test_a_plan_of_an_experiment_loads_no_arrays_either(words: str):
    template, *rest = words.split()
    command = (template, *rest, "--dry_run", "true")
    check_light("parp_espnet.bin.run_stages", *command, heavy=HEAVY_FOR_A_PLAN)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("study", "plan --dry_run true"),
        ("study", "plan --profile joint --dry_run true"),
        ("step", "--label tokens --record none.json --dry_run true -- true"),
    ],
)
def test_a_plan_loads_no_torch(module: str, words: str):
    check_light(f"parp_espnet.bin.{module}", *words.split())
