"""Time and memory as ratios against alternatives in the same run: `make bench`, or `make bench ONLY=select`.

python3 -m parp_espnet.bin.bench --only select --out results/bench.json
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parp_espnet import progress
from parp_espnet.bench.selection import SIZES, WAYS
from parp_espnet.errors import UserError, command
from parp_espnet.files import write_json

PARTS = ("select",)


@command
def main() -> None:
    """Print a table, a line for each alternative, and write it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--only", default="", help=f"measure one part: {', '.join(PARTS)}")
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--out", type=Path, default=Path("results/bench.json"))
    options = parser.parse_args()
    if options.only and options.only not in PARTS:
        raise UserError(f"--only {options.only}: expected one of {', '.join(PARTS)}")
    lines = list(selection(options.sizes, options.threads))
    write_json(options.out, lines)
    print(table(lines), end="")
    print(f"all figures in {options.out}")


def selection(sizes: list[str], threads: list[int]) -> Iterator[dict[str, Any]]:
    """Measure the re-prune in every way, size and number of threads."""
    runs = [(size, number, way) for size in sizes for number in threads for way in WAYS]
    found: dict[tuple[str, int, str], dict[str, float]] = {}
    for run in progress.track(runs, "select", "process"):
        size, number, way = run
        found[run] = _in_a_process("parp_espnet.bench.selection", way, size, str(number), threads=number)
    for size, number, way in runs:
        if way == "ours":
            continue
        own, other = found[size, number, "ours"], found[size, number, way]
        yield {
            "name": f"select.reprune.{size}",
            "ours_s": own["seconds"],
            "against": way,
            "against_s": other["seconds"],
            "ratio": own["seconds"] / other["seconds"],
            "extra_bytes": int(own["extra_bytes"]),
            "against_extra_bytes": int(other["extra_bytes"]),
            "threads": number,
        }


def _in_a_process(module: str, *words: str, threads: int) -> dict[str, float]:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"{module} {' '.join(words)} ended with code {done.returncode}: {last}")
    return dict(json.loads(done.stdout))


def table(lines: list[dict[str, Any]]) -> str:
    """Return the lines as Markdown; a ratio below 1 is in our favour."""
    rows = ["| what | threads | ours s | extra MB | against | s | extra MB | ratio |", f"|{'---|' * 8}"]
    for line in lines:
        cells = [
            line["name"],
            str(line["threads"]),
            f"{line['ours_s']:.3f}",
            f"{line['extra_bytes'] / 1e6:.0f}",
            line["against"],
            f"{line['against_s']:.3f}",
            f"{line['against_extra_bytes'] / 1e6:.0f}",
            f"{line['ratio']:.3f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "".join(f"{row}\n" for row in rows)


if __name__ == "__main__":
    main()
