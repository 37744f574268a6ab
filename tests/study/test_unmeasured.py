"""Exports that a study still has to measure, and how one that cannot be measured ends."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.export.costs import EXPORTS, FORMAT
from parp_espnet.files import write_json
from parp_espnet.scoring.result import UNPACKED, Result
from parp_espnet.study import complete, job, state, unmeasured
from parp_espnet.study.plan import Study
from parp_espnet.study.state import standings
from parp_espnet.study.status import failures

STUDY = """
recipes: {es: egs2/cldr/es}
options: {updates: 150}
exports: [sparse, onnx]
arms:
    dense: {method: dense}
    parp: {method: parp, sparsity: 0.8}
    mpi: {method: mpi, sparsity: 0.8}
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Three experiments, looked for in a folder of our own."""
    for module in (complete, state, unmeasured, job):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return Study.read(path)


def test_what_is_left_to_measure(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    done, unpacked, _ = study.experiments
    for experiment in (done, unpacked):
        make_result(updates=150).write(tmp_path / experiment.result)
    write_json(tmp_path / unpacked.directory / UNPACKED, {})
    found = standings(study, tmp_path / "log")
    (lacking,) = unmeasured.unmeasured(study, found)
    assert lacking.experiment == done
    assert unmeasured.unmeasured(replace(study, exports=()), found) == []
    with pytest.raises(UserError) as said:
        failures(found, [lacking])
    assert str(said.value).startswith(
        "1 of 3 experiments have no result, 1 have one, and no exports that could be measured; the "
        "same command tries them again:"
    )
    assert str(said.value).count(str(done.directory)) == 1
    # Of this result, and in these formats.
    result = tmp_path / done.result
    told = {"format": FORMAT, "formats": list(study.exports), "files": []}
    told["result_sha256"] = sha256(result.read_bytes()).hexdigest()
    beside = result.with_name(EXPORTS)
    write_json(beside, told)
    assert unmeasured.unmeasured(study, found) == []
    write_json(beside, told | {"formats": ["onnx"]})
    assert unmeasured.unmeasured(study, found) == [lacking]
    write_json(beside, told)
    make_result(updates=151).write(result)
    assert unmeasured.unmeasured(study, found) == [lacking]


def test_a_result_stays_whose_exports_fail(
    study: Study,
    tmp_path: Path,
    make_result: Callable[..., Result],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """There is no model beside it: one line says so, and what was of another result is gone."""
    experiment, *_ = study.experiments
    result = tmp_path / experiment.result
    make_result(updates=150).write(result)
    write_json(result.with_name(EXPORTS), {"format": FORMAT, "formats": [], "files": []})
    before = result.read_bytes()
    code = job.measure_exports(experiment, study.exports)
    assert code == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "training.json" in line
    assert result.read_bytes() == before
    assert not result.with_name(EXPORTS).exists()
