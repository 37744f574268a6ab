"""The expected calibration error, and the figure that shows it."""

from pathlib import Path

import numpy as np
import pytest

from parp_espnet.recognition.calibration import Calibration, draw_reliability


def test_what_is_as_sure_as_it_is_right_has_no_error():
    confidences = np.repeat([0.25, 0.75], 100)
    are_right = np.concatenate([np.arange(100) < 25, np.arange(100) < 75])
    assert Calibration(confidences, are_right).error == pytest.approx(0.0)


def test_the_error_is_the_mean_distance():
    confidences = np.array([0.95] * 3 + [0.55])
    are_right = np.array([True, True, False, False])
    calibration = Calibration(confidences, are_right)
    assert calibration.error == pytest.approx((3 * (0.95 - 2 / 3) + 0.55) / 4, abs=1e-4)
    assert [row["phones"] for row in calibration.bins()] == [1, 3]
    assert calibration.summary()["right"] == 0.5


def test_edges_are_in_a_bin(tmp_path: Path):
    calibration = Calibration(np.array([0.0, 1.0]), np.array([False, True]))
    assert sum(row["phones"] for row in calibration.bins()) == 2
    assert calibration.error == 0
    draw_reliability({"confidence": calibration}, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
