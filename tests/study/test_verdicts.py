from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.verdicts import untested, verdicts

type Keep = Callable[[str, str, list[float]], Path]


@pytest.fixture
def keep(make_result: Callable[..., Result], tmp_path: Path) -> Keep:
    """Leave a study of one corpus, in which PARP differs so from dense."""

    def make(name: str, corpus: str, differences: list[float]) -> Path:
        folder = tmp_path / name
        result = make_result(recipe=f"egs2/{corpus}/es", language="es", method="dense")
        result.write(folder / "result.json")
        write_json(folder / "results.json", [read_json(folder / "result.json")])
        same = Comparison("es", 0.5, 0, 0, "parp", "dense", 0.0, (0.0, 0.0), None, None, 0.01)
        Evidence(comparisons=[replace(same, difference=one) for one in differences]).write(
            folder / "evidence.json"
        )
        return folder

    return make


def test_a_run_of_several_studies_counts_once_and_each_corpus_for_itself(keep: Keep) -> None:
    folders = [
        keep("curves", "cldr", [0.02, 0.01]),
        keep("people", "mboshi", [-0.05]),
        keep("again", "cldr", [0.02, 0.03]),
    ]
    head, line, *rows = verdicts(folders).splitlines()
    assert [row.split(" | ")[2:4] for row in rows] == [
        ["cldr", "does not hold"],
        ["mboshi", "holds"],
    ]
    assert "fewer errors in 0 of 3, more in 3" in rows[0]
    assert head.count("|") == line.count("|") == rows[0].count("|")


@pytest.mark.parametrize("known", [True, False])
def test_each_amount_of_speech_has_a_line(
    known: bool, make_result: Callable[..., Result], tmp_path: Path
) -> None:
    """Of evidence of before the study's results tell the amount."""
    results, comparisons = [], []
    for minutes, difference in ((10.0, 0.05), (60.0, -0.05), (13.08, -0.05)):
        language = "mb" if minutes == 13.08 else "en"
        for method in ("dense", "parp"):
            sparsity = 0.0 if method == "dense" else 0.5
            results.append(
                make_result(
                    language=language,
                    method=method,
                    sparsity_target=sparsity,
                    train_minutes=minutes,
                )
            )
        more = "" if language == "mb" else f"minutes {minutes:g}"
        interval = (difference - 0.01, difference + 0.01)
        comparison = Comparison(
            language, 0.5, 0, 0, "parp", "dense", difference, interval, None, None, 0.01
        )
        comparisons.append(replace(comparison, conditions=more))
        if known:
            comparisons[-1] = replace(comparisons[-1], train_minutes=minutes, upstream="multi")
    write_json(tmp_path / "results.json", [result.as_json() for result in results])
    Evidence(comparisons=comparisons).write(tmp_path / "evidence.json")
    _, _, *rows = verdicts([tmp_path]).splitlines()
    found = [row.split(" | ") for row in rows if row.startswith("| C1 ")]
    assert [(row[1].split(", ")[1], row[3]) for row in found] == [
        ("at 10 minutes without a language model", "does not hold"),
        ("at 13.08 minutes without a language model", "holds"),
        ("at 60 minutes without a language model", "holds"),
    ]


def test_the_same_comparison_of_evidence_of_before_counts_once(keep: Keep) -> None:
    folders = [keep("before", "cldr", [0.02]), keep("now", "cldr", [0.02])]
    found = read_json(folders[1] / "evidence.json")
    found["comparisons"][0] |= {"train_minutes": 10.0, "upstream": "multi"}
    write_json(folders[1] / "evidence.json", found)
    results = read_json(folders[0] / "results.json")
    results.append(results[0] | {"method": "parp", "sparsity_target": 0.5})
    write_json(folders[0] / "results.json", results)
    _, _, row, *_ = verdicts(folders).splitlines()
    assert "fewer errors in 0 of 1, more in 1" in row


def test_a_study_without_evidence_is_named(keep: Keep) -> None:
    folder = keep("curves", "cldr", [0.02])
    (folder / "evidence.json").unlink()
    with pytest.raises(UserError, match=r"curves/evidence\.json"):
        verdicts([folder])


def test_evidence_of_another_type_is_named(keep: Keep) -> None:
    folder = keep("curves", "cldr", [0.02])
    found = read_json(folder / "evidence.json")
    found["comparisons"][0]["p"] = "x"
    write_json(folder / "evidence.json", found)
    with pytest.raises(UserError, match=r"expected a study's evidence \(Comparison: p: 'x'\)"):
        verdicts([folder])


def test_what_no_corpus_has_tested_is_said(keep: Keep) -> None:
    folders = [keep("curves", "cldr", [0.02]), keep("people", "mboshi", [-0.05])]
    lines = dict(line.split(": ", 1) for line in untested(folders).splitlines())
    assert "C1" not in lines
    assert lines["N3"] == "not tested here: no data: no router beside a dense model"
    assert {"N1", "N2", "C3"} <= lines.keys()
