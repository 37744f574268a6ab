"""Every figure of a study."""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures.adjusting import adjusting, intervals
from parp_espnet.study.figures.cost import cost
from parp_espnet.study.figures.curves import curves
from parp_espnet.study.figures.maps import anatomy_maps, language_map, overlap_maps, transfer_maps
from parp_espnet.study.figures.points import points
from parp_espnet.study.figures.style import save
from parp_espnet.study.figures.training import training
from parp_espnet.study.names import is_text, rate_of


def draw(results: Sequence[Result], evidence: Evidence, folder: Path) -> dict[Path, str]:
    """Write every figure that there is something for, as PNG and SVG; return the captions, by the
    SVGs.

    The same data give the same bytes.
    """
    short, long = rate_of(results)
    rate, whose = long.capitalize(), "task" if is_text(results) else "language"
    plots = {
        "per": (f"{rate} on the test set, with 95 % intervals.", points(results)),
        "curves": (
            f"{rate} against sparsity; lines are means over seeds, bands or bars their 95 % "
            f"intervals, dots the seeds.",
            curves(results),
        ),
        "cost": (
            f"{rate} against updates of all finetunings, what costs the same in a band around its "
            f"tick; points are "
            "means over seeds, numbers sparsities.",
            cost(evidence.costs, long),
        ),
        "adjusting": (
            "Weights that change sides at each prune, and how far masks go.",
            adjusting(evidence.adjustings),
        ),
        "intervals": (
            f"{rate} against the interval of adjusting; lines are means over seeds, dots the "
            f"seeds.",
            intervals(results),
        ),
        "training": (
            "Validation PER during training; the dot is the model chosen.",
            training(evidence.trainings),
        ),
    }
    maps = language_map(results) | overlap_maps(evidence)
    maps |= transfer_maps(evidence, short, whose) | anatomy_maps(evidence)
    drawn = {
        name: (caption, figure) for name, (caption, figure) in plots.items() if figure is not None
    } | maps
    captions = {}
    for name, (caption, figure) in drawn.items():
        _, svg = save(figure, folder, name)
        captions[svg] = caption
    return captions
