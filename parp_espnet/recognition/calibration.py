"""Whether a confidence of 0.8 is right in eight of ten cases (Guo et al. 2017, "On calibration of
modern neural networks").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Confidences of phones that were recognised, (phones,), and which of them are right."""

    confidences: NDArray[np.float64]
    are_right: NDArray[np.bool_]

    def bins(self) -> list[dict[str, Any]]:
        """Return, for each tenth of confidences that has phones, their number, mean confidence, and
        the share that is right.
        """
        places = np.minimum(BINS - 1, (self.confidences * BINS).astype(np.int64))
        rows = []
        for place in range(BINS):
            inside = places == place
            if inside.any():
                rows.append(
                    {
                        "phones": int(inside.sum()),
                        "confidence": round(float(self.confidences[inside].mean()), 4),
                        "right": round(float(self.are_right[inside].mean()), 4),
                    }
                )
        return rows

    @property
    def error(self) -> float:
        """The expected calibration error: how far confidence and share are apart, in the mean."""
        apart = sum(row["phones"] * abs(row["confidence"] - row["right"]) for row in self.bins())
        return float(apart / max(1, len(self.confidences)))

    def summary(self) -> dict[str, Any]:
        """Return what is told of them."""
        return {
            "phones": len(self.confidences),
            "right": round(float(self.are_right.mean()), 4),
            "mean": round(float(self.confidences.mean()), 4),
            "ece": round(self.error, 4),
            "bins": self.bins(),
        }


def draw_reliability(calibrations: Mapping[str, Calibration], path: Path) -> None:
    """Draw the share that is right over the confidence into a PNG, a line each."""
    import matplotlib  # noqa: PLC0415  # half a second

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, (axes, counts) = pyplot.subplots(
        2, 1, figsize=(4.4, 5.2), height_ratios=(3, 1), sharex=True, layout="constrained"
    )
    axes.plot([0, 1], [0, 1], color="#8C8C8C", linewidth=1, linestyle="--", label="as it should be")
    for (name, calibration), colour, marker in zip(
        calibrations.items(), ("#0072B2", "#D55E00", "#009E73"), "osD", strict=False
    ):
        rows = calibration.bins()
        xs = [row["confidence"] for row in rows]
        label = f"{name} (ECE {calibration.error:.3f})"
        axes.plot(xs, [row["right"] for row in rows], color=colour, marker=marker, label=label)
        counts.plot(xs, [row["phones"] for row in rows], color=colour, marker=marker)
    axes.set_ylabel("share of phones that are right")
    axes.set_ylim(0, 1.03)
    axes.legend(frameon=False, fontsize="small")
    counts.set_yscale("log")
    counts.set_ylabel("phones")
    counts.set_xlabel("confidence")
    for panel in (axes, counts):
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
