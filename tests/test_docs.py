"""The pages of docs/: they are built without a warning, and the tutorial does what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from parp_espnet.pruning.masks import Mask

ROOT = Path(__file__).resolve().parents[1]
LISTED = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
NEXT = "# next block"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-3000:]
    assert "WARNING" not in built.stderr
    return folder


def test_nothing_comes_from_a_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="(https?:[^"]*)"', page.read_text()
        )
        assert loaded == [], page


def test_every_link_of_every_page_leads_somewhere(site: Path) -> None:
    pages = {page: page.read_text() for page in site.rglob("*.html")}
    anchors = {page: set(re.findall(r'\bid="([^"]*)"', text)) for page, text in pages.items()}
    for page, text in pages.items():
        if page.name == "404.html":
            continue
        for link in re.findall(r'<(?:a|img|script|link)\b[^>]*\b(?:href|src)="([^"]*)"', text):
            place, _, anchor = unquote(unescape(link)).partition("#")
            if re.match(r"\w+:", place):
                continue
            target = (page.parent / place).resolve() if place else page
            assert target.exists(), f"{page.name}: {link}"
            if anchor and target in anchors:
                assert {anchor, unescape(anchor)} & anchors[target], f"{page.name}: {link}"


def test_options_and_docstrings_have_their_pages(site: Path) -> None:
    options = (site / "options/experiment.html").read_text()
    assert 'id="--sparsity"' in options
    assert 'id="combine--out"' in (site / "options/parp-mask.html").read_text()
    packages = {path.parent.name for path in (ROOT / "parp_espnet").glob("*/__init__.py")}
    pages = {page.stem for page in (site / "reference").glob("*.html")}
    assert pages == packages - {"bin", "bench"}
    reference = (site / "reference/pruning.html").read_text()
    assert 'id="parp_espnet.pruning.masks.Mask.save"' in reference


def clone(place: Path) -> None:
    """Copy what a clone has, but for the tests."""
    listed = subprocess.run(LISTED, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        source = ROOT / name
        if name and not name.startswith("tests/") and source.is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place / name)


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    place = tmp_path / "parp espnet"
    clone(place)
    page = (ROOT / "docs/tutorial.md").read_text()
    blocks = re.findall(r"^```bash\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 7
    script = "set -euo pipefail\n" + f"echo '{NEXT}'\n".join(blocks)
    environment = os.environ | {"PARP_VENV": sys.prefix, "OMP_NUM_THREADS": "1"}
    command = ["bash", "-c", script]
    followed = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert followed.returncode == 0, followed.stderr[-3000:]

    experiment = place / "egs2/own/spanish/exp/first"
    result = json.loads((experiment / "result.json").read_text())
    assert result["sparsity_measured"] == 0.5
    assert 0.3 < result["error_rate"] < 0.7  # "about a half"
    assert Mask.load(experiment / "mask.safetensors").sparsity == 0.5
    said = followed.stdout.split(f"{NEXT}\n")
    assert len(re.findall(r"^speech/new/wav/\S+\t[\d.]+\t[\d.]+\t\S+$", said[5], re.MULTILINE)) > 10
    recordings = sorted(path.stem for path in (place / "speech/new/wav").iterdir())
    grids = sorted(path.stem for path in (place / "speech/grids").rglob("*.TextGrid"))
    assert grids == recordings
    assert "IOU" in said[6]
