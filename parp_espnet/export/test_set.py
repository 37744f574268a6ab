"""What an experiment was tested on, so that what was exported can be compared with it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.data.kaldi import is_command
from parp_espnet.errors import UserError
from parp_espnet.export.trained import Trained
from parp_espnet.files import lines_of, read_json, text_of
from parp_espnet.recognition.audio import read
from parp_espnet.recognition.grid import RATE
from parp_espnet.scoring.result import GREEDY_DECODING

STEP = ".steps/decode.json"
USUAL = ("dump/raw", "data")
"""Where a recipe has the sets that are decoded, from its directory: one of ESPnet 2's, or 3's."""

type Recognise = Callable[[NDArray[np.float32]], tuple[str, ...]]


@dataclass(frozen=True)
class TestSet:
    """Recordings, and the tokens that stage 12 found in them."""

    name: str
    recordings: Mapping[str, Path]
    tokens: Mapping[str, tuple[str, ...]]
    place: Path
    """Their Kaldi directory."""


@dataclass(frozen=True)
class Compared:
    """How a format's tokens compare with stage 12's."""

    name: str
    equal: int
    utterances: int
    first_other: str | None
    """The first utterance whose tokens are others."""
    audio_seconds: float
    seconds: float

    @property
    def told(self) -> str:
        """The same in words."""
        line = f"{self.equal} of {self.utterances} utterances of {self.name} have stage 12's tokens"
        return line if self.first_other is None else f"{line} (others: {self.first_other}, …)"


def find_test_set(trained: Trained, data: Path | None = None) -> TestSet | None:
    """Return what the experiment was tested on greedily; None where it was not, or is gone.

    Args:
        data: its Kaldi directory, where it is not where the recipe has it.

    Raises `UserError` where `data` is not it.
    """
    if trained.result is None:
        return None
    name = trained.result.dataset
    decoded = trained.folder / GREEDY_DECODING / name
    if not (decoded / "text").is_file():
        return None
    tokens = {}
    for line in lines_of(text_of(decoded / "text")):
        utterance, *found = line.split()
        tokens[utterance] = tuple(found)
    place = data or _place(trained, decoded, name)
    if place is None:
        return None
    recordings = _recordings(trained, place)
    if not recordings.keys() >= tokens.keys():
        if data is None:
            return None
        lacking = sorted(tokens.keys() - recordings.keys())[0]
        raise UserError(f"{place}: expected the utterances of {decoded}, found no {lacking}")
    return TestSet(name, {key: recordings[key] for key in tokens}, tokens, place)


def compare(tests: TestSet, recognise: Recognise) -> Compared:
    """Recognise a test set, an utterance at a time, and compare."""
    equal, audio, spent = 0, 0.0, 0.0
    others = []
    for utterance in sorted(tests.recordings):
        samples = read(tests.recordings[utterance])
        started = time.perf_counter()
        found = recognise(samples)
        spent += time.perf_counter() - started
        audio += len(samples) / RATE
        if found == tests.tokens[utterance]:
            equal += 1
        else:
            others.append(utterance)
    first = others[0] if others else None
    return Compared(tests.name, equal, len(tests.recordings), first, audio, spent)


def _place(trained: Trained, decoded: Path, name: str) -> Path | None:
    """The set's Kaldi directory, by the record of its decoding, or where recipes have it."""
    if (decoded / STEP).is_file():
        command = read_json(decoded / STEP).get("command", [])
        if "--data" in command[:-1]:
            given = command[command.index("--data") + 1]
            return found_below(trained.folder, given, "wav.scp")
    for folder in USUAL:
        place = found_below(trained.folder, f"{folder}/{name}", "wav.scp")
        if place is not None:
            return place
    return None


def found_below(experiment: Path, given: str, inner: str = "") -> Path | None:
    """Where a path of a recipe's leads from here: from a directory that the experiment is in."""
    for folder in (*experiment.absolute().parents, *experiment.resolve().parents):
        if (folder / given / inner).exists():
            return folder / given
    return None


def _recordings(trained: Trained, place: Path) -> dict[str, Path]:
    """Paths of recordings, those that are there."""
    found = {}
    for line in lines_of(text_of(place / "wav.scp")):
        fields = line.split(maxsplit=1)
        if len(fields) == 2 and not is_command(fields[1].strip()):
            path = Path(fields[1].strip())
            if not path.is_absolute():
                path = found_below(trained.folder, str(path)) or path
            if path.is_file():
                found[fields[0]] = path
    return found
