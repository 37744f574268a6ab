"""What the figures have in common: colours, markers, and files that are the same bytes for the same data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from parp_espnet.files import atomic_write

# Okabe and Ito's colours, which those who see red and green alike can tell apart.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2", "#F0E442")
MARKERS = "osD^vPX*"
METHODS = ("dense", "rp", "mpi", "omp", "imp", "parp", "parp-p", "transfer")
"""A method has the same colour and marker in every figure."""


def look(name: str, names: Sequence[str] = METHODS) -> dict[str, Any]:
    """Colour and marker of `name`, by its place in `names`; of a method whose mask is from elsewhere, the method's."""
    bare = name.split(",", maxsplit=1)[0]
    place = names.index(bare) if bare in names else len(names) + sum(map(ord, bare))
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}


def add_legend(figure: Figure) -> None:
    """Add one legend for all panels, each label once."""
    found: dict[str, Artist] = {}
    for axes in figure.axes:
        found |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(list(found.values()), list(found), loc="outside right upper")


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `name.png` and `name.svg` into `folder`; return them."""
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    for path in paths:
        kind = path.suffix[1:]
        # Names inside an SVG are hashes with a random salt, and it carries the date, unless told otherwise.
        with matplotlib.rc_context({"svg.hashsalt": "parp-espnet"}), atomic_write(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
    return paths
