from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.corpora.choose import partition, taking_turns

names = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.dictionaries(names, st.floats(0.1, 100), min_size=3, max_size=40))
def test_no_set_is_empty_and_the_largest_group_is_in_train(sizes: dict[str, float]) -> None:
    sets = partition(sizes)
    assert sets.keys() == sizes.keys()
    assert set(sets.values()) == {"train", "dev", "test"}
    assert sets == partition(dict(reversed(sizes.items())))
    assert any(sets[group] == "train" for group in sizes if sizes[group] == max(sizes.values()))


def test_shares_are_about_a_tenth() -> None:
    sets = list(partition({str(number): 1.0 for number in range(200)}).values())
    assert (sets.count("test"), sets.count("dev")) == (20, 20)


def test_two_groups_are_no_three_sets() -> None:
    assert partition({"a": 1, "b": 2}) == {"a": "train", "b": "train"}


@given(st.lists(st.tuples(names, names), unique=True))
def test_speakers_take_turns(items: list[tuple[str, str]]) -> None:
    taken = taking_turns(items, lambda item: item[0], lambda item: item[1])
    assert sorted(taken) == sorted(items)
    assert taken == taking_turns(items[::-1], lambda item: item[0], lambda item: item[1])
    speakers = {speaker for speaker, _ in items}
    assert {speaker for speaker, _ in taken[: len(speakers)]} == speakers
