"""Time and memory as ratios against alternatives in the same run: `make bench`, or `make bench
ONLY=select`.

python3 -m parp_espnet.bin.bench --only select --out results/bench.json
python3 -m parp_espnet.bin.bench --device cuda
python3 -m parp_espnet.bin.bench --only checkouts --checkout /tmp/older     # of git worktree add
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parp_espnet import progress
from parp_espnet.arguments import COUNT, Parser, path
from parp_espnet.bench.parts import PARTS
from parp_espnet.bench.processes import in_a_process
from parp_espnet.errors import UserError, command
from parp_espnet.files import write_json
from parp_espnet.machine import cores
from parp_espnet.scoring.aligned import unaligned


@command
def main() -> None:
    """Print a table, a line for each alternative, and write it as JSON."""
    options = _parser().parse_args()
    if options.only and options.only not in PARTS:
        raise UserError(f"--only {options.only}: expected one of {', '.join(PARTS)}")
    known: set[str] = set()
    for part in PARTS.values():
        known.update(part.sizes)
    if unknown := [size for size in options.sizes or [] if size not in known]:
        raise UserError(f"--sizes {unknown[0]}: expected some of {', '.join(sorted(known))}")
    on_gpu = options.device != "cpu"
    if on_gpu and options.only and not PARTS[options.only].on_gpu:
        raise UserError(
            f"--only {options.only} --device {options.device}: this part is measured on the CPU "
            f"alone"
        )
    # Imported here: torch takes seconds.
    from parp_espnet.devices import check_device  # noqa: PLC0415

    check_device(options.device)
    if options.only and PARTS[options.only].of_checkouts and options.checkout is None:
        raise UserError(
            f"--only {options.only}: expected --checkout DIR, what this checkout is compared with"
        )
    lines: list[dict[str, Any]] = []
    for name in [options.only] if options.only else PARTS:
        part = PARTS[name]
        if (on_gpu and not part.on_gpu) or (part.of_checkouts and options.checkout is None):
            continue
        where = [options.device] if on_gpu else []
        threads = [1] if on_gpu else list(part.threads)
        if part.of_checkouts:
            where = [str(options.checkout.absolute())]
            threads = [cores()]
        sizes = [size for size in part.sizes if options.sizes is None or size in options.sizes]
        lines += compare(name, sizes, options.threads or threads, where)
        write_json(options.out, lines)
    print(table(lines), end="")
    for name in [options.only] if options.only else PARTS:
        for note in PARTS[name].notes:
            print(note)
    print(f"all figures in {options.out}")


def compare(
    name: str, sizes: list[str], threads: list[int], where: list[str]
) -> Iterator[dict[str, Any]]:
    """Measure every way of a part at every size and number of threads, each in a process of its
    own.

    Args:
        where: the measurement's last words, such as a device.
    """
    part = PARTS[name]
    settings = list(dict.fromkeys(itertools.product(sizes, threads)))
    runs: list[tuple[str, int, str]] = []
    for size, number in settings:
        for _ in range(part.rounds):
            runs += [(size, number, way) for way in part.ways]
    fastest: dict[tuple[str, int, str], dict[str, float]] = {}
    for run in progress.track(runs, name, "process"):
        size, number, way = run
        measured = in_a_process(part.module, way, size, str(number), *where, threads=number)
        if run not in fastest or measured["seconds"] < fastest[run]["seconds"]:
            fastest[run] = measured
    device = where if part.on_gpu else []
    for size, number in settings:
        for called, way, other in part.pairs:
            yield _line(
                ".".join([called, size, *device]),
                number,
                fastest[size, number, way],
                other,
                fastest[size, number, other],
            )


def _line(
    name: str, threads: int, own: dict[str, float], against: str, other: dict[str, float]
) -> dict[str, Any]:
    line = {
        "name": name,
        "ours_s": own["seconds"],
        "against": against,
        "against_s": other["seconds"],
        "ratio": own["seconds"] / other["seconds"],
        "extra_bytes": int(own["extra_bytes"]),
        "against_extra_bytes": int(other["extra_bytes"]),
        "threads": threads,
    }
    more = {key: value for key, value in own.items() if key not in ("seconds", "extra_bytes")}
    return line | more | {f"against_{key}": other[key] for key in more}


def table(lines: list[dict[str, Any]]) -> str:
    """Return the lines as Markdown; a ratio below 1 is in our favour."""
    rows = [["what", "threads", "ours s", "extra MB", "against", "s", "extra MB", "ratio"]]
    for line in lines:
        bits = f" ({line['bits_per_weight']:.3f} bit a weight)" if "bits_per_weight" in line else ""
        cells = [
            line["name"] + bits + _shares(line) + _peaks(line) + _likeness(line),
            str(line["threads"]),
            f"{line['ours_s']:.3f}",
            f"{line['extra_bytes'] / 1e6:.0f}",
            line["against"],
            f"{line['against_s']:.3f}",
            f"{line['against_extra_bytes'] / 1e6:.0f}",
            f"{line['ratio']:.3f}",
        ]
        rows.append(cells)
    return unaligned(rows)


def _shares(line: dict[str, Any]) -> str:
    """Say how large files are beside dense ones, where that was measured."""
    if "of_dense" not in line:
        return ""
    return (
        f" ({line['of_dense']:.3f} of dense fp32, the other {line['against_of_dense']:.3f}, "
        f"entropy {line['floor_of_dense']:.3f})"
    )


def _peaks(line: dict[str, Any]) -> str:
    """Say how much memory two processes had at most, where all of it was measured."""
    if "peak_bytes" not in line:
        return ""
    return f" (peak memory {line['peak_bytes'] / line['against_peak_bytes']:.3f} of the other's)"


SAME = {"tokens_crc32": ("same tokens", "OTHER TOKENS"), "pers_crc32": ("same PERs", "OTHER PERs")}
"""Measurements that must be alike, else the times are not to be compared; what is said of them."""


def _likeness(line: dict[str, Any]) -> str:
    for name, (alike, other) in SAME.items():
        if name in line:
            return f" ({alike if line[name] == line[f'against_{name}'] else other})"
    return ""


def _parser() -> Parser:
    parser = Parser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--only", default="", help=f"measure one part: {', '.join(PARTS)}")
    parser.add_argument(
        "--sizes", nargs="+", help="leave out other sizes, such as 10m, 85m, 302m, base, 6min"
    )
    parser.add_argument("--threads", nargs="+", type=COUNT, help="[1 2; 1 with a GPU]")
    parser.add_argument(
        "--device", default="cpu", help="cpu; or cuda, for the parts that a GPU can do [cpu]"
    )
    parser.add_argument(
        "--checkout", type=path, help="an older checkout, which this one is compared with"
    )
    parser.add_argument("--out", type=path, default=Path("results/bench.json"))
    return parser


if __name__ == "__main__":
    main()
