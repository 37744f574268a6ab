"""Schedules."""

import pytest

from parp_espnet.pruning.schedule import PATHS, Constant, Growing


def test_constant():
    schedule = Constant(sparsity=0.5, interval=3)
    assert {schedule.sparsity_at(update) for update in range(10)} == {0.5}
    assert [update for update in range(1, 10) if schedule.is_prune(update)] == [3, 6, 9]


@pytest.mark.parametrize("path", sorted(PATHS))
def test_growth_begins_ends_and_never_turns(path: str):
    schedule = Growing(sparsity=0.9, interval=5, start=0.7, updates=100, path=path)
    found = [schedule.sparsity_at(update) for update in range(101)]
    assert found[0] == pytest.approx(0.7)
    assert found[100] == schedule.sparsity_at(130) == 0.9
    assert found == sorted(found)
    assert schedule.is_prune(10)
    assert not schedule.is_prune(11)


def test_paths():
    linear, cubic = (Growing(0.8, 1, 0.4, 10, path) for path in ("linear", "cubic"))
    assert linear.sparsity_at(5) == pytest.approx(0.6)
    assert cubic.sparsity_at(5) == pytest.approx(0.8 - 0.4 / 8)
