from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.scoring.alignment import Phones, align
from parp_espnet.scoring.confusions import NOTHING, Confusion, as_table, confusions, worst
from parp_espnet.scoring.per import count

PHONES = st.lists(st.sampled_from("abcd"), max_size=8).map(tuple)


def test_confusions() -> None:
    found = confusions(
        [align(("o", "l", "a"), ("o", "r", "a")), align(("l", "a"), ("r", "a", "s", "s"))]
    )
    assert found == [Confusion("l", "r", 2, 2), Confusion(NOTHING, "s", 2, 5)]
    assert confusions([align(("o", "l"), ("o",))]) == [Confusion("l", NOTHING, 1, 1)]
    assert as_table(found) == "reference\thypothesis\tcount\tsaid\nl\tr\t2\t2\n***\ts\t2\t5\n"


@given(st.lists(st.tuples(PHONES, PHONES)))
def test_they_are_all_errors(utterances: list[tuple[Phones, Phones]]) -> None:
    alignments = [align(*both) for both in utterances]
    found = confusions(alignments)
    assert sum(one.count for one in found) == sum(count("u", pairs).errors for pairs in alignments)
    assert sorted(found, key=lambda one: -one.count) == found
    assert all(
        one.reference != one.hypothesis and one.count <= one.said
        for one in found
        if one.reference != NOTHING
    )


def test_the_worst_utterances() -> None:
    alignments = {
        "u1": align(("o", "l", "a"), ("o", "l", "a")),
        "u2": align(("o\u0303", "ts", "a"), ("o\u0303", "l", "a", "s")),
        "u3": align(("o", "l"), ("o",)),
    }
    assert worst(alignments) == (
        "2 of 3 utterances have errors:\n"
        "\n"
        "u2: 2 errors in 3 phones (1 substitutions, 1 insertions, 0 deletions)\n"
        "  said   o\u0303 ts a ***\n"
        "  heard  o\u0303 l  a s\n"
        "           ^    ^\n"
        "\n"
        "u3: 1 errors in 2 phones (0 substitutions, 0 insertions, 1 deletions)\n"
        "  said   o l\n"
        "  heard  o ***\n"
        "           ^\n"
    )
    shown = worst(alignments, unit="letters", most=1)
    assert shown.startswith(
        "2 of 3 utterances have errors; the worst 1:\n\nu2: 2 errors in 3 letters"
    )
    assert "u3" not in shown
    assert worst({"u1": alignments["u1"]}) == "0 of 1 utterances have errors:\n"


def test_nothing_is_no_phone() -> None:
    """Neither IPA nor an alphabet has it, and no letter looks like it, as Greek ε does like ɛ."""
    assert not any(character.isalnum() for character in NOTHING)
    assert as_table(confusions([align(("ɛ",), ("ε",)), align(("ɛ",), ())])) == (
        "reference\thypothesis\tcount\tsaid\nɛ\t***\t1\t2\nɛ\tε\t1\t2\n"
    )
