"""The one form in which phones are compared."""

import pytest

from parp_espnet.phones.characters import decomposed


@pytest.mark.parametrize(
    ("text", "form"),
    [("\u00e3", "a\u0303"), ("a\u0303", "a\u0303"), ("p\u02b0", "p\u02b0"), ("", "")],
)
def test_a_letter_then_its_marks(text: str, form: str) -> None:
    assert decomposed(text) == form
