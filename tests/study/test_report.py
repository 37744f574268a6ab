import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.claims import claims
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures.all import draw
from parp_espnet.study.report import page

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.fixture
def written(grid: list[Result], evidence: Evidence, tmp_path: Path) -> Path:
    """A report with everything in it."""
    captions = draw(grid, evidence, tmp_path)
    text = page(
        "a study", grid, evidence, claims(grid, evidence), captions, ["Synthetic speech."], {}
    )
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    return tmp_path / "report.html"


class Tags(HTMLParser):
    """Counts tags, and keeps what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_one_file_has_every_figure_and_needs_no_other(written: Path) -> None:
    tags = Tags()
    tags.feed(written.read_text(encoding="utf-8"))
    assert tags.names.count("img") == len(list(written.parent.glob("*.svg"))) == 9
    assert all(source.startswith("data:") for source in tags.sources)


def test_claims_stand_with_their_verdicts_and_text_is_escaped(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    assert re.search(r"<td>C2</td><td>[^<]*</td><td>holds</td>", text)
    assert "not tested here" not in text
    assert "&lt;a&amp;b&gt;" in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_a_browser_shows_every_figure_and_has_nothing_to_complain_about(written: Path) -> None:
    # The page's own title becomes how many of its figures have a size.
    count = "[...document.images].filter(i=>i.naturalWidth>0).length"
    script = f"<script>addEventListener('load',()=>document.title={count})</script>"
    probe = written.with_name("probe.html")
    probe.write_text(
        written.read_text(encoding="utf-8").replace("</body>", f"{script}</body>"), encoding="utf-8"
    )
    words = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--dump-dom",
    ]
    done = subprocess.run(
        [*words, "--virtual-time-budget=5000", f"file://{probe}"],
        capture_output=True, text=True, check=True, timeout=1200,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    assert "<title>9</title>" in done.stdout
