"""Where processes could not pass on what they read, the training reads its batches itself."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parp_espnet.espnet import sharing
from parp_espnet.espnet.sharing import read_where_there_is_room
from parp_espnet.files import read_json


def workers(**given: object) -> int:
    """How many processes are left of two."""
    usual = {"num_workers": 2, "batch_type": "length", "batch_bins": 1000, "valid_batch_bins": None}
    args = argparse.Namespace(**usual | {"batch_size": 20, "valid_batch_size": None} | given)
    read_where_there_is_room(args)
    return int(args.num_workers)


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({}, 4 * 1000 * 5),
        ({"valid_batch_bins": 3000}, 4 * 3000 * 5),
        ({"batch_type": "unsorted"}, 4 * 20 * 320_000 * 5),
        ({"batch_type": "folded", "valid_batch_size": 40}, 4 * 40 * 320_000 * 5),
    ],
)
def test_there_has_to_be_room_for_all_that_is_read_ahead(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, object], needed: int
) -> None:
    for free, left in ((needed, 2), (needed - 1, 0), (0, 0)):
        monkeypatch.setattr(sharing, "free_to_share", lambda free=free: free)
        assert workers(**given) == left
    assert workers(**given, num_workers=0) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small /dev/shm")
def test_a_training_where_there_is_no_room(recipe, tmp_path: Path) -> None:
    quick = {"max_epoch": 1, "num_iters_per_epoch": 2, "keep_nbest_models": 1}
    config = recipe.config(tmp_path / "exp", num_workers=2, **quick)
    mount = 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$@"'
    train = [sys.executable, "-m", "parp_espnet.bin.train", "--config", str(config)]
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", mount, "bash", *train],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("a small /dev/shm cannot be mounted here")
    assert done.returncode == 0, done.stderr
    assert "/dev/shm has 0.1 MB free, and batches that 2 processes read take some" in done.stderr
    assert read_json(tmp_path / "exp" / "training.json")["updates"] == 2
