"""Options in ESPnet's manner, read from a dataclass.

    stage: Annotated[int, "first stage to run", Part.CALL, Range(least=1)] = 1

is the option `--stage N`, and all that there is to know of it: the parser, the help, what is kept
of it and what a result says of it come from there. Behind the text stand notes, of
`parp_espnet.notes`: a `Part`, a `Range`, a `Note`, and `Behind`. `_` and `-` are alike in a name,
every option takes a value, and nothing is positional.
"""

import argparse
import difflib
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, NoReturn, get_args, get_origin, get_type_hints

from parp_espnet.errors import UserError
from parp_espnet.notes import (
    CALL,
    CONTENT,
    DECODING,
    FILE,
    OF_MACHINE,
    SCORING,
    Behind,
    Note,
    Part,
    Range,
)

__all__ = [
    "CALL",
    "CONTENT",
    "DECODING",
    "FILE",
    "OF_MACHINE",
    "SCORING",
    "Behind",
    "Note",
    "Option",
    "Part",
    "Range",
    "filled",
    "options_of_class",
    "parse",
    "plain",
]


@dataclass(frozen=True)
class Option:
    """One option, as its declaration has it."""

    name: str
    kind: Any
    """The type of its value."""
    optional: bool
    """Whether it may be None."""
    text: str
    default: Any
    notes: tuple[object, ...] = ()
    group: str = ""
    """Under which heading the help has it, of the class's `HEADINGS`; "" for none."""

    @property
    def part(self) -> Part | None:
        """What it is of; None for the training."""
        return next((note for note in self.notes if isinstance(note, Part)), None)

    @property
    def range(self) -> Range | None:
        """The numbers that it may be; None for any."""
        return next((note for note in self.notes if isinstance(note, Range)), None)

    @property
    def behind(self) -> str | None:
        """The option behind which it stands; None for its place among the fields."""
        for note in self.notes:
            if isinstance(note, Behind):
                return note.name
        return None


def options_of_class(cls: type[Any]) -> Mapping[str, Option]:
    """Return the options that a dataclass declares, by name, in the order of the help."""
    hashable: Any = cls
    return _options_of_class(hashable)


@cache
def _options_of_class(cls: type[Any]) -> Mapping[str, Option]:
    hints = get_type_hints(cls, include_extras=True)
    headings: Mapping[str, str] = getattr(cls, "HEADINGS", {})
    options: dict[str, Option] = {}
    for item in fields(cls):
        assert item.default is not MISSING
        assert get_origin(hints[item.name]) is Annotated
        hint, text, *notes = get_args(hints[item.name])
        kinds = get_args(hint) or (hint,)
        options[item.name] = Option(
            name=item.name,
            kind=kinds[0],
            optional=NoneType in kinds,
            text=text,
            default=item.default,
            notes=tuple(notes),
            group=headings.get(item.name, ""),
        )
    return _in_order(options)


def _in_order(options: Mapping[str, Option]) -> Mapping[str, Option]:
    """Put each option that stands behind another one there."""
    names = list(options)
    for name, option in options.items():
        if option.behind is not None:
            names.remove(name)
            names.insert(names.index(option.behind) + 1, name)
    return {name: options[name] for name in names}


def _check_ranges(program: str, settings: Any) -> None:
    """Raise `UserError` for the first option whose number may not be."""
    for name, option in options_of_class(type(settings)).items():
        value = getattr(settings, name)
        if value is not None and option.range is not None and value not in option.range:
            shown = f"{value:g}" if isinstance(value, float) else value
            raise UserError(f"{program}: --{name} {shown}: expected {option.range}")


def filled[T](cls: type[T], loaded: Any, where: str, program: str) -> T:
    """Fill the dataclass `cls` with options that a file has kept; one that is younger has its
    default.

    Raises:
        UserError: it holds something else.
    """
    options = options_of_class(cls)
    is_kept = isinstance(loaded, dict) and {"recipe", "method"} <= loaded.keys() <= options.keys()
    if not is_kept:
        raise UserError(
            f"{where}: expected settings of an experiment, found others; run {program} once more"
        )
    values: dict[str, Any] = {}
    for name, value in loaded.items():
        is_path = options[name].kind is Path and value is not None
        values[name] = Path(value) if is_path else value
    return cls(**values)


def plain(value: object) -> str:
    """Return a setting as an option's value: nothing for None, and Python's truth values in lower
    case.
    """
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse[T](cls: type[T], program: str, arguments: Sequence[str], description: str = "") -> T:
    """Fill the dataclass `cls` from a command line; where an option is given twice, the last one
    holds.

    An option whose type allows None is None when given as "" or "none".
    Raises:
        UserError: an unknown option (the nearest is suggested), a positional argument, a missing or
        unfit value, a number out of its range.
    """
    words = _with_values([_underscored(word) for word in arguments])
    parser = _parser(cls, program, description)
    values, unknown = parser.parse_known_args(words)
    if unknown:
        _refuse(program, unknown[0], [f"--{item}" for item in vars(values)])
    settings = cls(**vars(values))
    _check_ranges(program, settings)
    return settings


def _parser(cls: type[Any], program: str, description: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=program,
        description=description,
        allow_abbrev=False,
        usage=f"{program} [--option value]…",
    )
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, option in options_of_class(cls).items():
        place: argparse._ActionsContainer = parser
        if option.group:
            if option.group not in groups:
                groups[option.group] = parser.add_argument_group(option.group)
            place = groups[option.group]
        shown = "" if OF_MACHINE in option.notes else _default(option.default)
        place.add_argument(
            f"--{name}",
            type=_reader(option),
            default=option.default,
            metavar=_METAVARS.get(option.kind, "NAME"),
            help=option.text.replace("%", "%%") + shown,
        )
    return parser


def _default(value: object) -> str:
    return "" if value in (None, "") else f" [{_spelled(value)}]"


_BELOW_ZERO = re.compile(r"-[\d.]")
_METAVARS = {int: "N", float: "X", bool: "true|false", Path: "PATH"}


def _reader(option: Option) -> Any:
    read = _bool if option.kind is bool else _NUMBERS.get(option.kind, option.kind)
    if not option.optional:
        return read

    def read_or_none(text: str) -> Any:
        return None if text.lower() in ("", "none") else read(text)

    read_or_none.__name__ = option.kind.__name__  # argparse names it in "invalid int value"
    return read_or_none


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, found {text!r}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a number, found {text!r}{_meant(text)}"
        ) from None


def _meant(text: str) -> str:
    """Which number it may be, of one with a comma or in percent."""
    plain = text.strip().replace(",", ".")
    try:
        value = float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)
    except ValueError:
        return ""
    return f"; did you mean {value:g}?" if math.isfinite(value) else ""


_NUMBERS: dict[Any, Callable[[str], Any]] = {int: _whole, float: _number}


def _bool(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}") from None


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return os.path.normpath(value) if isinstance(value, Path) else str(value)


def _with_values(words: Sequence[str]) -> list[str]:
    """The same, `--option -5_20` as `--option=-5_20`: argparse takes what begins so for an option,
    unless it is a number.
    """
    joined: list[str] = []
    for word in words:
        before = joined[-1] if joined else ""
        if _BELOW_ZERO.match(word) and before.startswith("--") and "=" not in before:
            joined[-1] = f"{before}={word}"
        else:
            joined.append(word)
    return joined


def _underscored(word: str) -> str:
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value


def _refuse(program: str, word: str, known: Sequence[str]) -> NoReturn:
    if not word.startswith("--"):
        raise UserError(
            f"{program}: {word}: expected options only, found a positional argument; see --help"
        )
    name = word.partition("=")[0]
    nearest = difflib.get_close_matches(name, known, n=1)
    raise UserError(
        f"{program}: there is no option {name}"
        + (f", did you mean {nearest[0]}?" if nearest else "; --help lists all")
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message.removeprefix('argument ')}")
