import pytest

from parp_espnet.study.names import amounts


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        ([1.0, 1.0], "1 minute of speech"),
        ([1.0, 10.0], "1, 10 minutes of speech"),
        ([0.5], "0.5 minutes of speech"),
    ],
)
def test_amounts_are_told_with_their_unit(make_result, minutes: list[float], told: str) -> None:
    assert amounts([make_result(train_minutes=amount) for amount in minutes]) == told
