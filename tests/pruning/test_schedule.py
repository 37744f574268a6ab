"""Schedules."""

from parp_espnet.pruning.schedule import Constant


def test_constant():
    schedule = Constant(sparsity=0.5, interval=3)
    assert {schedule.sparsity_at(update) for update in range(10)} == {0.5}
    assert [update for update in range(1, 10) if schedule.is_prune(update)] == [3, 6, 9]
