"""What the two corpora of Common Voice have in common: clips of clients, in sets that share no
client and no text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parp_espnet.corpora.choose import partition
from parp_espnet.errors import UserError

SPLITS = ("train", "dev", "test")
OTHERS: Mapping[str, tuple[str, ...]] = {"train": ("dev", "test"), "dev": ("test",), "test": ()}
"""The sets whose clients and texts a set may not have."""

_NAME = re.compile(r"common_voice_([A-Za-z-]+)_\d+(?:\.mp3)?")


@dataclass(frozen=True, slots=True)
class Clip:
    """A row of a table: where it stands, the recording's name without .mp3, whose it is, and the
    sentence.

    `phones` are the published ones, where there are any.
    """

    where: str
    name: str
    client: str
    sentence: str
    phones: tuple[str, ...] | None = None


def divided(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Return the clips of each set, where a corpus has none: clients are divided by a hash."""
    sizes: dict[str, float] = {}
    for clip in clips:
        sizes[clip.client] = sizes.get(clip.client, 0) + 1
    sets = partition(sizes)
    own: dict[str, list[Clip]] = {name: [] for name in SPLITS}
    for clip in clips:
        own[sets[clip.client]].append(clip)
    return own


def why_no_clip(clip: Clip, before: Clip | None, column: str) -> str | None:
    """Return what is wrong with a row of a table; None where nothing is.

    Args:
        before: that of the same recording in a row above.
        column: that of the recordings.
    """
    if not clip.client:
        return "expected the speaker in client_id, found none"
    if not clip.name:
        return f"expected a recording in {column}, found none"
    if "/" in clip.name:
        return "expected a recording, found a path that leads elsewhere"
    if before is not None:
        return f"expected each clip once, found it first in {before.where}"
    return None


def unshared(own: Mapping[str, Sequence[Clip]], split: str) -> tuple[list[Clip], str]:
    """Return the clips of a set whose client and text no other set has, and a note of how many were
    left out.
    """
    others = OTHERS[split]
    clients: set[str] = set()
    sentences: set[str] = set()
    for name in others:
        for clip in own[name]:
            clients.add(clip.client)
            sentences.add(clip.sentence)
    left = []
    for clip in own[split]:
        if clip.client not in clients and clip.sentence not in sentences:
            left.append(clip)
    gone = len(own[split]) - len(left)
    if not gone:
        return left, ""
    return left, f"{gone} clips of speakers or sentences of {' and '.join(others)} left out"


def check_language(where: str, name: str, locale: str, language: str) -> None:
    """Raise `UserError` where a clip is of another language, as its table or its name says."""
    match = _NAME.fullmatch(name)
    found = locale.strip() or (match[1] if match else language)
    if found != language:
        raise UserError(
            f"{where}: expected clips of {language}, found {found} ({name}); give the directory "
            f"of {language}, or run "
            f"the recipe of {found}"
        )
