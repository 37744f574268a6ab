"""Every command of the pipeline explains itself, and refuses what it does not know without a
traceback.
"""

import ast
import importlib
import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.files import write_json
from parp_espnet.scoring.per import Counts, Total
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances

COMMANDS = (
    "compare",
    "filter_data",
    "format_data",
    "language_model",
    "check_pool",
    "make_config",
    "remove_checkpoints",
    "report",
    "run_local",
    "run_queue",
    "run_stages",
    "score",
    "search",
    "shards",
    "show_training",
    "step",
    "study",
    "tokens",
)


def call(monkeypatch: pytest.MonkeyPatch, name: str, *words: str) -> int:
    """Run a command in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", [name, *words])
    try:
        importlib.import_module(f"parp_espnet.bin.{name}").main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize("name", COMMANDS)
def test_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert call(monkeypatch, name, "--help") == 0
    assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert call(monkeypatch, name, "--no_such_option", "x") == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


PACKAGE = Path(__file__).parents[2] / "parp_espnet"


def test_no_option_is_taken_cut_short() -> None:
    """Of every parser, and of every sub-command, which does not have it of its parser: `--sparsi`
    would else be an option until another begins so.
    """
    parsers = 0
    for file in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name not in ("ArgumentParser", "Parser", "add_parser"):
                continue
            parsers += 1
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            assert given.get("allow_abbrev") == "False", f"{file}:{call.lineno}"
    assert parsers > 20


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mask", ["pool", "multi", "--patt", "x"]),
        ("mask", ["random", "--model", "multi", "--out", "x", "--sparsi", "0.5"]),
        ("search", ["tune", "--logprob", "x", "--out", "x"]),
        ("study", ["status", "results/x", "--job", "1"]),
        ("glue", ["train", "--ex", "x"]),
        ("make_corpus", ["cldr", "--lan", "es", "--set", "dev", "--out", "x", "--minutes", "1"]),
    ],
)
def test_an_option_cut_short(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    words: list[str],
) -> None:
    assert call(monkeypatch, name, *words) == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


def test_a_command_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["--label", "x", "--record", str(tmp_path / "r.json")]
    assert call(monkeypatch, "step", *words, "--") == 2
    assert "expected -- COMMAND" in capsys.readouterr().err


def test_tokens_of_a_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_data_dir(
        tmp_path / "data", [Utterance("s-1", "s", "es", "/w.wav", ("o", "l", "o"), "ollo", 1.0)]
    )
    assert (
        call(
            monkeypatch,
            "tokens",
            "--data",
            str(tmp_path / "data"),
            "--out",
            str(tmp_path / "tokens.txt"),
        )
        == 0
    )
    assert (tmp_path / "tokens.txt").read_text() == "<blank>\n<unk>\no\nl\n<sos/eos>\n"


def test_the_plan_is_quoted_for_the_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    recipe = tmp_path / "it's $HOME"
    recipe.mkdir()
    words = ["--recipe", str(recipe), "--lang", "xx", "--upstream", "facebook/hubert-base-ls960"]
    for name in ("data_cmd", "stats_cmd", "cuda_cmd", "decode_cmd", "cmd_backend"):
        monkeypatch.setenv(name, "local")
    monkeypatch.chdir(tmp_path)
    assert (
        call(monkeypatch, "run_stages", "phn.sh", "4=tokens", "--", *words, "--dry_run", "true")
        == 0
    )
    place, _, made, tokens = capsys.readouterr().out.splitlines()
    assert shlex.split(place)[:2] == ["cd", str(recipe)]
    kept = shlex.split(made)[shlex.split(made).index("echo") + 1]
    assert json.loads(kept)["options"]["lang"] == "xx"
    assert tokens.startswith(
        "stage 4 (tokens): python3 -m parp_espnet.bin.tokens --data dump/raw/train "
    )


def test_a_scoring_becomes_the_result(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    make_result: Callable[..., Result],
) -> None:
    exp = tmp_path / "exp/tag"
    score = exp / "decode_greedy/test/score"
    make_result(pfer=0.05).write(score / "result.json")
    write_json(score / "counts.json", asdict(Total(1, 100, 92, 5, 3, 2, 1)))
    words = ["--expdir", str(exp.parent), "--score", str(score), "--out", str(exp / "result.json")]
    assert call(monkeypatch, "report", *words) == 2
    assert "utterances.tsv: no such file; score again" in capsys.readouterr().err
    write_utterances(score / "utterances.tsv", [Counts("s-1", 100, 5, 2, 3)])
    assert call(monkeypatch, "report", *words) == 0
    assert (exp / "utterances.tsv").read_bytes() == (score / "utterances.tsv").read_bytes()
    assert "in 100 phones; PFER 5.00%" in capsys.readouterr().out


def test_two_experiments_are_compared(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    make_result: Callable[..., Result],
) -> None:
    for name, errors in (("a", 1), ("b", 2)):
        make_result(error_rate=errors / 10, options={}).write(tmp_path / name / "result.json")
        write_utterances(
            tmp_path / name / "utterances.tsv",
            [Counts(f"s-{i}", 10, errors, 0, 0) for i in range(20)],
        )
    assert call(monkeypatch, "compare", str(tmp_path / "a"), str(tmp_path / "b")) == 0
    assert capsys.readouterr().out == (
        f"{tmp_path}/a 10.00%, {tmp_path}/b 20.00%, on 20 utterances of test, PER\n"
        "decoding: greedy\n"
        "difference -10.00 points, 95 % interval [-10.00, -10.00], p 0.0002; ratio 0.500 [0.500, "
        "0.500]\n"
    )
    assert call(monkeypatch, "compare", str(tmp_path / "a"), str(tmp_path / "gone")) == 2


def test_a_training_without_its_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "training.json").write_text('{"model": "valid.loss.ave.pth"}')
    assert call(monkeypatch, "show_training", "--exp", str(tmp_path)) == 2
    assert "no such model, though training.json names it" in capsys.readouterr().err
