"""A recipe and a study through a real Slurm: a training of two nodes, decoding, and an array that
waits for another.
"""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "python3 -m parp_espnet.bin.run_queue --backend slurm --mem 1900M"
ON_SLURM = [
    "env",
    "cmd_backend=slurm",
    *(f"{name}={COMMAND}" for name in ("train_cmd", "cuda_cmd", "decode_cmd")),
]


def test_a_recipe_trains_on_two_nodes(
    slurm: Any, tone_recipe: Path, make_training: Callable[..., Path], upstream: Path
) -> None:
    training = make_training(tone_recipe, max_epoch=2)
    command = [*ON_SLURM, str(ROOT / "egs2/TEMPLATE/phn1/phn.sh")]
    command += [
        "--recipe",
        str(tone_recipe),
        "--lang",
        "xx",
        "--upstream",
        str(upstream),
        "--skip_check",
        "true",
    ]
    command += [
        "--train_config",
        str(training),
        "--updates",
        "8",
        "--method",
        "parp",
        "--sparsity",
        "0.5",
    ]
    done = subprocess.run(
        [*command, "--num_nodes", "2"],
        capture_output=True,
        text=True,
        check=False,
        env=slurm.environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (directory,) = tone_recipe.glob("exp/phn_parp_*ranks2*")
    assert "# srun --export=ALL" in (directory / "log/train.log").read_text()
    config = yaml.safe_load((directory / "config.yaml").read_text())
    assert (config["distributed"], config["dist_launcher"], config["dist_backend"]) == (
        True,
        "slurm",
        "gloo",
    )
    assert read_json(directory / "training.json")["updates"] == 8
    assert Mask.load(directory / "mask.safetensors").sparsity == 0.5
    assert Result.read(directory / "result.json").sparsity_measured == pytest.approx(0.5, abs=1e-3)
    assert slurm.ask("squeue", "-h") == ""


@pytest.mark.thorough
def test_a_study_is_arrays_that_wait_for_each_other(
    slurm: Any, tmp_path: Path, upstream: Path
) -> None:
    project = tmp_path / "my project"
    files = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    with tarfile.open(fileobj=(packed := io.BytesIO()), mode="w") as archive:
        for name in filter(None, files.stdout.split("\0")):
            archive.add(ROOT / name, name)
    packed.seek(0)
    with tarfile.open(fileobj=packed) as archive:
        archive.extractall(project, filter="data")
    options = {
        "train_minutes": 0.2,
        "valid_minutes": 0.1,
        "test_minutes": 0.1,
        "updates": 4,
        "upstream": str(upstream),
    }
    study = {
        "recipes": {"es": "egs2/cldr/es"},
        "options": options | {"sparsity": 0.5},
        "arms": {
            "dense": {"method": "dense", "sparsity": 0.0},
            "pruned": {"method": ["omp", "mpi"]},
        },
    }
    (project / "small.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    done = subprocess.run(
        [*ON_SLURM, "./run.sh", "--profile", "small.yaml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
        env=slurm.environment | {"PARP_VENV": sys.prefix, "PYTHONPATH": str(project)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Slurm has 2 jobs as" in done.stderr, done.stderr
    results = json.loads((project / "results/small/results.json").read_text())
    assert sorted(one["method"] for one in results) == ["dense", "mpi", "omp"]
