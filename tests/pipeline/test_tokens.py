import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.tokens import token_list


def test_order() -> None:
    assert token_list([("b", "a", "tʰ"), ("a",), ()]) == [
        "<blank>",
        "<unk>",
        "a",
        "b",
        "tʰ",
        "<sos/eos>",
    ]


@pytest.mark.parametrize("texts", [[], [()]])
def test_no_phone(texts: list[tuple[str, ...]]) -> None:
    with pytest.raises(UserError, match="holds no phone"):
        token_list(texts)


def test_a_phone_with_a_special_name() -> None:
    with pytest.raises(UserError, match="<unk>"):
        token_list([("a", "<unk>")])
