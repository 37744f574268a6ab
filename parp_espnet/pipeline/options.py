"""Options in ESPnet's manner, read from a dataclass.

    stage: Annotated[int, "first stage to run"] = 1

is the option `--stage N`; a default that is the machine's has the note `OF_MACHINE` behind its
text, and is not shown. `_` and `-` are alike in a name, every option takes a value, and nothing is
positional.
"""

import argparse
import difflib
import os
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, NoReturn, get_args, get_origin, get_type_hints

from parp_espnet.errors import UserError

OF_MACHINE = "of the machine"


def parse[T](cls: type[T], program: str, arguments: Sequence[str], description: str = "") -> T:
    """Fill the dataclass `cls` from a command line; where an option is given twice, the last one
    holds.

    An option whose type allows None is None when given as "" or "none".
    Raises:
        UserError: an unknown option (the nearest is suggested), a positional argument, a missing or
        unfit value.
    """
    words = [_underscored(word) for word in arguments]
    parser = _parser(cls, program, description)
    values, unknown = parser.parse_known_args(words)
    if unknown:
        _refuse(program, unknown[0], [f"--{item}" for item in vars(values)])
    return cls(**vars(values))


def _parser(cls: type[Any], program: str, description: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=program,
        description=description,
        allow_abbrev=False,
        usage=f"{program} [--option value]…",
    )
    hints = get_type_hints(cls, include_extras=True)
    for item in fields(cls):
        assert item.default is not MISSING
        assert get_origin(hints[item.name]) is Annotated
        hint, text, *notes = get_args(hints[item.name])
        kinds = get_args(hint) or (hint,)
        parser.add_argument(
            f"--{item.name}",
            type=_reader(kinds),
            default=item.default,
            metavar=_METAVARS.get(kinds[0], "NAME"),
            help=text.replace("%", "%%") + ("" if notes else _default(item.default)),
        )
    return parser


def _default(value: object) -> str:
    return "" if value in (None, "") else f" [{_spelled(value)}]"


_METAVARS = {int: "N", float: "X", bool: "true|false", Path: "PATH"}


def _reader(kinds: tuple[Any, ...]) -> Any:
    read = _bool if kinds[0] is bool else kinds[0]
    if NoneType not in kinds:
        return read

    def read_or_none(text: str) -> Any:
        return None if text.lower() in ("", "none") else read(text)

    read_or_none.__name__ = kinds[0].__name__  # argparse names it in "invalid int value"
    return read_or_none


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
