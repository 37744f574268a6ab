"""Options in ESPnet's manner, read from a dataclass.

    stage: Annotated[int, "first stage to run", Part.CALL, Range(least=1)] = 1

is the option `--stage N`, and all that there is to know of it: the parser, the help, what is kept
of it and what a result says of it come from there. Behind the text stand notes, of
`parp_espnet.notes`: a `Part`, a `Range`, a `Note`, and `Behind`. `_` and `-` are alike in a name,
every option takes a value, and nothing is positional.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from parp_espnet.arguments import Number, Parser, Whole, path
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
    words = [_underscored(word) for word in arguments]
    values, unknown = parser_of(cls, program, description).parse_known_args(words)
    if unknown:
        raise UserError(
            f"{program}: {unknown[0]}: expected options only, found a positional argument; see "
            f"--help"
        )
    return cls(**vars(values))


def parser_of(cls: type[Any], program: str, description: str = "") -> Parser:
    """Return what reads the options of a dataclass."""
    hashable: Any = cls
    return _parser_of(hashable, program, description)


# A study of all languages reads two thousand command lines; a parser takes longer than that.
@cache
def _parser_of(cls: type[Any], program: str, description: str) -> Parser:
    parser = Parser(
        prog=program,
        description=description,
        allow_abbrev=False,
        usage=f"{program} [--option value]…",
    )
    parser.before = f"{program}: "
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


_METAVARS = {int: "N", float: "X", bool: "true|false", Path: "PATH"}


def _reader(option: Option) -> Any:
    read = _type(option)
    if not option.optional or isinstance(read, Whole | Number):
        return read

    def read_or_none(text: str) -> Any:
        return None if text.lower() in ("", "none") else read(text)

    return read_or_none


def _type(option: Option) -> Any:
    if option.kind is int:
        return Whole(option.range or Range(), option.optional)
    if option.kind is float:
        return Number(option.range or Range(), option.optional)
    return {bool: _bool, Path: path}.get(option.kind, option.kind)


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


def _underscored(word: str) -> str:
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return "--" + name[2:].replace("-", "_") + equals + value
