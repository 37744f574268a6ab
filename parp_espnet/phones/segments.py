"""A string of IPA without spaces as the phones that it is, told apart by panphon."""

import unicodedata
from functools import cache
from typing import Any


def segments_of(said: str) -> tuple[str, ...] | None:
    """Return the phones of a string in NFD; None where panphon does not know all of it."""
    found = tuple(unicodedata.normalize("NFD", part) for part in _table().ipa_segs(said))
    return found if found and "".join(found) == said else None


@cache
def _table() -> Any:
    import panphon  # noqa: PLC0415  # takes a second

    return panphon.FeatureTable()
