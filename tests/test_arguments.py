"""What commands and recipes say of a value that is none: of every number that any of them takes, as
their own parsers have it.
"""

import argparse
import ast
import importlib
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from parp_espnet.arguments import COUNT, LARGEST, SECONDS, SEED, SHARE, Number, Parser, Whole
from parp_espnet.bin import make_corpus, mask, recognize, run_stages, steps, study
from parp_espnet.errors import UserError
from parp_espnet.glue.settings import Settings as TextSettings
from parp_espnet.notes import Range
from parp_espnet.pipeline.calls import parser_of
from parp_espnet.pipeline.options import parser_of as options_parser
from parp_espnet.pipeline.settings import Settings
from parp_espnet.study.settings import StudySettings
from parp_espnet.upstreams.pretrain.settings import RecipeSettings

PACKAGE = Path(__file__).parents[1] / "parp_espnet"
BIN = {path.stem: path for path in (PACKAGE / "bin").glob("[a-z]*.py")}


def is_called(tree: ast.AST, name: str) -> bool:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(getattr(call.func, "attr", getattr(call.func, "id", "")) == name for call in calls)


def module_of(name: str) -> ModuleType:
    return importlib.import_module(f"parp_espnet.bin.{name}")


def parsers() -> Iterator[tuple[str, Parser, Callable[[], None], list[str]]]:
    """Each parser by its command, its `main`, and the words before its options."""
    for name, path in sorted(BIN.items()):
        if is_called(ast.parse(path.read_text()), "_parser"):
            module = module_of(name)
            yield name, module._parser(), module.main, []
    for name, step in steps.STEPS.items():
        yield name, parser_of(step), steps.main, [name]
    for program, kind in (("phn.sh", Settings), ("glue.sh", TextSettings)):
        yield program, options_parser(kind, program), run_stages.main, [program, "1=data", "--"]
    yield "study.plan", options_parser(StudySettings, "run.sh"), study.main, ["plan"]
    pretrain = module_of("pretrain").main
    yield "pretrain.plan", options_parser(RecipeSettings, "run.sh"), pretrain, ["plan"]


def options_of(
    parser: argparse.ArgumentParser, words: Sequence[str] = ()
) -> Iterator[tuple[list[str], argparse.Action]]:
    """Every option of a parser and of its sub-commands, with the words that lead to these."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, part in action.choices.items():
                yield from options_of(part, [*words, name])
        else:
            yield list(words), action


EVERY = [
    (name, main, [*before, *words], action)
    for name, parser, main, before in parsers()
    for words, action in options_of(parser)
]
NUMBERS = [each for each in EVERY if isinstance(each[3].type, Whole | Number)]


def wrong(kind: Whole | Number) -> Iterator[str]:
    """Words that are no such number."""
    yield from ("x", "nan", "inf", "-inf", "1_000", "١٢", "1,5", "9" * 5000)
    if not kind.optional:
        yield from ("", " ")
    if isinstance(kind, Whole):
        yield from ("1e3", "2.5")
        if kind.within.top == math.inf:
            yield str(LARGEST + 1)
    else:
        yield "1e400"
    within = kind.within
    if math.isfinite(within.least):
        yield str(within.least - 1)
    if math.isfinite(within.above):
        yield str(within.above)
    if math.isfinite(within.most):
        yield str(within.most + 1)
    if math.isfinite(within.below):
        yield str(within.below)


def test_every_command_is_walked_over() -> None:
    """Whatever makes a parser is a Parser, and made where it is found."""
    names = {name for name, *_ in EVERY}
    for name, path in BIN.items():
        if is_called(ast.parse(path.read_text()), "Parser"):
            assert name in names, name
    for path in PACKAGE.rglob("*.py"):
        assert not is_called(ast.parse(path.read_text()), "ArgumentParser"), path
    assert len(NUMBERS) > 100


@pytest.mark.parametrize("kind", [int, float, complex, Path])
def test_no_option_has_a_type_that_says_nothing(kind: type) -> None:
    assert [(name, action.dest) for name, _, _, action in EVERY if action.type is kind] == []


@pytest.mark.parametrize(
    ("main", "words", "action"),
    [pytest.param(*each[1:], id=f"{each[0]}-{each[3].dest}") for each in NUMBERS],
)
def test_a_wrong_number_is_one_line(
    main: Callable[[], None],
    words: list[str],
    action: argparse.Action,
    run_command: Callable[..., tuple[object, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    option = action.option_strings[-1]
    assert isinstance(action.type, Whole | Number)
    for word in wrong(action.type):
        code, out, err = run_command(main, *words, f"{option}={word}")
        assert (code, out) == (2, ""), (word, err)
        (line,) = err.splitlines()
        assert line.startswith("error: "), line
        assert f"{option}: expected " in line or f"{option} {word[:40]}" in line, line
        assert "expected " in line, line
        assert len(line) < 300, line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "word", "said"),
    [
        (COUNT, "2.5", "expected a whole number, found '2.5'"),
        (COUNT, "4.0", "expected a whole number, found '4.0'; did you mean 4?"),
        (COUNT, "1e3", "expected a whole number, found '1e3'; did you mean 1000?"),
        (COUNT, "1_000", "expected a whole number, found '1_000'; did you mean 1000?"),
        (COUNT, "50,000", "expected a whole number, found '50,000'; did you mean 50000?"),
        (COUNT, "50.000", "expected a whole number, found '50.000'; did you mean 50000?"),
        (COUNT, "١٢", "expected a whole number, found '١٢'; did you mean 12?"),
        (COUNT, "-1e3", "expected a whole number, found '-1e3'"),
        (COUNT, "50%", "expected a whole number, found '50%'"),
        (COUNT, "0x10", "expected a whole number, found '0x10'"),
        (COUNT, "0", "expected 1 or more"),
        (COUNT, str(LARGEST + 1), f"expected at most {LARGEST}"),
        (SEED, "-1", "expected at least 0, at most 4294967295"),
        (SEED, "4294967296", "expected at least 0, at most 4294967295"),
        (SHARE, "70", "expected at least 0 and less than 1; did you mean 0.7?"),
        (SHARE, "1", "expected at least 0 and less than 1"),
        (SHARE, "-0.5", "expected at least 0 and less than 1"),
        (SHARE, "70%", "expected a number, found '70%'; did you mean 0.7?"),
        (SHARE, "−0.5", "expected a number, found '−0.5'"),
        (SHARE, "１．５", "expected a number, found '１．５'"),
        (SECONDS, "０．５", "expected a number, found '０．５'; did you mean 0.5?"),
        (SECONDS, "-1", "expected seconds, 0 or more"),
        (SECONDS, "x\x1b[2J", "expected a number, found 'x\\x1b[2J'"),
        (SECONDS, "x" * 99, f"expected a number, found '{'x' * 40}…'"),
    ],
)
def test_what_is_said_of_a_number(kind: Whole | Number, word: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as error:
        kind(word)
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("kind", "word", "number"),
    [
        (COUNT, "12", 12),
        (COUNT, " 12 ", 12),  # of `wc -l` on a Mac
        (COUNT, "+3", 3),
        (COUNT, "007", 7),
        (COUNT, "0" * 5000 + "7", 7),
        (SEED, str(2**32 - 1), 2**32 - 1),
        (Whole(), "-3", -3),
        (Number(), "-1e-3", -0.001),
        (Number(), ".5", 0.5),
        (SHARE, "0", 0.0),
        (Whole(Range(least=1), optional=True), "none", None),
        (Number(Range(above=0), optional=True), "", None),
    ],
)
def test_what_is_a_number(kind: Whole | Number, word: str, number: float | None) -> None:
    assert kind(word) == number


DRAWN = ["random", "--model", "m", "--out", "o"]
CLDR = ["cldr", "--lang", "es", "--set", "dev", "--out", "o"]


@pytest.mark.parametrize(
    ("main", "words", "said"),
    [
        (mask.main, ["randm"], "action: expected one of from-upstream, "),
        (mask.main, ["randm"], "found 'randm'; did you mean 'random'?"),
        (mask.main, [*DRAWN, "--sparsi", "0.5"], "no option --sparsi, did you mean --sparsity?"),
        (mask.main, ["random", "--sparsi", "1"], "no option --sparsi, did you mean --sparsity?"),
        (mask.main, [*DRAWN, "--zzz"], "there is no option --zzz; --help lists all"),
        (mask.main, DRAWN, "the following arguments are required: --sparsity; see --help"),
        (mask.main, [*DRAWN, "--sparsity"], "--sparsity: expected one argument"),
        (mask.main, [*DRAWN, "--sparsity", "-inf"], "--sparsity -inf: expected a number"),
        (mask.main, ["random", "--out", ""], "--out: expected a path, found ''"),
        (mask.main, ["info", ""], "mask: expected a path, found ''"),
        (mask.main, ["info", "a", "b"], "unrecognized arguments: b; see --help"),
        (mask.main, ["info", "a", "-x"], "unrecognized arguments: -x; see --help"),
        (mask.main, ["combine", "unoin", "a"], "found 'unoin'; did you mean 'union'?"),
        (recognize.main, ["m", "a.wav", "--greedy=true"], "--greedy: expected no value, found 'tr"),
        (recognize.main, ["m", "--beam-size", "3", "a.wav"], "did you mean --beam_size?"),
        (recognize.main, ["m", "a.wav", "--format", "jsn"], "found 'jsn'; did you mean 'json'?"),
        (recognize.main, ["m", "a.wav", "--format"], "--format: expected one argument"),
        (make_corpus.main, [*CLDR, "--minutes", "1,5"], "found '1,5'; did you mean 1.5?"),
        (steps.main, ["score", "--metric", "pre"], "found 'pre'; did you mean 'per'?"),
        (
            steps.main,
            ["preflight", "--set", "a=[1"],
            "--set a=[1: expected a value as YAML has it, found '[1'",
        ),
        (study.main, ["status", "r", "--watch", "1m"], "--watch: expected a number, found '1m'"),
        (mask.main, [*DRAWN, "--two\nlines"], "there is no option --two\\nlines; --help lists all"),
        (mask.main, ["info", "a", "two\nlines"], "unrecognized arguments: two\\nlines; see --help"),
        (mask.main, [*DRAWN, "--sparsity=--"], "--sparsity: expected a number, found '--'"),
        (recognize.main, ["m", "a.wav", "--format=--"], "expected one of text, "),
    ],
)
def test_what_else_may_be_wrong(
    main: Callable[[], None],
    words: list[str],
    said: str,
    run_command: Callable[..., tuple[object, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run_command(main, *words)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def parser() -> Parser:
    made = Parser()
    made.add_argument("words", nargs="*")
    made.add_argument("--weight", type=Number())
    made.add_argument("--to", nargs="+", default=["bundle"])
    made.add_argument("--then")
    return made


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--weight", "-1e-3"], "weight", -0.001),
        (["--weight=-1e-3"], "weight", -0.001),
        (["--weight", "-.5"], "weight", -0.5),
        (["--weight", "1", "--weight", "2"], "weight", 2.0),
        (["--to", "hf", "onnx"], "to", ["hf", "onnx"]),
        (["--to", "hf", "--to", "onnx"], "to", ["hf", "onnx"]),
        (["--to", "hf", "--to", "onnx", "--to", "hf"], "to", ["hf", "onnx", "hf"]),
        ([], "to", ["bundle"]),
        (["--then", "--fix it"], "then", "--fix it"),
        (["--then=--"], "then", "--"),
        (["--then=--fix"], "then", "--fix"),
        (["--to=--"], "to", ["--"]),
        (["--to=--", "--to", "hf"], "to", ["--", "hf"]),
        (["--", "--no", "-1"], "words", ["--no", "-1"]),
        (["a", "--weight", "1", "b"], "words", ["a", "b"]),
    ],
)
@pytest.mark.parametrize("name_of_reader", ["parse_args", "parse_intermixed_args"])
def test_what_may_be_given(
    parser: Parser, words: list[str], name: str, value: object, name_of_reader: str
) -> None:
    if words[:1] == (["a"] if name_of_reader == "parse_args" else ["--"]):
        pytest.skip("argparse's other reader alone has them")
    read = partial(getattr(parser, name_of_reader), words)
    assert getattr(read(), name) == value


def test_unknown_options_are_told_whichever_way_an_argparse_reads(
    parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pythons of since read positional arguments among options without `parse_known_args`."""
    monkeypatch.setattr(
        argparse.ArgumentParser, "parse_known_intermixed_args", lambda *_: pytest.fail("was read")
    )
    with pytest.raises(UserError, match="no option --thn, did you mean --then"):
        parser.parse_intermixed_args(["a", "--thn", "x"])


def test_an_error_of_a_program_begins_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = options_parser(StudySettings, "run.sh")
    with pytest.raises(UserError, match=r"^run\.sh: --ngpu -1: expected 0 or more$"):
        parser.parse_args(["--ngpu", "-1"])
    monkeypatch.setattr(sys, "argv", ["x", "--ngpu", "one"])
    with pytest.raises(UserError, match=r"^run\.sh: --ngpu: expected a whole number, found 'one'$"):
        parser.parse_args()
