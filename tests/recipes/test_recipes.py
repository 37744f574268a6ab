"""Every shipped recipe is in one table, and says what it would do."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from parp_espnet.corpora.registry import CORPORA, FOLDERS
from parp_espnet.glue.tasks import TASKS
from parp_espnet.phones.espeak import VOICES

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted(
    str(path.parent.relative_to(ROOT / "egs2")) for path in (ROOT / "egs2").glob("*/*/run.sh")
)
STUDIES = ", ".join(sorted(path.stem for path in (ROOT / "conf/study").glob("*.yaml")))
TEXT = [f"glue/{name}" for name in TASKS]
EXPERIMENTS = [
    recipe for recipe in RECIPES if recipe != "cldr/ssl1" and not recipe.startswith("glue/")
]


def dry_run(recipe: str, *options: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "egs2" / recipe / "run.sh"
    words = [str(script), "--dry_run", "true", *options]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")


def test_the_table_lists_every_recipe() -> None:
    table = (ROOT / "egs2/README.md").read_text()
    assert sorted(re.findall(r"^\| \[([\w/-]+)\]\(\1\) \|", table, re.MULTILINE)) == RECIPES


def test_the_table_has_what_each_corpus_says_of_its_recipes() -> None:
    table = (ROOT / "egs2/README.md").read_text().splitlines()
    said: list[str] = []
    for corpus in CORPORA.values():
        for name, row in corpus.recipes.items():
            said.append(name)
            assert f"| [{name}]({name}) | {row.speech} | {row.phones} | {row.needs} |" in table
    assert sorted(said) == EXPERIMENTS


def test_every_language_of_common_voice_has_a_recipe() -> None:
    assert {f"commonvoice/{language}" for language in CORPORA["commonvoice"].languages or ()} < set(
        RECIPES
    )


def test_db_sh_names_folders_of_corpora_alone() -> None:
    names = re.findall(r"^#? *export (\w+)=", (ROOT / "db.sh").read_text(), re.MULTILINE)
    assert names
    assert set(names) <= {*map(str.upper, FOLDERS), "GLUE"}


def test_every_language_with_a_voice_has_a_recipe() -> None:
    assert {f"cldr/{language}" for language in VOICES} < set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_script_can_be_run_and_its_usage_is_itself(recipe: str) -> None:
    script = ROOT / "egs2" / recipe / "run.sh"
    assert os.access(script, os.X_OK)
    assert "run.sh --" in script.read_text()


@pytest.mark.parametrize("recipe", EXPERIMENTS)
def test_every_recipe_dry_runs(recipe: str, tmp_path: Path) -> None:
    corpus = CORPORA[recipe.split("/", maxsplit=1)[0]]
    options = [
        word for name in corpus.needs if name in FOLDERS for word in (f"--{name}", str(tmp_path))
    ]
    done = dry_run(recipe, "--upstream", str(tmp_path), *options)
    assert done.returncode == 0, done.stderr
    stages = [int(number) for number in re.findall(r"^stage (\d+) ", done.stdout, re.MULTILINE)]
    assert sorted(set(stages)) == [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 14]
    assert f"make_corpus {recipe.split('/', maxsplit=1)[0]}" in done.stdout


@pytest.mark.parametrize("recipe", TEXT)
def test_every_task_dry_runs(recipe: str, tmp_path: Path) -> None:
    task = recipe.removeprefix("glue/")
    assert recipe in RECIPES
    done = dry_run(recipe, "--model", str(tmp_path), "--glue", str(tmp_path), "--method", "mpi")
    assert done.returncode == 0, done.stderr
    assert [int(number) for number in re.findall(r"^stage (\d+) ", done.stdout, re.MULTILINE)] == [
        1,
        2,
        4,
        5,
        6,
    ]
    assert f"glue data --task {task}" in done.stdout


def test_the_transfer_of_masks_dry_runs() -> None:
    words = ["--tasks", "cldr_kind cldr_sim", "--seeds", "0", "--dry_run", "true"]
    script = str(ROOT / "egs2/glue/run_transfer.sh")
    done = subprocess.run([script, *words], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    # Dense, OMP, the other's mask fixed, and adjusting.
    assert "8 experiments" in done.stderr


def test_language_models_dry_run(tmp_path: Path) -> None:
    words = [
        "--upstream",
        str(tmp_path),
        "--use_ngram",
        "true",
        "--use_lm",
        "true",
        "--stage",
        "10",
    ]
    done = dry_run("cldr/es", *words)
    assert done.returncode == 0, done.stderr
    stages = [int(number) for number in re.findall(r"^stage (\d+) ", done.stdout, re.MULTILINE)]
    assert stages == [10, 10, 10, 10, 10, 11, 11, 12, 12, 12, 13, 13, 13, 14]


def test_omp_dry_runs_its_dense_experiment_first(tmp_path: Path) -> None:
    done = dry_run("cldr/es", "--upstream", str(tmp_path), "--method", "omp")
    assert done.returncode == 0, done.stderr
    stages = [int(number) for number in re.findall(r"^stage (\d+) ", done.stdout, re.MULTILINE)]
    assert [*dict.fromkeys(stages)][:6] == [1, 2, 3, 4, 5, 7]
    assert "mask from-model --model exp/phn_dense_" in done.stdout


@pytest.mark.parametrize(
    ("recipe", "model", "training", "weights"),
    [
        ("cldr/es", "--upstream", "bin.train --config", "--init_param exp/phn_dense_"),
        ("glue/cldr_kind", "--model", "bin.glue train", "--initial_weights exp/glue_dense_"),
    ],
)
def test_a_router_of_finetuned_weights_dry_runs_dense_once_and_begins_with_it(
    recipe: str, model: str, training: str, weights: str, tmp_path: Path
) -> None:
    for mask in ("finetuned", "uniform"):
        words = ("--method", "router-p", "--first_mask", mask)
        done = dry_run(recipe, model, str(tmp_path), *words)
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stdout.splitlines() if training in line]
        assert [weights in line for line in lines] == [False, True]


def test_the_study_dry_runs() -> None:
    words = [str(ROOT / "run.sh"), "--dry_run", "true"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    assert [int(stage) for stage in re.findall(r"^stage (\d+) ", done.stdout, re.MULTILINE)] == [
        2,
        2,
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("script", "words", "message"),
    [
        ("run.sh", ["--stage", "6"], "--stage 6 --stop_stage 5: expected stages from 1 to 5"),
        ("run.sh", ["--profile", "huge"], f"no such study; there are {STUDIES}"),
        ("run.sh", ["--stag", "1"], "did you mean --stage?"),
        ("run.sh", ["quick"], "found a positional argument"),
        ("run.sh", ["--max_jobs_run", "0"], "--max_jobs_run 0: expected 1 or more"),
        ("egs2/cldr/es/run.sh", ["--stage", "15"], "expected stages from 1 to 14"),
        ("egs2/cldr/es/run.sh", ["--sparsity", "50"], "did you mean 0.5?"),
        ("egs2/cldr/es/run.sh", ["--lang", "xx"], "--lang xx: no voice for it"),
        (
            "egs2/cldr/es/run.sh",
            ["--num_nodes", "2"],
            "--num_nodes 2: expected a queue with as many machines",
        ),
        ("egs2/cldr/es/run.sh", ["dense"], "found a positional argument"),
        ("egs2/mboshi/mb/run.sh", [], "expected --mboshi DIR, or MBOSHI=DIR in db.sh"),
        (
            "egs2/commonvoice/tt/run.sh",
            [],
            "expected --commonvoice DIR, or COMMONVOICE=DIR in db.sh: an unpacked",
        ),
        (
            "egs2/commonvoice/tt/run.sh",
            ["--lang", "en"],
            "--lang en: no language of --corpus commonvoice",
        ),
        (
            "egs2/own/mine/run.sh",
            [],
            "expected --own DIR, or OWN=DIR in db.sh: a Kaldi directory, a folder",
        ),
        (
            "egs2/own/mine/run.sh",
            ["--phonemise", "xx"],
            "--phonemise xx: expected letters, or one of ",
        ),
        ("egs2/glue/cola/run.sh", [], "--task cola: expected --glue DIR, or GLUE=DIR in db.sh"),
        ("egs2/glue/cldr_sim/run.sh", ["--updatse", "3"], "did you mean --updates?"),
        (
            "egs2/mini_an4/en/run.sh",
            ["--train_minutes", "3"],
            "--train_minutes is for --corpus cldr, commonvoice",
        ),
    ],
)
def test_wrong_options_are_one_line(script: str, words: list[str], message: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name.lower() not in (*FOLDERS, "glue")
    }
    done = subprocess.run(
        [str(ROOT / script), *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
