from dataclasses import asdict, replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.export.costs import EXPORTS, Measured
from parp_espnet.files import write_json
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.scoring.result import Result
from parp_espnet.study.archive import RECORDS
from parp_espnet.study.collect import collect, read_results
from parp_espnet.study.exported import exported, exports_of
from parp_espnet.study.markdown import report
from parp_espnet.study.plan import Study

QUICK = ROOT / "conf/study/quick.yaml"
STUDY = """
recipes: {es: egs2/cldr/es}
options: {updates: 150}
exports: [sparse, onnx]
arms:
    dense: {method: dense}
    parp: {method: parp, sparsity: 0.8}
"""


def measured(form: str, precision: str, size: int) -> Measured:
    return Measured(form, precision, size, 12.345, 0.1, 86, "a Xeon")


@pytest.fixture
def with_exports(results: list[Result]) -> list[Result]:
    """All but the last have two files."""
    files = [measured("onnx", "fp32", 21_700_000), measured("sparse", "fp16", 3_100_000)]
    told = [asdict(one) for one in files]
    return [*(replace(result, exports=told) for result in results[:-1]), results[-1]]


def test_the_table_has_a_line_for_each_file(with_exports: list[Result]) -> None:
    lines = exported(with_exports).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + 2 * (len(with_exports) - 1)
    head, _, first, *_ = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    assert head == ["language", "method", "sparsity", "exported as", "MB", "ms", "PER"]
    assert first == ["es", "dense", "0", "onnx fp32", "21.70", "12.3", "0.1000"]
    assert "one thread of a Xeon" in lines[-1]


def test_the_report_has_it_where_something_was_exported(
    results: list[Result], with_exports: list[Result]
) -> None:
    assert "| exported as" in report("quick", with_exports, [], {})
    assert "exported as" not in report("quick", results, [], {})


def test_what_was_measured_is_collected(results: list[Result], tmp_path: Path) -> None:
    first, second, *_ = experiments = Study.read(QUICK).experiments
    results[0].write(tmp_path / first.result)
    results[1].write(tmp_path / second.result)
    one = measured("onnx", "int8", 5_900_000)
    told = {"format": 1, "formats": ["onnx"], "result_sha256": "", "files": [asdict(one)]}
    write_json(tmp_path / first.directory / EXPORTS, told)
    collect(experiments, tmp_path, tmp_path / "results.json")
    kept = read_results(tmp_path / "results.json")
    assert exports_of(kept[0]) == [one]
    assert kept[1].exports is None
    assert EXPORTS in RECORDS


def test_results_of_before_are_read(results: list[Result]) -> None:
    old = results[0].as_json()
    del old["exports"]
    assert Result.of(old, "old.json").exports is None


@pytest.mark.parametrize(
    "change",
    [{"bytes": -1}, {"processor": 3}, {"milliseconds": "12"}, {"more": 1}],
)
def test_what_cannot_be_measured_is_refused(
    results: list[Result], change: dict[str, object]
) -> None:
    entry = asdict(measured("onnx", "fp32", 5)) | change
    with pytest.raises(UserError, match="exports"):
        Result.of(results[0].as_json() | {"exports": [entry]}, "result.json")


def test_a_study_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    assert Study.read(path).exports == ("sparse", "onnx")
    assert Study.read(QUICK).exports == ()


@pytest.mark.parametrize("wanted", ["[hf]", "onnx", "{onnx: 1}", "[[onnx]]"])
def test_other_formats_are_refused(tmp_path: Path, wanted: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(STUDY.replace("[sparse, onnx]", wanted))
    known = "bundle, onnx, openvino, sparse"
    with pytest.raises(UserError, match=f"exports: expected a list of some of {known}, found"):
        Study.read(path)


def test_text_is_not_exported(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(
        "recipes: {cldr_kind: egs2/glue/cldr_kind}\nexports: [onnx]\narms: {a: {method: dense}}\n"
    )
    with pytest.raises(UserError, match="exports: expected recipes of speech alone"):
        Study.read(path)
