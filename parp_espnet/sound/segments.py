"""Parts of recordings: each is read where it is, and a recording that has to be decoded as a whole
is, once.
"""

from collections import OrderedDict
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from parp_espnet.sound.channels import mono
from parp_espnet.sound.reader import enter_sound
from parp_espnet.sound.recording import Sound

_OPEN = 16
"""Recordings that are open at a time, of those that are opened again at little cost."""


def frame_of(sound: Sound, seconds: float | None) -> int | None:
    """Return the frame at a time; None for None."""
    return None if seconds is None else round(seconds * sound.rate)


def part_of(
    sound: Sound, begin: float | None, end: float | None, channel: int | None = None
) -> NDArray[np.float32]:
    """Return a part of a recording, (frames,): from `begin` to `end` in seconds (None: its own), of
    one channel.

    What lies after the end of the recording is not there. Raises `SoundError` where the recording
    is damaged, and `ValueError` where it lacks the channel.
    """
    samples = sound.read(frame_of(sound, begin) or 0, frame_of(sound, end))
    return mono(samples, channel)


class OpenSounds:
    """Recordings that stay open for their next part, whichever comes first; a context manager."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[Sound, ExitStack]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _, temporary in self._open.values():
            temporary.close()
        self._open.clear()

    def get(self, recording: str) -> Sound:
        """Return a recording, opened now or before. Raises `SoundError` as `open_sound` does."""
        if recording in self._open:
            self._open.move_to_end(recording)
            return self._open[recording][0]
        temporary = ExitStack()
        try:
            sound = enter_sound(recording, temporary)
        except BaseException:
            temporary.close()
            raise
        self._open[recording] = (sound, temporary)
        self._close_oldest()
        return sound

    def _close_oldest(self) -> None:
        cheap = [name for name, (sound, _) in self._open.items() if not sound.was_costly]
        for name in cheap[:-_OPEN]:
            _, temporary = self._open.pop(name)
            temporary.close()
