from pathlib import Path

import pytest

from parp_espnet.pipeline.step import Step


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """A step that copies `in` to `out`."""
    monkeypatch.chdir(tmp_path)
    Path("in").write_text("one")
    return Step(
        "stage 2 (copy)",
        ("cp", "in", "out"),
        Path(".steps/copy.json"),
        (Path("in"),),
        (Path("out"),),
    )
