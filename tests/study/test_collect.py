from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.scoring.result import Result
from parp_espnet.study.collect import collect, read_results
from parp_espnet.study.plan import Study

QUICK = ROOT / "conf/study/quick.yaml"


def test_results_are_collected_in_order(results: list[Result], tmp_path: Path) -> None:
    experiments = Study.read(QUICK).experiments
    for one, result in zip(experiments, results, strict=False):
        result.write(tmp_path / one.result)
    done = collect(experiments, tmp_path, tmp_path / "out/results.json")
    assert [one.result for one in done] == results
    assert read_results(tmp_path / "out/results.json") == results


def test_every_language_of_a_joint_run_is_a_result(results: list[Result], tmp_path: Path) -> None:
    first, second, *_ = experiments = Study.read(QUICK).experiments
    results[0].write(tmp_path / first.result)
    for language in ("tr", "es"):
        results[1].write(tmp_path / first.directory / f"by_language/{language}/result.json")
    results[2].write(tmp_path / second.result)
    done = collect(experiments, tmp_path, tmp_path / "results.json")
    assert [(one.folder.name, one.whole) for one in done] == [
        (first.directory.name, True), ("es", False), ("tr", False), (second.directory.name, True),
    ]  # fmt: skip


def test_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of 9 experiments has a result yet, such as egs2/cldr/es/exp"):
        collect(Study.read(QUICK).experiments, tmp_path, tmp_path / "results.json")
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(UserError, match="expected a list of results"):
        read_results(tmp_path / "results.json")
