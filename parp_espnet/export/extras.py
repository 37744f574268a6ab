"""Packages that only some formats need: imported where they are, or one line that names the
extra.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from parp_espnet.errors import UserError, describe


def need(module: str, extra: str) -> Any:
    """Import a module of an extra. Raises `UserError` where it is not installed, or broken."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UserError(_missing(module, extra, describe(error))) from None


def check_installed(module: str, extra: str) -> None:
    """Raise `UserError` where a module of an extra is not installed; it is not imported."""
    try:
        missing = find_spec(module) is None
    except (ImportError, ValueError) as error:
        raise UserError(_missing(module, extra, describe(error))) from None
    if missing:
        raise UserError(_missing(module, extra, "it is not installed"))


def _missing(module: str, extra: str, why: str) -> str:
    package = module.partition(".")[0]
    return f"{package} cannot be imported ({why}): pip install 'parp-espnet[{extra}]'"
