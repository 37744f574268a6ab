from random import Random

from parp_espnet.corpora.phrases import SPLITS
from parp_espnet.corpora.voices import draw_voice, variants_of
from parp_espnet.phones.espeak import PLAIN, variants


def test_sets_share_no_variant_and_all_exist() -> None:
    sets = [set(variants_of(split)) for split in SPLITS]
    assert sum(map(len, sets)) == len(set.union(*sets))
    assert set.union(*sets) <= {PLAIN, *variants()}
    assert [len(one) for one in sets] >= [60, 5, 6]


def test_speakers_differ() -> None:
    random = Random(0)
    voices = {draw_voice("train", random) for _ in range(200)}
    assert len(voices) > 195
    assert len({voice.variant for voice in voices}) > 60
    assert {voice.variant for voice in voices} <= set(variants_of("train"))
