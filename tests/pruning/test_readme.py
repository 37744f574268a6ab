"""The examples of the pruning core's README run, in order, as they stand there."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import parp_espnet.pruning
from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.scores import SCORES
from parp_espnet.pruning.settings import PruneSettings


def test_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(parp_espnet.pruning.__path__[0]) / "README.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    monkeypatch.chdir(tmp_path)
    # So that the examples' rows go when the test ends.
    monkeypatch.setitem(METHODS, "parp-r", METHODS["parp"])
    monkeypatch.setitem(SCORES, "curvature", SCORES["moment"])
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert capsys.readouterr().out.startswith("0.5 ")
    assert [event.step for event in names["events"]] == [0, 5, 10, 15, 20]
    assert METHODS["parp-r"].grows
    assert names["mask"].sparsity == 0.5
    assert names["pruning"].pruner.update == 20, "it was resumed"
    assert PruneSettings.parse(names["moved"]).ranking.score == "curvature"


def test_every_file_is_in_the_table() -> None:
    folder = Path(parp_espnet.pruning.__path__[0])
    named = set(re.findall(r"`(\w+\.py)`", (folder / "README.md").read_text()))
    assert named == {file.name for file in folder.glob("*.py")} - {"__init__.py"}
