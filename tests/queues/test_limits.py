import pytest

from parp_espnet.queues.limits import more_memory, more_time


@pytest.mark.parametrize(
    ("memory", "more"),
    [("4G", "8G"), ("500M", "1000M"), ("1.5GB", "3GB"), ("100", "200"), ("0", None), ("all", None)],
)
def test_twice_the_memory(memory: str, more: str | None) -> None:
    assert more_memory(memory) == more


@pytest.mark.parametrize(
    ("time", "more"),
    [
        ("90", "03:00:00"),
        ("1:30", "00:03:00"),
        ("12:00:00", "1-00:00:00"),
        ("2-12", "5-00:00:00"),
        ("1-0:30", "2-01:00:00"),
        ("0-00:00:10", "00:00:20"),
        ("UNLIMITED", None),
        ("0", None),
    ],
)
def test_twice_the_time(time: str, more: str | None) -> None:
    assert more_time(time) == more
