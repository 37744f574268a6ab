"""What the shell does with words, paths, and whatever lies in the present directory."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from parp_espnet.pipeline.step import Step

ROOT = Path(__file__).resolve().parents[2]
PHN = ROOT / "egs2/TEMPLATE/phn1/phn.sh"
STRANGERS = (
    "yaml.py",
    "torch.py",
    "numpy.py",
    "json.py",
    "socket.py",
    "pip.py",
    "parp_espnet/__init__.py",
)
"""Modules of ours, of others, and of Python's own."""

type Steps = Callable[[Sequence[str]], tuple[list[Step], str]]


def strand(folder: Path) -> Path:
    """Put modules into a folder that must not be imported."""
    for name in STRANGERS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("raise SystemExit('a stranger was run')\n")
    return folder


def run(
    words: Sequence[str | Path], cwd: Path | str = "/", **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | variables
    environment.pop("PYTHONSAFEPATH", None)
    command = [str(word) for word in words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


@pytest.mark.parametrize(
    "words",
    [
        ["egs2/cldr/es/run.sh", "--dry_run", "true"],
        ["egs2/glue/cldr_kind/run.sh", "--dry_run", "true"],
        ["run.sh", "--dry_run", "true"],
        ["egs2/cldr/es/run.sh", "--help"],
        ["egs2/cldr/ssl1/run.sh", "--help"],
    ],
)
def test_what_lies_in_the_present_directory_is_not_run(words: list[str], tmp_path: Path) -> None:
    done = run(
        [ROOT / words[0], *words[1:]],
        cwd=strand(tmp_path),
        PYTHONPATH=os.environ.get("PYTHONPATH", "") + "::",
    )
    assert (done.returncode, "stranger" in done.stdout + done.stderr) == (0, False), done.stderr


def test_what_lies_on_pythonpath_is_not_run_in_place_of_the_environments(tmp_path: Path) -> None:
    strange, plain = strand(tmp_path / "it's strange"), tmp_path / "plain"
    plain.mkdir()
    (plain / "a_module_of_mine.py").write_text("")
    paths = ["", str(strange), str(plain), str(tmp_path / "gone"), str(plain)]
    words = [ROOT / "egs2/cldr/es/run.sh", "--dry_run", "true"]
    done = run(words, cwd=tmp_path, PYTHONPATH=os.pathsep.join(paths), PYTHONHOME=str(strange))
    assert (done.returncode, "a stranger was run" in done.stdout + done.stderr) == (0, False), (
        done.stderr
    )
    warned = [line for line in done.stderr.splitlines() if line.startswith("warning: PYTHONPATH")]
    assert len(warned) == 1
    assert "is left out: its json, numpy, parp_espnet and 4 more would run in place of" in warned[0]
    script = f'. {shlex.quote(str(ROOT))}/path.sh && printf %s "$PYTHONPATH"'
    shown = run(["bash", "-c", script], PYTHONPATH=os.pathsep.join(paths))
    assert shown.stdout == os.pathsep.join([str(ROOT), str(plain), str(tmp_path / "gone")])


def test_what_lies_in_the_recipe_is_not_run(
    tone_recipe: Path, upstream: Path, tmp_path: Path
) -> None:
    recipe = strand(tmp_path / "recipe")
    shutil.copytree(tone_recipe / "data", recipe / "data")
    options = ["--lang", "xx", "--upstream", upstream, "--skip_check", "true", "--stop_stage", "5"]
    done = run([PHN, "--recipe", recipe, *options])
    assert (done.returncode, "stranger" in done.stdout + done.stderr) == (0, False), done.stderr
    assert (recipe / "dump/raw/train/wav.scp").is_file()


@pytest.mark.parametrize(
    "backend", [["parp_espnet.bin.run_local"], ["parp_espnet.bin.run_queue", "--backend", "ssh"]]
)
def test_a_job_does_not_run_what_lies_where_it_is(backend: list[str], tmp_path: Path) -> None:
    strand(tmp_path)
    (tmp_path / ".queue").mkdir()
    (tmp_path / ".queue/machines").write_text("here\n")
    (tmp_path / "ssh.conf").write_text("command bash -c 'shift; eval \"$*\"' --\n")
    more = ["--config", "ssh.conf"] if "ssh" in backend else []
    command = ["python3", "-m", *backend, *more, "job.log", "python3", "-c", "import yaml"]
    job = f". {shlex.quote(str(ROOT))}/path.sh && {shlex.join(command)}"
    done = run(["bash", "-c", job], cwd=tmp_path)
    log = (tmp_path / "job.log").read_text() if (tmp_path / "job.log").exists() else ""
    assert (done.returncode, "stranger" in log) == (0, False), done.stderr + log


def test_a_script_of_the_users_may_import_what_lies_beside_it(
    tone_recipe: Path, upstream: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe"
    (recipe / "local").mkdir(parents=True)
    (recipe / "local/beside.py").write_text(f"HERE = {str(tone_recipe / 'data')!r}\n")
    (recipe / "local/make.py").write_text(
        "import shutil, beside\nshutil.copytree(beside.HERE, 'data', dirs_exist_ok=True)\n"
    )
    (recipe / "local/data.sh").write_text("#!/bin/sh\nexec python3 local/make.py\n")
    (recipe / "local/data.sh").chmod(0o755)
    options = ["--lang", "xx", "--upstream", upstream, "--skip_check", "true", "--stop_stage", "1"]
    done = run([PHN, "--recipe", recipe, *options])
    assert done.returncode == 0, done.stderr
    assert (recipe / "data/train/wav.scp").is_file()


ODD = [
    "",
    " ",
    "a b",
    "it's",
    '"',
    "$HOME",
    "`x`",
    "*",
    "ışık",
    "a\tb",
    "a&b",
    "-n",
    "\\",
    "a=b",
    "~",
    "(",
    "!",
]


def test_words_that_are_shown_can_be_pasted() -> None:
    script = (
        f'. {shlex.quote(str(ROOT))}/local/steps.sh; dry_run=true; label=stage; show_or_run "$@"'
    )
    done = run(["bash", "-c", script, "bash", *ODD], LC_ALL="C")
    shown = done.stdout.removeprefix("stage: ").removesuffix("\n")
    assert shlex.split(shown) == ODD
    pasted = run(["bash", "-c", f"printf '%s\\0' {shown}"], LC_ALL="C")
    assert pasted.stdout.split("\0")[:-1] == ODD


def test_every_command_that_a_dry_run_shows_can_be_pasted(upstream: Path, tmp_path: Path) -> None:
    strange = tmp_path / "it's ışık & more"
    shutil.copytree(upstream, strange)
    options = [
        "--upstream",
        strange,
        "--method",
        "imp",
        "--sparsity",
        "0.2",
        "--use_ngram",
        "true",
        "--dry_run",
        "true",
    ]
    done = run([ROOT / "egs2/cldr/es/run.sh", *options, "--expdir", tmp_path / "my exp"])
    assert done.returncode == 0, done.stderr
    shown = [
        line.partition("): ")[2] for line in done.stdout.splitlines() if line.startswith("stage ")
    ]
    assert len(shown) > 20
    for line in shown:
        words = shlex.split(line, comments=True)
        assert run(["bash", "-c", f"printf '%s\\0' {line}"]).stdout.split("\0")[:-1] == words
        # Every option has its word, an empty one too.
        assert all(
            words[place + 1 : place + 2]
            for place, word in enumerate(words)
            if word == "--initial_mask"
        ), line


def test_rounds_find_each_others_masks_below_an_absolute_directory(
    upstream: Path, tmp_path: Path, steps_of: Steps
) -> None:
    expdir = tmp_path / "ışık it's"
    options = [
        "--upstream",
        str(upstream),
        "--method",
        "imp",
        "--sparsity",
        "0.3",
        "--expdir",
        str(expdir),
        "--stop_stage",
        "6",
    ]
    found, _ = steps_of([str(ROOT / "egs2/cldr/es/run.sh"), *options])
    left = {path for step in found for path in step.outputs}
    begun = {path for step in found for path in step.inputs if path.name == "pruned.safetensors"}
    assert len(begun) == 3
    assert begun <= left
    assert all(path.parent.parent == expdir for path in begun)


@pytest.mark.parametrize(
    ("below", "words"),
    [
        ("egs2/cldr", ["es/run.sh", "--dry_run", "true"]),
        ("egs2/own", ["mine/run.sh", "--help"]),
        ("egs2/cldr", ["ssl1/run.sh", "--help"]),
        ("egs2/glue", ["cldr_kind/run.sh", "--help"]),
        ("egs2/glue", ["xlnet1/run.sh", "--help"]),
    ],
)
def test_a_script_finds_its_folder_with_cdpath(
    below: str, words: list[str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / words[0]
    elsewhere.parent.mkdir()
    elsewhere.write_text("echo a stranger was run\n")
    for path in (ROOT / below, tmp_path):
        done = run(["bash", *words], cwd=ROOT / below, CDPATH=str(path))
        assert (done.returncode, "stranger" in done.stdout) == (0, False), done.stderr
