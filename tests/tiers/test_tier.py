from unicodedata import normalize

import pytest

from parp_espnet.tiers.tier import Tier


@pytest.mark.parametrize(
    ("asked", "name", "kind", "is_it"),
    [
        ("tx", "tx", "", True),
        ("tx", "tx@Ana", "", True),
        ("tx@Ana", "tx@Ana", "", True),
        ("tx", "Ana", "tx", True),
        ("tx@Luis", "tx@Ana", "", False),
        ("tx", "txt", "", False),
        ("tx", "tx ", "", True),
        (" tx", "tx @Ana", "", True),
        ("tx", "Ana", " tx", True),
        (normalize("NFC", "Wörter"), normalize("NFD", "Wörter"), "", True),
        (normalize("NFD", "Wörter"), normalize("NFC", "Wörter@Ana"), "", True),
        (normalize("NFD", "Wörter"), "Ana", normalize("NFC", "Wörter"), True),
        # What has no name, or no kind, is not what is asked for.
        ("", "tx", "", False),
        (" ", "tx", "", False),
        ("Tx", "tx", "", False),
    ],
)
def test_what_a_tier_is_called(asked: str, name: str, kind: str, is_it: bool) -> None:
    assert Tier(name, [], kind=kind).is_called(asked) == is_it
