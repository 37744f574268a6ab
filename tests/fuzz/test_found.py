"""What an hour of these tests found, which a minute does not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from parp_espnet.errors import UserError
from parp_espnet.pipeline.formatting import format_data
from parp_espnet.scoring.result import Result
from parp_espnet.study.plan import Study

QUICK = Path(__file__).resolve().parents[2] / "conf/study/quick.yaml"


def test_half_of_a_character_is_no_text(tmp_path: Path, make_result: Callable[..., Result]) -> None:
    file = tmp_path / "result.json"
    make_result(merges={"a": "b"}).write(file)
    file.write_text(file.read_text().replace('"b"', '"\\ud800"'))
    with pytest.raises(UserError, match="expected JSON"):
        Result.read(file)


def test_a_null_character_in_a_table(tones: Path, tmp_path: Path) -> None:
    shutil.copytree(tones, tmp_path / "data")
    text = (tmp_path / "data/text").read_text()
    (tmp_path / "data/text").write_text(text.replace("tone-1", "tone\0-1"))
    with pytest.raises(UserError, match="data/text, line 2: expected text, found a null character"):
        format_data(tmp_path / "data", tmp_path / "out", "xx", 1)


def test_an_option_that_asks_for_help(tmp_path: Path) -> None:
    grid = yaml.safe_load(QUICK.read_text())
    grid["options"] = {" ": "--help"}
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(grid))
    with pytest.raises(UserError, match="expected options and their values, found --help"):
        Study.read(tmp_path / "x.yaml")
