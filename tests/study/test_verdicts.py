from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.verdicts import by_corpus, untested, verdicts

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


@pytest.mark.parametrize(
    "more",
    [
        {"conditions": "lr 0.001"},
        {"conditions": "minutes 10, lr 0.001"},
        {"one": "parp, scope global", "one_arm": Arm("parp", variant="scope global")},
        {"other": "dense, trained on CPU", "other_arm": Arm("dense", variant="trained on CPU")},
    ],
)
def test_a_comparison_counts_once_whatever_else_differs_in_a_study(
    more: dict[str, object], keep: Keep
) -> None:
    """Another study of the same runs calls them otherwise; two alike in one study are two."""
    folders = [keep("one", "cldr", [0.02, 0.02]), keep("again", "cldr", [])]
    same = Comparison("es", 0.5, 0, 0, "parp", "dense", 0.02, (0.0, 0.0), None, None, 0.01)
    other = replace(same, **more)  # type: ignore[arg-type]
    Evidence(comparisons=[other]).write(folders[1] / "evidence.json")
    (row,) = verdicts(folders).splitlines()[2:]
    assert "fewer errors in 0 of 2, more in 2" in row


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("by learned", ""),
        ("in egs2/mboshi/mb by learned", "in egs2/mboshi/mb"),
        ("by learned seed 1", "seed 1"),
        ("by moment", "by moment"),
    ],
)
def test_a_mask_that_was_called_otherwise_counts_once(
    then: str, now: str, keep: Keep, tmp_path: Path
) -> None:
    """A study that was kept, and the same one collected again since."""
    folders = [keep("kept", "cldr", []), keep("again", "cldr", [])]
    same = Comparison("es", 0.9, 0, 0, "", "dense", 0.02, (0.0, 0.0), None, None, 0.01)
    for folder, other in zip(folders, (then, now), strict=True):
        arm = Arm("transfer", languages=("fr",), run="router", other=other)
        Evidence(comparisons=[replace(same, one=arm.name, one_arm=arm)]).write(
            folder / "evidence.json"
        )
    ((_, evidence),) = by_corpus(folders).values()
    (found,) = evidence.comparisons
    assert found.first.other == now
    assert Evidence.read(folders[0] / "evidence.json").comparisons[0].one == found.first.name


def test_runs_that_differ_are_no_copies(keep: Keep) -> None:
    folders = [keep("one", "cldr", [0.02]), keep("again", "cldr", [])]
    same = Comparison("es", 0.5, 0, 0, "parp", "dense", 0.02, (0.0, 0.0), None, None, 0.01)
    others = [
        replace(same, seed=1),
        replace(same, sparsity=0.3),
        replace(same, p=0.02),
        replace(same, decoding="greedy"),
        replace(same, one="parp, n = 50"),
    ]
    Evidence(comparisons=others).write(folders[1] / "evidence.json")
    (row,) = verdicts(folders).splitlines()[2:]
    # An interval of one's own is another arm than the claim's.
    assert "fewer errors in 0 of 5, more in 5" in row


def test_a_result_counts_once_with_its_exports_and_without(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    exports = [
        {
            "format": "onnx", "precision": "fp32", "bytes": 1, "milliseconds": 1.0,
            "error_rate": 0.1, "utterances": 1, "processor": "one",
        }
    ]  # fmt: skip
    for name, measured in (("plain", None), ("exported", exports)):
        kept = make_result(
            method="parp", sparsity_target=0.5, iou_initial_final=0.9, initial_mask=None
        )
        write_json(tmp_path / name / "results.json", [replace(kept, exports=measured).as_json()])
        Evidence().write(tmp_path / name / "evidence.json")
    (row,) = verdicts([tmp_path / "plain", tmp_path / "exported"]).splitlines()[2:]
    assert "1 run, 0.9000" in row


@pytest.mark.parametrize(
    "option",
    [
        {"scope": "units"},
        {"scope": "2:4"},
        {"score": "wanda"},
        {"prune_biases": False},
        {"teacher": "dense"},
    ],
)
def test_what_a_study_has_throughout_tells_it_from_others(
    option: dict[str, object], make_result: Callable[..., Result], tmp_path: Path
) -> None:
    """The claim is of PARP as the paper has it, which one of the two studies is about."""
    for name, difference, more in (("usual", 0.02, {}), ("another", -0.02, option)):
        results = []
        for method, sparsity in (("dense", 0.0), ("parp", 0.5)):
            options = {"corpus": "cldr", **(more if sparsity else {})}
            results.append(
                make_result(
                    recipe="egs2/cldr/es", language="es", method=method, sparsity_target=sparsity,
                    initial_mask=None, iou_initial_final=None, options=options,
                ).as_json()
            )  # fmt: skip
        write_json(tmp_path / name / "results.json", results)
        same = Comparison(
            "es", 0.5, 0, 0, "parp", "dense", difference, (0.0, 0.0), None, None, 0.01
        )
        Evidence(comparisons=[same]).write(tmp_path / name / "evidence.json")
    (row,) = verdicts([tmp_path / "usual", tmp_path / "another"]).splitlines()[2:]
    assert "fewer errors in 0 of 1, more in 1" in row


def test_corpora_are_together_in_whichever_order(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    same = Comparison("es", 0.5, 0, 0, "parp", "dense", 0.02, (0.0, 0.0), None, None, 0.01)
    for name, corpora in (("one", ("cldr", "mboshi")), ("other", ("mboshi", "cldr"))):
        kept = [make_result(recipe=f"egs2/{corpus}/es", method="dense") for corpus in corpora]
        write_json(tmp_path / name / "results.json", [result.as_json() for result in kept])
        Evidence(comparisons=[same]).write(tmp_path / name / "evidence.json")
    (row,) = verdicts([tmp_path / "one", tmp_path / "other"]).splitlines()[2:]
    assert "| cldr, mboshi |" in row
    assert "0 of 1" in row
