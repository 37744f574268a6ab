"""Whatever the locale, the letters of a path and where a checkout may be written: the
same results.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parp_espnet.scoring.result import Result

ROOT = Path(__file__).resolve().parents[2]
LOCALES = Path("/usr/share/i18n/locales")
SHORT = (
    "--train_minutes",
    "0.2",
    "--valid_minutes",
    "0.1",
    "--test_minutes",
    "0.1",
    "--updates",
    "4",
)


def run(command: Path, *words: str, **variables: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))
    }
    environment |= {"OMP_NUM_THREADS": "1", "PARP_VENV": sys.prefix} | variables
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(command), *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def turkish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the C library finds Turkish, in which the small letter of I is another; made from the
    system's sources.
    """
    if not (LOCALES / "tr_TR").exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        # Who tests at the same time may be installing a scheduler.
        install = ["apt-get", "-o", "DPkg::Lock::Timeout=1200", "install", "--yes"]
        words = [*install, "--no-install-recommends", "locales"]
        subprocess.run(words, capture_output=True, check=False)
    if not (LOCALES / "tr_TR").exists():
        pytest.skip("the package locales is not installed, and cannot be")
    folder = tmp_path_factory.mktemp("locales")
    subprocess.run(
        ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(folder / "tr_TR.UTF-8")], check=True
    )
    return folder


@pytest.mark.thorough
def test_locales(
    tone_recipe: Path,
    make_training: Callable[..., Path],
    upstream: Path,
    turkish: Path,
    tmp_path: Path,
) -> None:
    recipe = tmp_path / "Işıklı çalışma"
    shutil.copytree(tone_recipe, recipe)
    words = [
        "--recipe",
        str(recipe),
        "--lang",
        "xx",
        "--upstream",
        str(upstream),
        "--skip_check",
        "true",
    ]
    words += [
        "--train_config",
        str(make_training(recipe, 2)),
        "--updates",
        "4",
        "--sparsity",
        "0.5",
    ]
    surroundings = {
        "unset": {},
        "C": {"LC_ALL": "C"},
        "turkish": {"LC_ALL": "tr_TR.UTF-8", "LOCPATH": str(turkish)},
    }
    for name, variables in surroundings.items():
        places = ("--expdir", f"exp {name}", "--dumpdir", f"ışık {name}")
        run(ROOT / "egs2/TEMPLATE/phn1/phn.sh", *words, *places, **variables)
    first, *others = (_found(recipe, name) for name in surroundings)
    assert len(first) > 12
    assert others == [first, first]


def _found(recipe: Path, name: str) -> dict[str, bytes | float]:
    files = [*recipe.glob(f"ışık {name}/raw/*/*"), *recipe.glob(f"ışık {name}/token_list/*.txt")]
    files += recipe.glob(f"exp {name}/phn_*/decode_greedy/test/text")
    # A recording's path tells which run it is of.
    found: dict[str, bytes | float] = {
        file.relative_to(recipe).as_posix().replace(f" {name}/", "/"): file.read_bytes()
        for file in files
        if file.is_file() and file.name != "wav.scp" and file.parent.name != ".steps"
    }
    (result,) = recipe.glob(f"exp {name}/phn_*/result.json")
    return found | {"PER": Result.read(result).error_rate}


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """This checkout, where nothing may be written."""
    place = tmp_path / "checkout"
    place.mkdir()
    bound = subprocess.run(
        ["mount", "--bind", str(ROOT), str(place)], check=False, capture_output=True
    )
    if bound.returncode:
        pytest.skip("a directory cannot be mounted again here: that takes root")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_checkout_that_may_not_be_written(
    read_only: Path, upstream: Path, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="Read-only file system"):
        (read_only / "egs2/x").write_text("")
    elsewhere = tmp_path / "başka yer"
    words = (*SHORT, "--upstream", str(upstream), "--sparsity", "0.5", "--skip_check", "true")
    run(read_only / "egs2/cldr/es/run.sh", *words, "--expdir", str(elsewhere))
    (result,) = elsewhere.glob("phn_*/result.json")
    assert Result.read(result).sparsity_measured == pytest.approx(0.5, abs=1e-3)
    assert (elsewhere / "RESULTS.md").exists()
    assert sorted(one.name for one in elsewhere.iterdir() if one.name in ("data", "dump")) == [
        "data",
        "dump",
    ]


def dry_run(command: Path, folder: Path, *words: str) -> list[str]:
    """What a command of the project prints in a dry run, standing in `folder`."""
    environment = os.environ | {"PARP_VENV": sys.prefix}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(command), *words, "--dry_run", "true"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", ["run.sh", "egs2/cldr/es/run.sh", "egs2/glue/cldr_kind/run.sh"])
def test_python_files_of_the_current_directory_are_not_ours(command: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    usual = dry_run(ROOT / command, elsewhere)
    for module in ("yaml", "torch", "json", "parp_espnet/__init__"):
        file = elsewhere / f"{module}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"raise SystemExit('{module} of the current directory')\n")
    assert dry_run(ROOT / command, elsewhere) == usual


def test_what_a_dry_run_prints_can_be_pasted(tmp_path: Path) -> None:
    """An empty word, and one with a space, are words of the shell again."""
    upstream = "egs2/cldr/ssl1/upstreams/multi"
    (tmp_path / "my upstream").symlink_to(ROOT / upstream)
    words = (
        "--upstream",
        str(tmp_path / "my upstream"),
        "--lm_train_text",
        str(tmp_path / "a text"),
    )
    (tmp_path / "a text").write_text("u a\n")
    lines = dry_run(ROOT / "egs2/cldr/es/run.sh", tmp_path, *words, "--use_ngram", "true")
    assert lines
    commands = [shlex.split(line.partition("): ")[2], comments=True) for line in lines]
    (made,) = [command for command in commands if "parp_espnet.bin.make_config" in command]
    assert made[made.index("--initial_mask") + 1] == ""
    assert str(tmp_path / "a text") in [word for command in commands for word in command]


@pytest.mark.parametrize("recipe", ["egs2/cldr/es", "egs2/glue/cldr_kind"])
def test_what_a_dry_run_prints_first_makes_the_rest_run_anywhere(
    recipe: str, tmp_path: Path
) -> None:
    expdir = tmp_path / "it's $HOME *"
    expdir.mkdir()
    lines = dry_run(ROOT / recipe / "run.sh", tmp_path, "--expdir", str(expdir))
    first = [line for line in lines if not line.startswith("stage ")]
    assert first == lines[: len(first)]
    pasted = "\n".join([*first, "pwd", "echo ${PARP_ROOT}"])
    done = subprocess.run(
        ["bash", "-e", "-c", pasted], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(ROOT / recipe), str(ROOT)]
    (left,) = expdir.glob("*/experiment.json")
    kept = json.loads(left.read_text())["options"]
    assert (kept["recipe"], kept["dry_run"]) == (str(ROOT / recipe), False)


def test_a_second_language_takes_the_recipe_alone(tmp_path: Path) -> None:
    """README's line; nothing of the first language comes along."""
    text = (ROOT / "egs2/own/README.md").read_text()
    (line,) = [line.strip() for line in text.splitlines() if "OWN=" in line and "cp " in line]
    own = tmp_path / "egs2" / "own"
    (own / "mine" / "exp").mkdir(parents=True)
    (own / "mine" / "data").mkdir()
    shutil.copy(ROOT / "egs2/own/mine/run.sh", own / "mine")
    copying = line.rpartition(" && ")[0]
    subprocess.run(["bash", "-e", "-c", copying], check=True, cwd=tmp_path)
    (second,) = [folder for folder in own.iterdir() if folder.name != "mine"]
    assert [file.name for file in second.iterdir()] == ["run.sh"]
