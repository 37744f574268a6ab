"""`pruning.jsonl`: one line a prune."""

import json
import math
from dataclasses import asdict
from pathlib import Path

from parp_espnet.files import regular, write_text
from parp_espnet.pruning.pruner import PruneEvent


class PruningLog:
    """An append-only log that a resumed run cuts back to the update it resumes from."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: PruneEvent) -> None:
        """Add one line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(event), allow_nan=False) + "\n")

    def cut(self, step: int) -> None:
        """Drop the lines after `step`, and a last line that a kill left unfinished; `step` −1 drops
        all.
        """
        lines: list[str] = []
        if self.path.exists():
            lines = regular(self.path).read_text(encoding="utf-8").splitlines()
        write_text(self.path, "".join(f"{line}\n" for line in lines if _step_of(line) <= step))


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except ValueError:
        return math.inf
