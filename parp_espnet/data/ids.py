"""What stage 2 calls an utterance, and which utterances would then have one name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Clash:
    """Two utterances that get the same `name`."""

    first: str
    second: str
    name: str


def with_speaker(utterance: str, speaker: str) -> str:
    """Return the id of an utterance with its speaker and a dash in front, which ids that sort as
    Kaldi wants have.
    """
    return utterance if utterance.startswith(f"{speaker}-") else f"{speaker}-{utterance}"


def at_speed(name: str, speed: float) -> str:
    """Return what an utterance or a speaker is called at another speed, as Kaldi has it."""
    return name if speed == 1 else f"sp{speed:g}-{name}"


def clashes(speakers: Mapping[str, str], speeds: tuple[float, ...] = (1.0,)) -> Iterator[Clash]:
    """Yield the utterances that become one, from the speaker of each."""
    taken: dict[str, str] = {}
    for utterance, speaker in speakers.items():
        for speed in speeds:
            name = at_speed(with_speaker(utterance, speaker), speed)
            first = taken.setdefault(name, utterance)
            if first != utterance:
                yield Clash(first, utterance, name)
