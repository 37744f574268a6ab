"""Recordings that nobody has transcribed, for a score of what comes to weights."""

import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Source, find, read_blocks
from parp_espnet.recognition.grid import RATE
from parp_espnet.recognition.listening import SHORTEST
from parp_espnet.sound.silence import is_silent

MOST_SECONDS = 600.0
"""Of all recordings: the norm of what comes to a weight is a mean, which more changes little."""
MOST_OF_EACH = 60.0
"""Of one recording, so that many speak."""
PIECE_SECONDS = 15.0

Samples = NDArray[np.float32]


def pieces_of(folder: Path) -> Iterator[Samples]:
    """Yield pieces of the recordings below a folder, at 16 kHz, ten minutes at most.

    From each recording there is a minute at most; the order is drawn, and always the same. What
    cannot be read, is too short or silent is left out, and said.

    Raises `UserError` where none is left.
    """
    sources = [source for source in find([folder]) if isinstance(source, Source)]
    random.Random(0).shuffle(sources)
    left = int(MOST_SECONDS * RATE)
    heard = 0
    for source in sources:
        try:
            for piece in _heard(source.path, min(left, int(MOST_OF_EACH * RATE))):
                heard += len(piece)
                left -= len(piece)
                yield piece
        except UserError as error:
            logging.warning(f"raw speech: left out: {error}")
        if left < SHORTEST:
            break
    if not heard:
        raise UserError(
            f"{folder}: expected recordings that can be read, {SHORTEST / RATE:g} s long at least, "
            f"in which something is heard, found none among {len(sources)} files"
        )
    logging.info(f"raw speech: looked at {heard / RATE:.1f} s of {folder}")


def _heard(path: Path, most: int) -> list[Samples]:
    """The pieces of a recording. Raises `UserError` where it has none, or all of them are silent,
    since a mask of silence would be one of no language.
    """
    pieces = list(_pieces(path, most))
    if not pieces:
        raise UserError(f"{path}: expected {SHORTEST / RATE:g} s at least, found less")
    if all(is_silent(piece) for piece in pieces):
        raise UserError(f"{path}: expected sound, found silence")
    return pieces


def _pieces(path: Path, most: int) -> Iterator[Samples]:
    """The pieces of a recording's first samples; a last one that is too short is left out."""
    longest = int(PIECE_SECONDS * RATE)
    buffer = np.zeros(0, np.float32)
    taken = 0
    for block in read_blocks(path):
        buffer = np.concatenate([buffer, block[: most - taken]])
        taken = min(most, taken + len(block))
        while len(buffer) >= longest:
            yield buffer[:longest]
            buffer = buffer[longest:]
        if taken == most:
            break
    if len(buffer) >= SHORTEST:
        yield buffer


def listen(model: Any, folder: Path, device: str) -> None:
    """Run the recordings below a folder through an ESPnet model, one piece at a time."""
    for piece in pieces_of(folder):
        speech = torch.from_numpy(piece)[None].to(device)
        model.encode(speech, torch.tensor([len(piece)], device=device))
