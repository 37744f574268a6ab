import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.errors import UserError
from parp_espnet.scoring.decodings import as_table, compare_decodings, write_decodings
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances


def scored(folder: Path, name: str, result: Result, errors: int, **changes: Any) -> Path:
    """A decoding of twenty utterances of 25 phones with so many errors in each."""
    dataset = changes.get("dataset", "test")
    score = folder / f"decode_{name}" / dataset / "score"
    rate = errors / 25
    replace(result, error_rate=rate, ci95=(rate, rate), **changes).write(score / "result.json")
    counts = [Counts(f"{dataset}-{n}", 25, errors, 0, 0) for n in range(20)]
    write_utterances(score / "utterances.tsv", counts)
    return score


@pytest.fixture
def scores(result: Result, tmp_path: Path) -> list[Path]:
    """Four decodings of a test set, two of a validation set."""
    ngram = {"ngram_weight": 0.4, "penalty": 1.0}
    return [
        scored(tmp_path, "beam12_ngram3", result, 4, **ngram),
        scored(tmp_path, "beam12_penalty", result, 6, penalty=1.0),
        scored(tmp_path, "beam12", result, 5, penalty=0.0),
        scored(tmp_path, "greedy", result, 5),
        scored(tmp_path, "beam12_ngram3", result, 3, dataset="dev", **ngram),
        scored(tmp_path, "greedy", result, 5, dataset="dev"),
    ]


def test_every_set_has_its_decodings_against_the_greedy_one(scores: list[Path]) -> None:
    table = as_table(compare_decodings(scores))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[:8]
    ]
    assert [row[0] for row in rows[2:]] == [
        "greedy/dev", "beam12_ngram3/dev", "greedy/test", "beam12/test", "beam12_penalty/test",
        "beam12_ngram3/test",
    ]  # fmt: skip
    assert rows[3] == [
        "beam12_ngram3/dev", "n-gram 0.4, "
                             "penalty 1", "PER", "0.1200", "[0.1200, 0.1200]", "5", "2", "3",
        "-8.00 [-8.00, -8.00]", "0.0002",
    ]  # fmt: skip
    assert [row[8:] for row in rows[4:7]] == [
        ["", ""],
        ["+0.00 [+0.00, +0.00]", "1.0000"],
        ["+4.00 [+4.00, +4.00]", "0.0002"],
    ]
    assert "a paired bootstrap over utterances" in table
    assert "on the validation set, whose own rows flatter them" in table
    # With one data set there is no row to be warned of.
    assert "flatter" not in as_table(compare_decodings(scores[:4]))
    assert as_table(compare_decodings([scores[3], scores[5]])) == ""


def test_what_cannot_be_compared_is_not(result: Result, scores: list[Path]) -> None:
    exp = scores[0].parents[2]
    scored(exp, "beam12", result, 5, metric="wer")
    write_utterances(scores[1] / "utterances.tsv", [Counts("another", 25, 0, 0, 0)])
    found = {one.decoding: one.against_greedy for one in compare_decodings(scores[:4])}
    assert [name for name, paired in found.items() if paired] == ["decode_beam12_ngram3"]
    (scores[0] / "utterances.tsv").unlink()
    with pytest.raises(
        UserError,
        match=r"decode_beam12_ngram3/test/score/utterances.tsv: no such file; score again",
    ):
        compare_decodings(scores)


def test_scores_on_another_text_are_told_apart(result: Result, scores: list[Path]) -> None:
    exp = scores[0].parents[2]
    for decoding, digest in (("greedy", "new"), ("beam12", "old"), ("beam12_penalty", "new")):
        scored(exp, decoding, result, 5, reference_sha256=digest)
    found = {one.decoding: one for one in compare_decodings(scores[:4])}
    assert {name: one.against_greedy is not None for name, one in found.items()} == {
        "decode_greedy": False,
        "decode_beam12": False,
        "decode_beam12_penalty": True,
        # One of before results said so is taken as it is.
        "decode_beam12_ngram3": True,
    }
    assert [one.decoding for one in found.values() if one.other_references] == ["decode_beam12"]
    assert "beam12/test; other references " in as_table(list(found.values()))


def test_json(scores: list[Path], tmp_path: Path) -> None:
    write_decodings(tmp_path / "decodings.json", compare_decodings(scores[:4]))
    greedy, *_, last = json.loads((tmp_path / "decodings.json").read_text())
    assert (greedy["decoding"], greedy["dataset"], greedy["against_greedy"]) == (
        "decode_greedy",
        "test",
        None,
    )
    assert (last["ngram_weight"], last["lm_weight"], last["del"], last["error_rate"]) == (
        0.4,
        None,
        3,
        0.16,
    )
    assert last["against_greedy"]["difference"] == pytest.approx(-0.04)
    assert last["against_greedy"]["p"] == pytest.approx(2 / 10001)
