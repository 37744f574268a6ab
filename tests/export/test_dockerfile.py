"""The Dockerfile: what it installs is enough to recognise, and holds no more than it says.

Docker itself is not run: its `pip install` lines are read, and what these bring is put beside this
package in a Python that sees nothing else.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from parp_espnet.export.formats import export
from parp_espnet.export.trained import Trained
from tests.conftest import ROOT

DOCKERFILE = ROOT / "Dockerfile"
OPTION_WITH_VALUE = ("--constraint", "--index-url")
CALL = "from parp_espnet.bin.recognize import main; main()"


def stages() -> dict[str, list[str]]:
    """What each stage installs by name, with what the stage that it is built on does."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in DOCKERFILE.read_text().splitlines():
        if begin := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            name = begin[2]
            found[name] = list(found.get(begin[1], []))
        elif line.startswith("RUN pip install "):
            words = line.split()[3:]
            for before, word in zip(["", *words], words, strict=False):
                if not word.startswith(("-", "/")) and before not in OPTION_WITH_VALUE:
                    found[name].append(word)
    return found


def needed(names: list[str]) -> dict[str, Distribution]:
    """The packages of these names, and all that they require."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform
        for line in found[name].requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                left.append(requirement.name)
    return found


def environment_of(stage: str, folder: Path) -> Path:
    """A directory with nothing but what a stage installs, and this package."""
    folder.mkdir()
    (folder / "parp_espnet").symlink_to(ROOT / "parp_espnet")
    for package in needed(stages()[stage]).values():
        for file in package.files or []:
            top = folder / file.parts[0]
            if file.parts[0] not in ("..", "__pycache__") and not top.exists():
                top.symlink_to(Path(str(package.locate_file(file.parts[0]))))
    return folder


def recognise(site: Path, model: Path, talk: Path) -> "subprocess.CompletedProcess[str]":
    """Run the image's command, without the environment of the tests (-S)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "-S", "-c", CALL, str(model), str(talk)],
        capture_output=True,
        text=True,
        check=False,
        cwd=site.parent,
        env=kept | {"PYTHONPATH": str(site), "PYTHONUTF8": "1"},
    )


@pytest.fixture(scope="module")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docker") / "models"
    export(trained, folder, ["onnx", "bundle"])
    return folder


@pytest.mark.parametrize("stage", ["onnx", "bundle"])
def test_what_is_installed_is_enough(
    stage: str, exported: Path, tones: Path, tmp_path: Path
) -> None:
    site = environment_of(stage, tmp_path / "site")
    done = recognise(site, exported / stage, tones / "tone-0.wav")
    assert done.returncode == 0, done.stderr[-2000:]
    text = dict(line.partition(" ")[::2] for line in (tones / "text").read_text().splitlines())
    assert [line.split()[-1] for line in done.stdout.splitlines()] == text["tone-0"].split()


def test_the_small_image_has_no_torch() -> None:
    names = needed(stages()["onnx"]).keys()
    assert "onnxruntime" in names
    assert not names & {"torch", "transformers", "espnet", "scipy", "numba"}


def test_what_is_copied_is_not_ignored() -> None:
    kept = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = set()
    for line in DOCKERFILE.read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)
