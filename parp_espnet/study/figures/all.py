"""Every figure of a study: a module each, and a row here."""

from collections.abc import Callable, Sequence
from pathlib import Path

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures import (
    adjusting,
    amounts,
    cost,
    curves,
    exported,
    maps,
    moved,
    points,
    training,
)
from parp_espnet.study.figures.findings import Drawn, Findings
from parp_espnet.study.figures.style import save

FIGURES: tuple[Callable[[Findings], Drawn], ...] = (
    points.draw,
    curves.draw,
    amounts.draw,
    cost.draw,
    exported.draw_bytes,
    exported.draw_milliseconds,
    adjusting.draw,
    adjusting.draw_intervals,
    training.draw,
    maps.draw_languages,
    maps.draw_overlaps,
    maps.draw_transfer,
    maps.draw_anatomies,
    moved.draw,
)
"""What draws them, in the report's order. A new figure is a module with such a `draw`, and a row.
"""


def draw(results: Sequence[Result], evidence: Evidence, folder: Path) -> dict[Path, str]:
    """Write every figure that there is something for, as PNG and SVG; return the captions, by the
    SVGs.

    The same data give the same bytes.
    """
    findings = Findings(results, evidence)
    captions = {}
    for draw_some in FIGURES:
        for name, (caption, figure) in draw_some(findings).items():
            _, svg = save(figure, folder, name)
            captions[svg] = caption
    return captions
