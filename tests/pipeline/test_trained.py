"""What a training left is read, or it is said what is there instead."""

from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.pipeline.trained import MEASURED, SUMMARY, trained


def test_a_summary_from_before_the_device_was_written(tmp_path: Path) -> None:
    write_json(
        tmp_path / SUMMARY, dict.fromkeys(MEASURED, 1) | {"initial_mask": None, "model": "x.pth"}
    )
    assert trained(tmp_path) == dict.fromkeys(MEASURED, 1) | {
        "initial_mask": None,
        "device": None,
        "mask_origin": None,
        "head": None,
    }


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"method": "parp"}'])
def test_something_else(tmp_path: Path, content: str) -> None:
    (tmp_path / SUMMARY).write_text(content)
    with pytest.raises(
        UserError, match=r"training\.json: expected what a training leaves, found no .*initial_mask"
    ):
        trained(tmp_path)
