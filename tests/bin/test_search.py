"""Weights that weigh nothing are refused where a search is called by hand."""

from collections.abc import Callable

import pytest

from parp_espnet.bin import search


def searched(
    run_command: Callable[..., tuple[object, str, str]], words: list[str]
) -> tuple[object, str]:
    """The exit code and the error of an action on files that are not there."""
    action, *others = words
    needed = ["--logprobs", "none", "--out", "none"]
    if action == "tune":
        needed += ["--data", "none"]
    code, _, error = run_command(search.main, action, *needed, *others)
    return code, error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tune", "--lm_weight", "0.3"], "--lm_weight 0.3 changes nothing without --lm"),
        (["decode", "--ngram_weight", "1"], "--ngram_weight 1 changes nothing without --ngram"),
        (["decode", "--penalty", "nan"], "--penalty nan: expected a number"),
        (["tune", "--penalty", "inf"], "--penalty inf: expected a number"),
        (["tune", "--ngram", "a", "--ngram_weight=-inf"], "--ngram_weight -inf: expected a"),
        (
            ["decode", "--penalty", "1", "--weights", "w.json"],
            "--penalty 1 changes nothing with --weights w.json",
        ),
    ],
)
def test_weights_that_change_nothing(
    words: list[str], said: str, run_command: Callable[..., tuple[object, str, str]]
) -> None:
    code, error = searched(run_command, words)
    assert code == 2
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["decode"],
        ["decode", "--penalty", "-1"],
        ["decode", "--weights", "w.json"],
        ["tune", "--ngram", "a", "--ngram_weight", "0", "--penalty", "0"],
    ],
)
def test_others_are_looked_for(
    words: list[str], run_command: Callable[..., tuple[object, str, str]]
) -> None:
    code, error = searched(run_command, words)
    assert code == 2
    assert "no such file" in error
