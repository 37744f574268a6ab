from random import Random

import pytest

from parp_espnet.corpora.phrases import SPLITS
from parp_espnet.corpora.voices import draw_voice, is_female, variants_of
from parp_espnet.phones.espeak import PLAIN, variants


def test_sets_share_no_variant_and_all_exist() -> None:
    sets = [set(variants_of(split)) for split in SPLITS]
    assert sum(map(len, sets)) == len(set.union(*sets))
    assert set.union(*sets) <= {PLAIN, *variants()}
    assert [len(one) for one in sets] >= [60, 5, 6]


def test_speakers_differ() -> None:
    random = Random(0)
    voices = {draw_voice("train", random) for _ in range(400)}
    assert len(voices) > 390
    assert len({voice.variant for voice in voices}) > 60
    assert {voice.variant for voice in voices} <= set(variants_of("train"))


@pytest.mark.parametrize("split", SPLITS)
def test_half_of_the_speakers_are_women(split: str) -> None:
    random = Random(0)
    women = sum(is_female(draw_voice(split, random).variant) for _ in range(400))
    assert women == pytest.approx(200, abs=40)


def test_the_plain_voice_is_a_mans() -> None:
    assert [is_female(variant) for variant in (PLAIN, "f2", "m3", "Annie")] == [
        False,
        True,
        False,
        True,
    ]
