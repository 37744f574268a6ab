"""What commands are given: numbers, paths and choices, and a parser that says in one line which of
them is wrong, what is expected and what may be meant.

Recipes and commands have the same types, so that both say the same of a number.
"""

import argparse
import difflib
import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from parp_espnet.errors import UserError, printable
from parp_espnet.notes import SEEDS, Range

LARGEST = 2**31 - 1
"""What libraries count with has no larger number; of one without another bound."""
UNBOUNDED = Range()
SHOWN = 40
"""Letters of a wrong value that are shown."""
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}([.,' ][0-9]{3})+")
_BELOW_ZERO = re.compile(r"-(\.?\d|(inf|infinity|nan)$)", re.IGNORECASE)


class OutOfRangeError(argparse.ArgumentTypeError):
    """A number that is one, and not what is expected."""


@dataclass(frozen=True)
class Whole:
    """The type of an option that is a whole number, in decimal digits."""

    within: Range = UNBOUNDED
    optional: bool = False
    """Whether "" and "none" are none."""

    def __call__(self, text: str) -> int | None:
        """Read it. Raises `ArgumentTypeError` or, out of its range, `OutOfRangeError`."""
        word = text.strip()
        if self.optional and word.lower() in ("", "none"):
            return None
        if not _WHOLE.fullmatch(word):
            hint = _hint(_whole_meant(word), self.within)
            raise argparse.ArgumentTypeError(f"expected a whole number, found {shown(text)}{hint}")
        within = self.within
        if within.most == within.below == math.inf:
            within = Range(least=within.least, above=within.above, most=LARGEST)
        # Python reads no number of thousands of digits, which is out of any range.
        number = int(word) if len(word) < SHOWN else _far(word)
        if number in within:
            return int(number)
        expected: object = self.within
        if number > LARGEST and within is not self.within:
            expected = f"at most {LARGEST}"
        raise OutOfRangeError(f"expected {expected}")


@dataclass(frozen=True)
class Number:
    """The type of an option that is a number, and neither infinite nor none."""

    within: Range = UNBOUNDED
    optional: bool = False
    """Whether "" and "none" are none."""

    def __call__(self, text: str) -> float | None:
        """Read it. Raises `ArgumentTypeError` or, out of its range, `OutOfRangeError`."""
        if self.optional and text.strip().lower() in ("", "none"):
            return None
        try:
            if not text.isascii() or "_" in text:
                raise ValueError
            number = float(text)
        except ValueError:
            hint = _hint(_meant(text.strip()), self.within)
            said = f"expected a number, found {shown(text)}{hint}"
            raise argparse.ArgumentTypeError(said) from None
        if number in self.within:
            return number
        is_percent = self.within.top <= 1 < number
        hint = _hint(number / 100, self.within) if is_percent else ""
        raise OutOfRangeError(f"expected {self.within}{hint}")


ANY = Number()

COUNT = Whole(Range(least=1))
COUNT_OR_NONE = Whole(Range(least=0))
SEED = Whole(SEEDS)
SOME = Number(Range(above=0))
SHARE = Number(Range(least=0, below=1))
SECONDS = Number(Range(least=0, of="seconds"))
SOME_SECONDS = Number(Range(above=0, of="seconds"))


def path(text: str) -> Path:
    """Read a path. "" is none: it would be the working directory, where a variable is empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected a path, found {shown(text)}")
    return Path(text)


def shown(text: str) -> str:
    """Return a value as it was given, quoted, and cut where it is long."""
    return printable(repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…"))


def describe_unknown(given: str, known: Iterable[str], also: Sequence[str] = ()) -> str:
    """'expected one of …, found …; did you mean …?'

    Args:
        also: what is expected besides, of which each stands for many: nobody means it as it stands.
    """
    names = [str(name) for name in known]
    nearest = difflib.get_close_matches(str(given).lower(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"expected one of {', '.join([*names, *also])}, found {str(given)!r}{hint}"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are a `UserError` each, which names the option and the nearest ones.

    No option is taken cut short, a value may begin below zero, and an option that takes several
    values has all of them where it is given twice.
    """

    before = ""
    """What begins its errors."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **more})
        # argparse's own takes -1e-3 and -inf for options.
        self._negative_number_matcher = _BELOW_ZERO
        self.register("action", None, _Store)
        self.register("action", "store", _Store)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The same, where no word is an option that there is not."""
        words = list(sys.argv[1:] if args is None else args)
        self._refuse_unknown(words)
        return super().parse_known_args(words, namespace)

    def parse_known_intermixed_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The same, where positional arguments stand among the options."""
        words = list(sys.argv[1:] if args is None else args)
        # A Python of since does not come by the other one.
        self._refuse_unknown(words)
        return super().parse_known_intermixed_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise `UserError`."""
        said = message.removeprefix("argument ")
        said = re.sub(r"ignored explicit argument (.*)", r"expected no value, found \1", said)
        if said.startswith(("the following arguments", "unrecognized arguments")):
            said += "; see --help"
        raise UserError(f"{self.before}{printable(said)}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if not isinstance(action.type, Whole | Number):
            return super()._get_value(action, arg_string)
        try:
            return action.type(arg_string)
        except OutOfRangeError as error:
            name = "/".join(action.option_strings) or action.dest
            number = arg_string.strip()
            if len(number) > SHOWN:
                number = f"{number[:SHOWN]}…"
            raise UserError(f"{self.before}{name} {number}: {error}") from None
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentError(action, str(error)) from None

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # `--option=--`: argparse's own of before Python 3.12.5 takes it for an option without one.
        if not action.option_strings or arg_strings != ["--"]:
            return super()._get_values(action, arg_strings)
        value = self._get_value(action, "--")
        self._check_value(action, value)
        return value if action.nargs in (None, argparse.OPTIONAL) else [value]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, describe_unknown(value, action.choices))

    def _refuse_unknown(self, words: Sequence[str]) -> None:
        """Raise `UserError` for the first option that there is not: others would be told as
        missing before.
        """
        nargs = [action.nargs for action in self._actions if not action.option_strings]
        if argparse.REMAINDER in nargs:
            return
        for word in words:
            is_option = word.startswith("--") and len(word) > 2
            if word == "--" or (argparse.PARSER in nargs and not is_option):
                return
            name = word.partition("=")[0]
            # One with a space is a value, as argparse has it.
            if is_option and " " not in name and name not in self._option_string_actions:
                raise UserError(f"{self.before}{self._unknown(name)}")

    def _unknown(self, name: str) -> str:
        known = [option for option in self._option_string_actions if option.startswith("--")]
        nearest = difflib.get_close_matches(name.replace("-", "_"), known, n=1)
        nearest = nearest or difflib.get_close_matches(name, known, n=1)
        hint = f", did you mean {nearest[0]}?" if nearest else "; --help lists all"
        return f"there is no option {printable(name)}{hint}"


class _Store(argparse._StoreAction):
    """What an option is given; of one that takes several values, those of each time."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: Any = None
    ) -> None:
        earlier = getattr(namespace, self.dest, self.default)
        is_again = isinstance(values, list) and earlier is not self.default
        setattr(namespace, self.dest, [*earlier, *values] if option and is_again else values)


def _hint(number: float | None, within: Range) -> str:
    return "" if number is None or number not in within else f"; did you mean {number:.15g}?"


def _meant(text: str) -> float | None:
    """Which number it may be, of one with a comma, in percent, or in other digits."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace(",", ".")
    is_percent = plain.endswith("%")
    try:
        number = float(plain.removesuffix("%"))
    except ValueError:
        return None
    number = number / 100 if is_percent else number
    return number if math.isfinite(number) else None


def _whole_meant(text: str) -> float | None:
    if _THOUSANDS.fullmatch(text):
        return int(re.sub(r"[.,' ]", "", text))
    number = _meant(text)
    is_whole = number is not None and number.is_integer() and abs(number) <= LARGEST
    return number if is_whole and not text.endswith("%") else None


def _far(digits: str) -> float:
    """The same of many digits: infinite, or as many zeros."""
    return float(digits) if digits.strip("+-0") else 0
