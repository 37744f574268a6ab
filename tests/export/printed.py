"""What is said of recordings: by `parp-recognize --format json`, and by a Kaldi text."""

import json
from pathlib import Path


def texts(printed: str) -> dict[str, str]:
    found = {}
    for line in printed.splitlines():
        told = json.loads(line)
        found[Path(told["file"]).stem] = told["text"]
    return found


def lines_of(path: Path) -> dict[str, str]:
    return dict(line.partition(" ")[::2] for line in path.read_text().splitlines())
