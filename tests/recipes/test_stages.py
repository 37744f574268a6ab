"""Every stage of `phn.sh` killed half-way, with all that runs for it: the same command completes
the work.

python3 -m pytest tests/recipes/test_stages.py --thorough --moments 3
"""

import os
import secrets
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    2: ["parp_espnet.bin.format_data"],
    3: ["parp_espnet.bin.filter_data"],
    4: ["parp_espnet.bin.tokens"],
    5: ["parp_espnet.bin.preflight"],
    6: ["parp_espnet.bin.mask"],
    7: ["parp_espnet.bin.train", "espnet2.bin.aggregate_stats_dirs"],
    8: ["parp_espnet.bin.make_config", "parp_espnet.bin.train"],
    9: ["parp_espnet.bin.show_training"],
    10: ["parp_espnet.bin.language_model"],
    11: ["parp_espnet.bin.search"],
    12: ["parp_espnet.bin.decode"],
    13: ["parp_espnet.bin.score"],
    14: ["parp_espnet.bin.report"],
}
"""What runs in each stage. Stage 1 has nothing to do for a language of one's own."""
WATCH = """
import atexit, os, signal, sys
from pathlib import Path

run, place, counts = (os.environ[f"FAULT_{name}"] for name in ("RUN", "PLACE", "COUNTS"))
wanted, _, left = os.environ["FAULT_AT"].partition(" ")
words = sys.orig_argv
state = {"files": 0, "name": words[words.index("-m") + 1] if "-m" in words else ""}

def die():
    for process in Path("/proc").iterdir():
        try:
            ours = f"FAULT_RUN={run}".encode() in (process / "environ").read_bytes()
            if ours and process.name != str(os.getpid()):
                os.kill(int(process.name), signal.SIGKILL)
        except (OSError, ValueError):
            pass
    os.kill(os.getpid(), signal.SIGKILL)

def begin(name):
    state.update(name=name, files=0)
    if name == wanted and left == "0":
        die()

def look(event, arguments):
    if event == "parp_espnet.fork":
        begin(*arguments)
    if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
        return
    if event not in ("open", "os.rename", "os.symlink"):
        return
    if isinstance(arguments[0], (str, os.PathLike)):
        path = os.path.abspath(os.fspath(arguments[0]))
        # How far a training is, it writes once a second: how often depends on the machine.
        if path.startswith(place) and ".progress.json." not in path:
            state["files"] += 1
            if state["name"] == wanted and state["files"] == int(left):
                die()

def tell():
    with open(f"{counts}/{state['name']}", "a") as file:
        file.write(f"{state['files']}\\n")

sys.addaudithook(look)
begin(state["name"])
atexit.register(tell)
"""
"""Every Python that the recipe starts reads this first: it counts the files that a command, forked
or not, opens for writing or renames, and at the one where it is asked to it kills all that belongs
to the run.
"""


@pytest.fixture(scope="module")
def run(
    tone_recipe: Path, make_training: Callable[..., Path], upstream: Path,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., "subprocess.CompletedProcess[str]"]:  # fmt: skip
    """Run the recipe; `at` is a command and the number of the file at which it dies."""
    watch = tmp_path_factory.mktemp("watch")
    (watch / "sitecustomize.py").write_text(WATCH)
    (watch / "counts").mkdir()
    command = [
        str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"),
        *("--recipe", str(tone_recipe), "--lang", "xx", "--upstream", str(upstream)),
        *(
            "--train_config",
            str(make_training(tone_recipe, 3)),
            "--updates",
            "200",
            "--sparsity",
            "0.3",
        ),
        *("--first_mask", "uniform", "--skip_check", "true"),  # its sets are one and the same
        *("--use_ngram", "true" if request.config.getoption("--moments") > 1 else "false"),
    ]

    def start(*more: str, at: str = "") -> "subprocess.CompletedProcess[str]":
        own = {
            "RUN": secrets.token_hex(8),
            "PLACE": str(tone_recipe),
            "COUNTS": str(watch / "counts"),
            "AT": at,
        }
        environment = os.environ | {f"FAULT_{name}": value for name, value in own.items()}
        environment |= {"PYTHONPATH": str(watch), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [*command, *more], capture_output=True, text=True, check=False, env=environment
        )

    start.counts = watch / "counts"
    return start


def same_files(one: Path, other: Path, *patterns: str) -> None:
    for pattern in patterns:
        found = sorted(path.relative_to(one) for path in one.glob(pattern))
        assert found, pattern
        assert found == sorted(path.relative_to(other) for path in other.glob(pattern))
        for path in found:
            assert (one / path).read_bytes() == (other / path).read_bytes(), path


@pytest.mark.thorough
def test_every_stage_is_killed(
    tone_recipe: Path, run, request: pytest.FixtureRequest, capsys
) -> None:
    moments = request.config.getoption("--moments")
    done = run("--expdir", "calm", "--dumpdir", "calm_dump")
    assert done.returncode == 0, done.stderr
    counts = {path.name: path.read_text().split() for path in run.counts.iterdir()}

    kills = before = 0
    for stage, commands in COMMANDS.items():
        for command in commands:
            # A command that runs several times, once a set, is killed the first time.
            for moment in range(moments) if command in counts else ():
                number = round(int(counts[command][0]) * (2 * moment + 1) / (2 * moments))
                stages = ("--stage", str(before or stage), "--stop_stage", str(stage))
                done = run(*stages, at=f"{command} {number}")
                # A training that was killed before continues, and may end before the next moment.
                assert done.returncode in (
                    (-signal.SIGKILL, 0) if moment else (-signal.SIGKILL,)
                ), done.stderr
                kills += done.returncode != 0
                before = stage
    done = run()
    assert done.returncode == 0, done.stderr
    again = run()
    assert again.returncode == 0, again.stderr
    assert "started" not in again.stderr
    assert "continued" not in again.stderr

    (calm,), (killed,) = tone_recipe.glob("calm/phn_*"), tone_recipe.glob("exp/phn_*")
    same_files(calm, killed, "*.ave.pth", "decode_*/test/text", "decode_*/test/score/*.tsv")
    if moments > 1:
        same_files(calm, killed, "decode_*/dev/tune.tsv", "decode_*/dev/weights.json")
    same_files(
        tone_recipe / "calm_dump",
        tone_recipe / "dump",
        "raw/*/text",
        "raw/*/utt2dur",
        "token_list/*.txt",
    )
    assert (
        Mask.load(calm / "mask.safetensors").sha256 == Mask.load(killed / "mask.safetensors").sha256
    )
    # What the clock and the directory's name change.
    free = {"train_seconds": None, "decode_seconds": None, "initial_mask": None, "ngram": None}
    first, second = (replace(Result.read(exp / "result.json"), **free) for exp in (calm, killed))
    assert first == second
    with capsys.disabled():
        print(
            f"\n{kills} kills in {len(counts)} commands of all stages: the results are those of "
            f"an undisturbed run"
        )
