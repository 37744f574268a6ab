"""What upstreams of their published sizes cost: time and memory of one update with PARP and of one
prune, on random weights, a process each.

python3 -m parp_espnet.bin.real_sizes wav2vec2-base whisper-small
python3 -m parp_espnet.bin.real_sizes       # every one for which there is memory
"""

import datetime
import sys
from pathlib import Path
from typing import Any

from parp_espnet import progress
from parp_espnet.arguments import COUNT, Parser, path
from parp_espnet.errors import UserError, command
from parp_espnet.files import write_json
from parp_espnet.machine import free_memory, processor

MODULE = "parp_espnet.bench.one_update"
HEAD = ("upstream", "M weights", "pruned M", "update s", "peak GB", "prune s", "extra MB")
PROCESS = 0.9e9
"""Bytes of Python, torch and ESPnet."""
OF_A_PARAMETER = 24
"""Bytes: 16 of a weight, its gradient and what Adam keeps of it, 1 of the mask; the others are what
layers keep of ten seconds for the backward pass, as it was measured.
"""


@command
def main() -> None:
    """Print a row for each size, and write all as JSON."""
    options = _parser().parse_args()
    # Imported here: torch takes seconds.
    from parp_espnet.bench.processes import in_a_process  # noqa: PLC0415
    from parp_espnet.bench.sizes import SIZES  # noqa: PLC0415

    sizes = list(dict.fromkeys(options.sizes)) or list(SIZES)
    for size in sizes:
        if size not in SIZES:
            raise UserError(f"{size}: expected some of {', '.join(SIZES)}")
    rows: list[dict[str, Any]] = []
    failed = []
    progress.emit(f"{_cells(HEAD)}|{'---|' * len(HEAD)}\n")
    for size in progress.track(sizes, "sizes", "process"):
        why = too_large(size, SIZES[size].millions, free_memory())
        if why is not None:
            progress.say(why)
            continue
        try:
            found = in_a_process(MODULE, size, str(options.threads), threads=options.threads)
        except UserError as error:
            failed.append(size)
            progress.say(f"{size}: {error}")
            continue
        row = {"size": size, "threads": options.threads, **measured_on(), **found}
        rows.append(row)
        progress.emit(_cells(cells(row)))
        sys.stdout.flush()
        write_json(options.out, rows)
    if rows:
        print(
            f"{rows[-1]['processor']}, threads: {options.threads}, {rows[-1]['date']}; all "
            f"figures in {options.out}"
        )
    if failed:
        raise UserError(
            f"{len(failed)} of {len(sizes)} sizes ended without figures: {', '.join(failed)}; the "
            f"lines above say why"
        )


def too_large(size: str, millions: float, free: int) -> str | None:
    """Return why a size of so many parameters is left out where so many bytes are free; None where
    it should fit.
    """
    needed = PROCESS + OF_A_PARAMETER * 1e6 * millions
    if needed <= free:
        return None
    return (
        f"{size}: left out: about {needed / 1e9:.1f} GB of memory are needed, {free / 1e9:.1f} GB "
        f"are free; end what else is running, or take a larger machine"
    )


def measured_on() -> dict[str, str]:
    """Return the day, and what measures."""
    import torch  # noqa: PLC0415

    today = datetime.datetime.now(datetime.UTC).date()
    return {"date": str(today), "processor": processor(), "torch": str(torch.__version__)}


def cells(row: dict[str, Any]) -> list[str]:
    """Return what the table has of a measurement."""
    return [
        row["size"],
        f"{row['parameters'] / 1e6:.1f}",
        f"{row['pruned'] / 1e6:.1f}",
        f"{row['seconds']:.1f}",
        f"{row['peak_bytes'] / 1e9:.2f}",
        f"{row['prune_seconds']:.2f}",
        f"{row['extra_bytes'] / 1e6:.0f}",
    ]


def _cells(row: Any) -> str:
    return f"| {' | '.join(row)} |\n"


def _parser() -> Parser:
    parser = Parser(
        description=" ".join((__doc__ or "").split("\n\n")[0].split()), allow_abbrev=False
    )
    parser.add_argument(
        "sizes", nargs="*", metavar="SIZE", help="[all of them]; one that there is not lists them"
    )
    parser.add_argument("--threads", type=COUNT, default=1, help="[%(default)s]")
    parser.add_argument("--out", type=path, default=Path("results/real_sizes.json"))
    return parser


if __name__ == "__main__":
    main()
