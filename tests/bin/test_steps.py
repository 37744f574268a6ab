"""The table of steps, and the modules of their names."""

import importlib
import sys
from pathlib import Path

import pytest

from parp_espnet.bin import steps
from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.interpreter import ROOT
from parp_espnet.pipeline.calls import Call

BIN = Path(ROOT, "parp_espnet/bin")
WORDS = ("--data", "data", "--out", "tokens.txt")


def call(monkeypatch: pytest.MonkeyPatch, module: str, *words: str) -> int:
    """Run a command in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", [module, *words])
    try:
        importlib.import_module(f"parp_espnet.bin.{module}").main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_every_row_has_a_module_and_all_of_them_are_alike() -> None:
    alike = (BIN / "tokens.py").read_bytes()
    named = {path.stem for path in BIN.glob("*.py") if path.read_bytes() == alike}
    assert named == steps.STEPS.keys()


@pytest.mark.parametrize("name", steps.STEPS)
def test_every_function_is_there(name: str) -> None:
    step = steps.STEPS[name]
    calls: list[Call] = [*step.actions.values()] or [step]
    for declared in calls:
        module, _, function = declared.function.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_a_step_is_the_same_by_both_of_its_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    sentence = Utterance("s-1", "s", "es", "/w.wav", ("o", "l", "o"), "ollo", 1.0)
    write_data_dir(Path("data"), [sentence])
    assert call(monkeypatch, "tokens", *WORDS) == 0
    said, made = capsys.readouterr().out, Path("tokens.txt").read_bytes()
    Path("tokens.txt").unlink()
    assert call(monkeypatch, "steps", "tokens", *WORDS) == 0
    assert (capsys.readouterr().out, Path("tokens.txt").read_bytes()) == (said, made)
    assert said == "tokens.txt: 2 phones\n"


def test_the_table_is_shown_and_what_is_not_in_it_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "steps", "--help") == 0
    shown = capsys.readouterr().out
    for name, step in steps.STEPS.items():
        assert f"{name} {step.about}" in " ".join(shown.split())
    assert call(monkeypatch, "steps", "token", *WORDS) == 2
    assert capsys.readouterr().err.endswith("found 'token'; did you mean 'tokens'?\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "decode --model m --data d --out o --batch_seconds 0",
            "--batch_seconds 0: expected seconds, more than 0",
        ),
        (
            "language_model ngram --text t --token_list l --out o --order 0",
            "--order 0: expected 1 or more",
        ),
        (
            "score --exp e --data d --decoded d --metric pear",
            "--metric: expected one of per, wer, cer, found 'pear'",
        ),
        (
            "preflight --upstream u --out o --set layerdrop",
            "--set layerdrop: expected KEY=VALUE, such as mask_time_prob=0.1",
        ),
    ],
)
def test_what_may_not_be_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, message: str
) -> None:
    name, *rest = words.split()
    assert call(monkeypatch, name, *rest) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
