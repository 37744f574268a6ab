from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from parp_espnet.errors import UserError
from parp_espnet.notes import Behind
from parp_espnet.pipeline.options import options_of_class, parse


@dataclass(frozen=True)
class Options:
    first_stage: Annotated[int, "a number"] = 1
    rate: Annotated[float | None, "a rate"] = None
    quiet: Annotated[bool, "say nothing, 100 %"] = False
    where: Annotated[Path, "a place"] = Path("here")


def test_underscores_and_dashes_are_alike_and_the_last_value_holds() -> None:
    found = parse(
        Options,
        "x.sh",
        ["--first-stage", "2", "--first_stage=3", "--where=a-b--c", "--quiet", "true"],
    )
    assert found == Options(first_stage=3, where=Path("a-b--c"), quiet=True)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["--where", "-5_20"], "-5_20"),
        (["--where=-5_20"], "-5_20"),
        (["--where", "-.5_1"], "-.5_1"),
        (["--where", "here", "--rate", "-3"], "here"),
    ],
)
def test_a_value_may_begin_below_zero(words: list[str], where: str) -> None:
    found = parse(Options, "x.sh", words)
    assert found.where == Path(where)
    assert found.rate == (-3 if "--rate" in words else None)


@pytest.mark.parametrize("word", ["", "none", "None"])
def test_an_optional_value_can_be_none(word: str) -> None:
    assert parse(Options, "x.sh", ["--rate", "0.5", "--rate", word]).rate is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--first_stag", "2"], "no option --first_stag, did you mean --first_stage?"),
        (["--first", "2"], "no option --first"),
        (["--zzz"], "--help lists all"),
        (["here"], "here: expected options only, found a positional argument"),
        (["--first_stage", "two"], "--first_stage: expected a whole number, found 'two'"),
        (["--first_stage", "2.5"], "--first_stage: expected a whole number, found '2.5'"),
        (["--rate", "fast"], "--rate: expected a number, found 'fast'"),
        (["--rate", "0,5"], "--rate: expected a number, found '0,5'; did you mean 0.5?"),
        (["--rate", "70%"], "--rate: expected a number, found '70%'; did you mean 0.7?"),
        (["--rate", "12,5 %"], "--rate: expected a number, found '12,5 %'; did you mean 0.125?"),
        (["--rate", "1,2,3"], "--rate: expected a number, found '1,2,3'"),
        (["--rate", "nan%"], "--rate: expected a number, found 'nan%'"),
        (["--rate", "1e400%"], "--rate: expected a number, found '1e400%'"),
        (["--quiet", "maybe"], "--quiet: expected true or false, found 'maybe'"),
        (["--first_stage"], "--first_stage: expected one argument"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError) as error:
        parse(Options, "x.sh", arguments)
    assert str(error.value).startswith("x.sh: ")
    assert message in str(error.value)


def test_help_lists_every_option_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parse(Options, "x.sh", ["--help"])
    shown = capsys.readouterr().out
    assert "--first_stage N" in shown
    assert "100 % [false]" in shown


@dataclass(frozen=True)
class More(Options):
    last: Annotated[int, "stands last"] = 2
    faster: Annotated[int, "stands with the rate", Behind("rate")] = 3


def test_an_option_may_stand_behind_one_of_another_class(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ["first_stage", "rate", "faster", "quiet", "where", "last"]
    assert list(options_of_class(More)) == names
    with pytest.raises(SystemExit, match="0"):
        parse(More, "x.sh", ["--help"])
    shown = capsys.readouterr().out
    assert sorted(names, key=lambda name: shown.index(f"--{name} ")) == names
