"""The tasks that are made of CLDR's names."""

import pytest

from parp_espnet.errors import UserError
from parp_espnet.glue.made import make
from parp_espnet.glue.tasks import SPLITS, TASKS

MADE = [name for name, task in TASKS.items() if task.folder is None]


@pytest.mark.parametrize("name", MADE)
def test_examples_are_the_same_each_time_and_fit_the_task(name: str):
    task, sets = TASKS[name], {split: make(name, split, 60) for split in SPLITS}
    assert make(name, "test", 60) == sets["test"]
    assert make(name, "test", 30) == sets["test"][:30]
    texts = {
        split: {(one.sentence1, one.sentence2) for one in found} for split, found in sets.items()
    }
    assert all(len(found) == 60 for found in texts.values())
    assert not texts["train"] & texts["test"]
    for one in sets["train"]:
        assert bool(one.sentence2) == task.pairs
        if task.labels is None:
            assert task.bounds is not None
            assert task.bounds[0] <= one.label <= task.bounds[1]
        else:
            assert one.label in range(len(task.labels))
    assert len({one.label for one in sets["train"]}) > 1


def test_what_is_similar_has_names_in_common():
    found = make("cldr_sim", "train", 200)
    same = [one for one in found if one.label == 5]
    assert same
    assert all(len(one.sentence1.split(", ")) == len(one.sentence2.split(", ")) for one in same)
    assert {one.label for one in found} <= {0.0, 1.0, 1.67, 2.5, 5.0}


def test_more_examples_than_there_are_is_one_line():
    with pytest.raises(UserError, match=r"task cldr_kind: expected at most \d+ examples of valid"):
        make("cldr_kind", "valid", 20000)


@pytest.mark.parametrize("name", [name for name in MADE if name != "cldr_kind"])
def test_phrases_and_lists_do_not_come_to_an_end(name: str):
    assert len(make(name, "valid", 3000)) == 3000
