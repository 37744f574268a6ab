"""Figures of a study that was kept: made again from its results, without its experiments."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.study.collect import read_results
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures.all import draw
from parp_espnet.study.older import figure_before


def redraw(folder: Path, out: Path | None = None) -> list[Path]:
    """Make a kept study's figures again; return those that were written.

    Args:
        folder: has its `results.json` and `evidence.json`.
        out: receives every figure that there is something for, as PNG and SVG; by default those
            that the folder has are written over there.

    Raises:
        UserError: a file is missing, damaged or of another version, the folder has no figure, or
            `out` is a file.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise UserError(f"--out {out}: expected a directory, found a file")
    results = read_results(folder / "results.json")
    evidence = Evidence.read(folder / "evidence.json")
    with tempfile.TemporaryDirectory() as place:
        draw(results, evidence, Path(place))
        drawn = sorted(Path(place).iterdir())
        names = {figure: figure.name for figure in drawn}
        if out is None:
            names = _those_there(drawn, folder)
        if not names:
            raise UserError(
                f"{folder}: expected figures of this study, found none; --out DIR takes all of them"
            )
        target = out or folder
        target.mkdir(parents=True, exist_ok=True)
        written = []
        for figure, name in names.items():
            written.append(shutil.copyfile(figure, target / name))
        return written


def _those_there(drawn: Sequence[Path], folder: Path) -> dict[Path, str]:
    """The names of those that a folder has, which may be of before: its pages link to them."""
    names = {}
    for figure in drawn:
        for name in (figure.name, figure_before(figure.name)):
            if (folder / name).exists():
                names[figure] = name
                break
    return names
