"""Where masks move, and when: changes of sides by layer and by kind of weight over a training, and
what is left of the first mask.
"""

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from parp_espnet.study.evidence import Adjusting, Anatomy
from parp_espnet.study.figures.findings import Drawn, Findings
from parp_espnet.study.figures.maps import file_of, layer_map, sparsest

FEWEST = 1e-6
"""Share of a part's weights below which nothing has a colour."""


def draw(findings: Findings) -> Drawn:
    """Draw both for every method of the first language, at its highest sparsity."""
    return moved_maps(findings.evidence.adjustings) | kept_maps(findings.evidence.anatomies)


def moved_maps(adjustings: Sequence[Adjusting]) -> Drawn:
    """Changes of sides over time, by layer and by kind of weight."""
    drawn: Drawn = {}
    for line, run in sparsest([run for run in adjustings if run.ends]).items():
        caption = (
            f"Weights that change sides in each part of a training, in percent of those of a layer "
            f"(left) and of a kind (right): {line}."
        )
        drawn[f"moved_{file_of(line)}"] = caption, _moved(run)
    return drawn


def _moved(run: Adjusting) -> Figure:
    rows = max(len(run.by_layer), len(run.by_kind))
    figure = Figure(figsize=(9.0, 1.5 + 0.3 * rows), layout="constrained")
    left, right = figure.subplots(1, 2)
    values = [100 * share for share in chain(*run.by_layer.values(), *run.by_kind.values())]
    highest = max(*values, 100 * FEWEST)
    _panel(left, run.by_layer, run.ends, highest)
    kinds = {name.split(".")[-1]: shares for name, shares in run.by_kind.items()}
    image = _panel(
        right, kinds if len(kinds) == len(run.by_kind) else run.by_kind, run.ends, highest
    )
    figure.colorbar(image, ax=[left, right], label="change sides (%)")
    figure.suptitle(f"{run.line}, {run.language}, sparsity {run.sparsity:g}", fontsize="medium")
    return figure


def _panel(
    axes: Axes, shares: Mapping[str, Sequence[float]], ends: Sequence[int], highest: float
) -> AxesImage:
    values = 100 * np.array(list(shares.values()))
    image = axes.imshow(values, cmap="cividis", vmin=0, vmax=highest, aspect="auto")
    axes.set_yticks(range(len(shares)), list(shares))
    places = range(len(ends) // 4 - 1, len(ends), max(1, len(ends) // 4))
    axes.set_xticks(list(places), [str(ends[place]) for place in places])
    axes.set_xlabel("updates")
    axes.tick_params(length=0)
    return image


def kept_maps(anatomies: Sequence[Anatomy]) -> Drawn:
    """IOU of the final mask with the first, by layer and kind of weight."""
    drawn: Drawn = {}
    for line, anatomy in sparsest([anatomy for anatomy in anatomies if anatomy.overlap]).items():
        caption = f"IOU of the final mask with the first by layer and kind of weight: {line}."
        drawn[f"kept_{file_of(line)}"] = caption, layer_map(anatomy.overlap, anatomy)
    return drawn
