"""Who speaks: eSpeak NG's voice variants divided into train, dev and test, and speakers drawn from
them.

A speaker is a fixed variant, rate, pitch and pitch range. No variant is in two sets. Dev and test
have natural ones, near their own pitch; train has all the others that can be understood, over a
wider range of pitch and rate, so that what is learned from them has to do without a typical voice.
In every set about half of the speakers are women, although six of seven variants are men: what has
heard few women mistakes two to four times as many of their phones.
"""

from dataclasses import dataclass
from functools import cache
from random import Random

from parp_espnet.phones.espeak import PLAIN, Voice, variant_file, variants

_DEV = ("Mario", "f4", "grandma", "m4", "pedro")
_TEST = ("Annie", "f2", "f3", "m3", "m7", "robert")
_LEFT_OUT = (
    # Heavy echoes and monotones.
    *("Alicia", "Demonic", "Marco", "RicishayMax2", "RicishayMax3", "UniRobot", "anikaRobot"),
    *("robosoft", "robosoft2", "robosoft3", "robosoft4", "robosoft5", "robosoft6", "robosoft7"),
    "robosoft8",
    # Whispers, which have no voiced sounds; a chipmunk; and the plain voice once more.
    *("caleb", "whisper", "whisperf", "zac", "fast"),
)


@dataclass(frozen=True)
class _Ranges:
    rate: tuple[int, int]
    pitch: tuple[int, int]
    range: tuple[int, int]


_WIDE = _Ranges(rate=(120, 230), pitch=(20, 80), range=(20, 85))
_NATURAL = _Ranges(rate=(140, 200), pitch=(35, 65), range=(35, 70))


@cache
def variants_of(split: str) -> tuple[str, ...]:
    """Return the voice variants of a set, sorted; no two sets share one."""
    if split != "train":
        return {"dev": _DEV, "test": _TEST}[split]
    others = {*_DEV, *_TEST, *_LEFT_OUT}
    return (PLAIN, *(variant for variant in variants() if variant not in others))


@cache
def is_female(variant: str) -> bool:
    """Whether a variant is a woman's voice, by its own file; the plain voices are men's."""
    return bool(variant) and "gender female" in variant_file(variant).read_text(encoding="utf-8")


def draw_voice(split: str, random: Random) -> Voice:
    """Return the voice of a new speaker of a set."""
    ranges = _WIDE if split == "train" else _NATURAL
    female = random.random() < 0.5
    variants = [variant for variant in variants_of(split) if is_female(variant) == female]
    return Voice(
        variant=random.choice(variants),
        rate=random.randint(*ranges.rate),
        pitch=random.randint(*ranges.pitch),
        range=random.randint(*ranges.range),
    )
