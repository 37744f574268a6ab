"""Within what weights are ranked against each other."""

import fnmatch
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError, excerpt, printable
from parp_espnet.files import parse_yaml, regular
from parp_espnet.pruning.families import in_layer
from parp_espnet.pruning.patterns import EXAMPLES

ROW = "row"
SCOPES = ("global", "layer", "tensor", ROW)
"""The whole pool, a Transformer layer, a tensor, a row of one. A file of rates is a scope too: each
tensor, with a sparsity of its own.
"""
ENDINGS = (".yaml", ".yml", ".json")
"""Of a file of rates."""

type Rates = tuple[tuple[str, float], ...]
"""Names of tensors, with * and ? as in a shell, and the sparsity of those that no earlier one
names, relative to the others'.
"""


def parts[T](pool: Mapping[str, T], scope: str) -> list[dict[str, T]]:
    """Divide a pool into tensors that are ranked together; those that belong to no layer are a
    part of their own. What is ranked within rows is no part of this: see `rows`.
    """
    divided: dict[str, dict[str, T]] = {}
    for name, tensor in pool.items():
        place = in_layer(name)
        layer = name if place is None else f"{place.stack}.{place.number}"
        key = {"global": "", "layer": layer, "tensor": name}[scope]
        divided.setdefault(key, {})[name] = tensor
    return list(divided.values())


def count_rows(shape: tuple[int, ...]) -> int:
    """Return how many rows a tensor has: as many as outputs; a bias is one row."""
    return shape[0] if len(shape) > 1 else 1


def is_file(scope: object) -> bool:
    """Whether a scope is a file of rates, there or not."""
    return str(scope).endswith(ENDINGS)


def check_scope(scope: object) -> None:
    """Raise `UserError` unless it is a word of `SCOPES`, or a file of rates."""
    if scope not in SCOPES and not is_file(scope):
        raise UserError(
            f"scope: {describe_unknown(str(scope), [*SCOPES, *EXAMPLES])}; a file of rates "
            f"is called *{', *'.join(ENDINGS)}"
        )


def read_rates(path: Path) -> Rates:
    """Read a file of rates, YAML or JSON: what sparsity tensors have, by their canonical names.

        encoder.layers.0.*: 0.2
        "*.feed_forward.*": 0.8
        "*": 0.6

    Raises `UserError` where it is missing, or holds something else.
    """
    if not path.is_file():
        raise UserError(f"scope {path}: no such file of rates")
    try:
        told = parse_yaml(regular(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"scope {path}: cannot read these rates ({' '.join(str(error).split())})"
        ) from None
    return rates_of(told, f"scope {path}")


def rates_of(told: Any, where: str) -> Rates:
    """Make rates of what a file held. Raises `UserError` unless names have fractions."""
    if not isinstance(told, dict) or not told:
        raise UserError(
            f"{where}: expected names of tensors with a sparsity each, such as "
            f"'*.feed_forward.*: 0.8', found {excerpt(told)}"
        )
    for name, rate in told.items():
        if type(rate) not in (int, float) or not 0 <= rate < 1:
            raise UserError(
                f"{where}: {printable(str(name)[:60])}: expected a sparsity in [0, 1), found "
                f"{excerpt(rate)}"
            )
    return tuple((str(name), float(rate)) for name, rate in told.items())


def _line_of(name: str, rates: Rates) -> int | None:
    """The number of the first line that names a tensor; None where none does."""
    for number, (glob, _) in enumerate(rates):
        if fnmatch.fnmatchcase(name, glob):
            return number
    return None


def _check_counted(rates: Rates, counted: set[int], names: list[str]) -> None:
    """Raise `UserError` where a line counts for no tensor: it is misspelt, or stands too late."""
    for number, (glob, _) in enumerate(rates):
        if number in counted:
            continue
        where = f"scope: rates for {printable(glob[:60])}"
        fitting = fnmatch.filter(names, glob)
        if not fitting:
            raise UserError(
                f"{where}: expected the name of a tensor that may be pruned, such as "
                f"{printable(names[0])}, found none that fits among {len(names)}; correct the "
                f"line, or leave it out"
            )
        earlier = rates[_line_of(fitting[0], rates[:number]) or 0][0]
        raise UserError(
            f"{where}: expected it before the line for {printable(earlier[:60])}, since the first "
            f"that fits a tensor counts, found it behind, where it changes nothing"
        )


def sparsities(rates: Rates, sizes: Mapping[str, int], sparsity: float) -> dict[str, float]:
    """Return the sparsity of each tensor, in proportion to its rate, so that all of them together
    have `sparsity`.

    Args:
        sizes: how many weights each tensor of the pool has.

    Raises:
        UserError: a tensor has no rate, a rate has no tensor, or a tensor's share would be all
            of it.
    """
    own: dict[str, float] = {}
    counted: set[int] = set()
    for name in sizes:
        line = _line_of(name, rates)
        if line is None:
            raise UserError(
                f"scope: the rates have none for {printable(name)}; end them with a line for all "
                f"others, such as '\"*\": {sparsity:g}'"
            )
        own[name] = rates[line][1]
        counted.add(line)
    _check_counted(rates, counted, list(sizes))
    mean = sum(own[name] * size for name, size in sizes.items()) / sum(sizes.values())
    if mean == 0:
        raise UserError(f"scope: all rates are 0; expected some that add up to {sparsity:g}")
    for name, rate in own.items():
        own[name] = rate * sparsity / mean
        if own[name] >= 1:
            raise UserError(
                f"scope: the rates leave {mean:.4g} of the pool; for a sparsity of {sparsity:g} "
                f"nothing would be left of {printable(name)}; expected rates nearer to each other, "
                f"or a sparsity below {mean / rate:.4g}"
            )
    return own


def name_of(rates: Rates) -> str:
    """What results call rates: other ones are called otherwise."""
    return f"rates {hashlib.sha256(json.dumps(rates).encode()).hexdigest()[:8]}"
