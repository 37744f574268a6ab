"""A command that is one call of one function: what is asked of its words, as values."""

import argparse
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from parp_espnet.arguments import Parser, describe_unknown, path
from parp_espnet.errors import UserError
from parp_espnet.scoring.words import Metric


@dataclass(frozen=True)
class Argument:
    """One option of a command."""

    name: str
    spec: Mapping[str, Any]
    """What argparse is told of it."""


@dataclass(frozen=True)
class Call:
    """One call of a function: what `--help` says of it, its function, and its arguments in the
    order in which the function takes them. What the function returns in words is printed.
    """

    about: str
    function: str = ""
    """`module:name`."""
    arguments: Sequence[Argument] = ()
    actions: Mapping[str, "Call"] = field(default_factory=dict)
    """In place of a function, the calls of which its first word names one."""
    late: bool = False
    """Whether its module is imported when the options have been read: it takes seconds."""

    def load(self) -> None:
        """Import what its functions need."""
        for action in self.actions.values():
            action.load()
        if self.function:
            importlib.import_module(self.function.partition(":")[0])

    def run(self, given: argparse.Namespace) -> None:
        """Call the function."""
        values = [getattr(given, argument.name) for argument in self.arguments]
        module, _, name = self.function.partition(":")
        said = getattr(importlib.import_module(module), name)(*values)
        if isinstance(said, str | Path):
            print(said)


def needs(name: str, text: str | None = None, **spec: Any) -> Argument:
    """Return one that has to be given; a path, if nothing else is said of it."""
    return Argument(name, {"type": path, "required": True, "help": text, **spec})


def takes(name: str, text: str | None = None, **spec: Any) -> Argument:
    """Return one that may be given; a word, if nothing else is said of it."""
    return Argument(name, {"help": text, **spec})


def path_or_none(text: str) -> Path | None:
    """Read a path; "" is none."""
    return Path(text) if text else None


def language(text: str) -> str:
    """Read the code of a language; "" is one that is not known."""
    return text or "und"


def metric(text: str) -> Metric:
    """Read what errors are counted in."""
    if text not in list(Metric):
        raise argparse.ArgumentTypeError(describe_unknown(text, list(Metric)))
    return Metric(text)


def setting(text: str) -> tuple[str, object]:
    """Read KEY=VALUE, a value as YAML has it."""
    key, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--set {text}: expected KEY=VALUE, such as mask_time_prob=0.1")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError:
        raise UserError(f"--set {text}: expected a value as YAML has it, found {value!r}") from None


def run(call: Call, words: Sequence[str]) -> None:
    """Call the function with what a command line says. Raises `UserError`."""
    given = parser_of(call).parse_args(words)
    chosen = call.actions[given.action] if call.actions else call
    chosen.run(given)


def parser_of(call: Call) -> Parser:
    """Return what reads the words of a command."""
    parser = Parser(description=call.about, allow_abbrev=False)
    _declare(parser, call)
    if call.actions:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, action in call.actions.items():
            _declare(actions.add_parser(name, help=action.about, allow_abbrev=False), action)
    return parser


def _declare(parser: Parser, call: Call) -> None:
    for argument in call.arguments:
        parser.add_argument(f"--{argument.name}", **argument.spec)
