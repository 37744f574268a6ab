"""`pruning.jsonl`."""

import json
from pathlib import Path

from parp_espnet.pruning.log import PruningLog
from parp_espnet.pruning.pruner import PruneEvent


def event(step: int) -> PruneEvent:
    return PruneEvent(
        step, 0.5, {"w": 0.5}, flips=None, iou_previous=None, iou_first=1.0, seconds=0.1
    )


def test_append_and_cut(tmp_path: Path):
    log = PruningLog(tmp_path / "exp" / "pruning.jsonl")
    for step in (0, 5, 10):
        log.append(event(step))
    assert [json.loads(line)["step"] for line in log.path.read_text().splitlines()] == [0, 5, 10]
    log.cut(5)
    assert [json.loads(line)["step"] for line in log.path.read_text().splitlines()] == [0, 5]
    log.cut(-1)
    assert log.path.read_text() == ""


def test_cut_drops_a_line_that_a_kill_left_unfinished(tmp_path: Path):
    log = PruningLog(tmp_path / "pruning.jsonl")
    log.append(event(0))
    whole = log.path.read_text()
    with log.path.open("a") as file:
        file.write('{"step": 5, "sparsity": 0.5, "tensors": {"w": 0.5}')
    log.cut(100)
    assert log.path.read_text() == whole
