"""Packages that only some formats need: imported where they are, or one line that names the
extra.
"""

from importlib import import_module
from typing import Any

from parp_espnet.errors import UserError, describe


def need(module: str, extra: str) -> Any:
    """Import a module of an extra. Raises `UserError` where it is not installed, or broken."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UserError(
            f"{package} cannot be imported ({describe(error)}): pip install 'parp-espnet[{extra}]'"
        ) from None
