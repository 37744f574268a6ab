from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.scoring.result import UNPACKED, Result
from parp_espnet.study import complete
from parp_espnet.study.collect import collect, read_results
from parp_espnet.study.plan import Study

QUICK = ROOT / "conf/study/quick.yaml"


def test_results_are_collected_in_order(results: list[Result], tmp_path: Path) -> None:
    experiments = Study.read(QUICK).experiments
    for one, result in zip(experiments, results, strict=False):
        result.write(tmp_path / one.result)
    done = collect(experiments, tmp_path, tmp_path / "out/results.json")
    # What a result of before does not say of its options, the study's file says.
    told = [
        replace(one, options=options_of(plan.settings))
        for one, plan in zip(results, experiments, strict=False)
    ]
    assert [one.result for one in done] == told
    assert read_results(tmp_path / "out/results.json") == told


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
    with pytest.raises(
        UserError, match="none of 9 experiments has a result yet, such as egs2/cldr/es/exp"
    ):
        collect(Study.read(QUICK).experiments, tmp_path, tmp_path / "results.json")
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(UserError, match="expected a list of results"):
        read_results(tmp_path / "results.json")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"recipe": 1}'])
def test_what_is_no_result_does_not_count_as_done(
    results: list[Result], tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(complete, "ROOT", tmp_path)
    study = Study.read(QUICK)
    first, second, *_ = study.experiments
    results[0].write(tmp_path / first.result)
    (tmp_path / second.directory).mkdir(parents=True)
    (tmp_path / second.result).write_text(content)
    (tmp_path / second.directory / UNPACKED).write_text("{}")
    assert [complete.is_done(one) for one in (first, second)] == [True, False]
    assert not complete.is_unpacked(second)
    assert len(collect(study.experiments, tmp_path, tmp_path / "results.json")) == 1
    # A wave would take the file for what it leaves.
    complete.set_aside_damaged(study)
    assert (tmp_path / first.result).is_file()
    assert not (tmp_path / second.result).exists()
    assert (tmp_path / second.directory / "result.json.damaged").read_text() == content
