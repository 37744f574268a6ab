from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.scoring.result import Result
from parp_espnet.study.collect import collect, read_results


def test_results_are_collected_in_order(results: list[Result], tmp_path: Path) -> None:
    files = [tmp_path / str(number) / "result.json" for number in range(len(results))]
    for file, result in zip(files, results, strict=True):
        result.write(file)
    assert collect(files, tmp_path / "out/results.json") == results
    assert read_results(tmp_path / "out/results.json") == results


def test_what_is_missing_is_left_out(results: list[Result], tmp_path: Path) -> None:
    results[0].write(tmp_path / "a/result.json")
    files = [tmp_path / "a/result.json", tmp_path / "b/result.json"]
    assert collect(files, tmp_path / "results.json") == results[:1]
    with pytest.raises(UserError, match=f"none of 1 experiments has a result yet, such as {tmp_path}/b"):
        collect(files[1:], tmp_path / "results.json")
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(UserError, match="expected a list of results"):
        read_results(tmp_path / "results.json")
