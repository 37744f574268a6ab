import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.scoring.decodings import as_table, compare_decodings
from parp_espnet.scoring.per import Counts, Total
from parp_espnet.scoring.report import one_line, write_report
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances


def test_the_form_is_espnets(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for tag, correct in (("a", 90), ("b", 92)):
        score = Path("exp") / tag / "decode_greedy/test/score"
        total = Total(4, 100, correct, 5, 95 - correct, 2, 3)
        write_json(score / "counts.json", asdict(total))
        replace(result, git="0123").write(score / "result.json")
    write_report(Path("exp"), Path("exp/RESULTS.md"))
    lines = Path("exp/RESULTS.md").read_text().splitlines()
    assert lines[:2] == ["# RESULTS", "## Environments"]
    assert lines[2].startswith("- date: `")
    assert lines[3:5] == ["- python version: `3.12.1`", "- Git hash: `0123`"]
    start = lines.index("## exp/b")
    assert lines[start + 1] == "### PER"
    assert lines[start + 3] == "|dataset|Snt|Wrd|Corr|Sub|Del|Ins|Err|S.Err|"
    assert lines[start + 5] == "|decode_greedy/test|4|100|92.0|5.0|3.0|2.0|10.0|75.0|"


def test_every_metric_has_its_table_and_merged_phones_are_said(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for decoding, changes in (("greedy", {"metric": "wer"}), ("beam2", {"merges": {"ɛː": "ɛ"}})):
        score = Path("exp/a") / f"decode_{decoding}" / "test/score"
        write_json(score / "counts.json", asdict(Total(4, 100, 90, 5, 5, 2, 3)))
        replace(result, **changes).write(score / "result.json")
    write_report(Path("exp"), Path("exp/RESULTS.md"))
    lines = Path("exp/RESULTS.md").read_text().splitlines()
    assert lines[lines.index("### PER") + 4].startswith(
        "|decode_beam2/test; 1 scored as others|4|100|"
    )
    assert lines[lines.index("### WER") + 4].startswith("|decode_greedy/test|4|100|")


def test_decodings_are_compared_where_there_are_several(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scores = [
        Path("exp/a") / f"decode_{name}" / "test/score" for name in ("beam12_ngram3", "greedy")
    ]
    for score in scores:
        write_json(score / "counts.json", asdict(Total(1, 100, 90, 5, 5, 2, 3)))
        write_utterances(score / "utterances.tsv", [Counts("s-1", 100, 5, 2, 5)])
        result.write(score / "result.json")
    write_report(Path("exp"), Path("exp/RESULTS.md"))
    assert Path("exp/RESULTS.md").read_text().endswith(as_table(compare_decodings(scores)))


def test_scores_on_another_text_are_told_apart(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, (tag, digest) in enumerate({"a": "old", "b": "new", "c": None, "d": "new"}.items()):
        score = Path("exp") / tag / "decode_greedy/test/score"
        write_json(score / "counts.json", asdict(Total(4, 100, 90, 5, 5, 2, 3)))
        os.utime(score / "counts.json", (number, number))
        replace(result, reference_sha256=digest).write(score / "result.json")
    write_report(Path("exp"), Path("exp/RESULTS.md"))
    text = Path("exp/RESULTS.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|decode_")]
    same = "decode_greedy/test"
    assert rows == [f"{same}; other references", same, same, same]
    assert "Other references: scored on another text" in text


@pytest.mark.parametrize("content", ["{", "{}", "[1]", '{"sentences": null}'])
@pytest.mark.parametrize("file", ["counts.json", "result.json"])
def test_a_damaged_score_spoils_no_other_experiment(
    file: str, content: str, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    for tag in ("a", "b"):
        score = Path("exp") / tag / "decode_greedy/test/score"
        write_json(score / "counts.json", asdict(Total(4, 100, 90, 5, 5, 2, 3)))
        result.write(score / "result.json")
    damaged = Path("exp/a/decode_greedy/test/score", file)
    damaged.write_text(content)
    write_report(Path("exp"), Path("exp/RESULTS.md"))
    text = Path("exp/RESULTS.md").read_text()
    assert "## exp/b" in text
    assert "## exp/a" not in text
    said = capsys.readouterr().err
    assert said.startswith(f"warning: left out of RESULTS.md: {damaged}: ")
    assert said.count("\n") == 1


def test_nothing_scored(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is scored yet"):
        write_report(tmp_path, tmp_path / "RESULTS.md")


def test_one_line(result: Result) -> None:
    assert one_line(result) == (
        "PER 10.00% [9.00%, 11.00%] on test, parp, sparsity 50.00%: "
        "5 substitutions, 2 insertions, 3 deletions in 100 phones"
    )
    assert "sparsity not measured" in one_line(replace(result, sparsity_measured=None))
    assert one_line(replace(result, pfer=0.042, merges={"ɛː": "ɛ"})).endswith(
        "in 100 phones; PFER 4.20%; 1 scored as others"
    )
    assert one_line(replace(result, metric="wer")).endswith("in 100 words")
