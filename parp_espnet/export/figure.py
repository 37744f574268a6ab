"""The share of zeros of every layer, drawn."""

from collections.abc import Mapping
from pathlib import Path


def draw_layers(layered: Mapping[str, float], path: Path) -> None:
    """Draw a bar a layer into a PNG; shares are fractions."""
    import matplotlib  # noqa: PLC0415  # half a second

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(5, 0.3 * len(layered) + 1), layout="constrained")
    names = list(layered)
    axes.barh(names, [100 * layered[name] for name in names], color="#4477aa")
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("weights that are zero, %")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
