import pytest

from parp_espnet.study.status import duration


@pytest.mark.parametrize(
    ("seconds", "spelled"), [(40, "40 s"), (1200, "20 min"), (12000, "3 h 20 min")]
)
def test_times_are_spelled(seconds: float, spelled: str) -> None:
    assert duration(seconds) == spelled
