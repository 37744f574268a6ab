"""One experiment through glue.sh, with the finetuning that its mask needs."""

import json
import shutil
import subprocess
from pathlib import Path

from parp_espnet.pruning.masks import Mask

SCRIPT = Path(__file__).resolve().parents[2] / "egs2/TEMPLATE/glue1/glue.sh"


def run(recipe: Path, model: Path, *options: str) -> subprocess.CompletedProcess[str]:
    usual = (
        "--recipe",
        str(recipe),
        "--task",
        "cldr_order",
        "--model",
        str(model),
        "--updates",
        "20",
        "--lr",
        "0.01",
    )
    # Its data is no made task's: stage 1 is left out.
    words = [
        str(SCRIPT),
        *usual,
        "--validations",
        "2",
        "--batch_size",
        "16",
        "--stage",
        "2",
        *options,
    ]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")


def test_omp_makes_its_dense_model_and_mask_first_and_is_skipped_when_complete(
    text_recipe: Path, bert: Path, tmp_path: Path
):
    # The dense experiment is run from stage 1, which makes data of its own.
    recipe = shutil.copytree(text_recipe, tmp_path / "a recipe")
    words = ("--method", "omp", "--sparsity", "0.6")
    done = run(recipe, bert, *words)
    assert done.returncode == 0, done.stderr
    assert "omp needs the experiment glue_dense_" in done.stderr
    (exp,) = (recipe / "exp").glob("glue_omp_*")
    (dense,) = (recipe / "exp").glob("glue_dense_*")
    result = json.loads((exp / "result.json").read_text())
    assert (result["method"], result["finetuning_runs"], result["metric"]) == ("omp", 2, "matthews")
    assert abs(result["sparsity_measured"] - 0.6) < 1e-4
    assert result["iou_initial_final"] == 1
    assert result["options"]["method"] == "omp"
    assert (result["mask_origin"]["source"], result["mask_origin"]["language"]) == (
        "finetuned",
        "cldr_order",
    )
    assert Mask.load(exp / "mask.safetensors").made.source == "trained"
    assert "finetuned weights" in Mask.load(exp / "finetuned_mask.safetensors").origin
    assert (dense / "model/config.json").is_file()
    assert not (dense / "result.json").exists()
    assert "matthews" in (recipe / "exp/RESULTS.md").read_text()
    assert "cldr_order: matthews" in done.stdout

    again = run(recipe, bert, *words)
    assert again.returncode == 0, again.stderr
    steps = [
        line for line in again.stderr.splitlines() if line.startswith("stage") and "): " not in line
    ]
    assert steps
    assert all(line.endswith("complete, skipped") for line in steps)

    changed = run(recipe, bert, "--method", "dense", "--glue_tag", dense.name, "--lr", "0.02")
    assert changed.returncode == 2
    assert "was made with other settings (lr=0.01 is now lr=0.02)" in changed.stderr
