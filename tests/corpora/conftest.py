"""Small trees in the layouts of corpora that cannot be had here, with the faults that the real ones
have.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

COLUMNS = (
    "client_id",
    "path",
    "sentence",
    "up_votes",
    "down_votes",
    "age",
    "gender",
    "accent",
    "locale",
    "segment",
)


def noise(seconds: float, rate: int, seed: int) -> np.ndarray:
    """Something that is heard."""
    return 0.2 * np.random.default_rng(seed).standard_normal(round(seconds * rate))


@dataclass
class Release:
    """A release of Common Voice with one language in it."""

    root: Path
    language: str
    columns: Sequence[str] = COLUMNS
    made: int = field(default=0)

    @property
    def folder(self) -> Path:
        """The language's directory."""
        return self.root / self.language

    def clip(self, name: str, seconds: float = 3.0) -> None:
        """Write a real mp3 at 48 kHz, as Common Voice has it now."""
        self.made += 1
        path = self.folder / "clips" / f"{name}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(seconds, 48000, self.made), 48000, format="MP3")

    def row(self, client: str, path: str, sentence: str) -> str:
        """A line of a table."""
        values = dict(zip(self.columns[:3], (client, path, sentence), strict=True))
        values |= {"up_votes": "2", "down_votes": "0", "locale": self.language}
        return "\t".join(values.get(name, "") for name in self.columns)

    def table(self, name: str, lines: Iterable[str], end: str = "\n") -> None:
        """Write a table as bytes, so that line ends stay what they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = end.join(["\t".join(self.columns), *lines, ""])
        (self.folder / f"{name}.tsv").write_bytes(text.encode())

    def fill(self, sentence: str, speakers: int = 3, clips: int = 2, seconds: float = 3.0) -> None:
        """Write train, dev and test with so many speakers each, every clip with a sentence of its
        own.
        """
        first = sentence.split(maxsplit=1)[0]
        for number, split in enumerate(("train", "dev", "test")):
            lines = []
            for speaker in range(speakers):
                for clip in range(clips):
                    name = f"common_voice_{self.language}_{number}{speaker}{clip}"
                    self.clip(name, seconds)
                    words = " ".join([sentence, *[first] * (6 * number + 2 * speaker + clip)])
                    lines.append(self.row(f"{split}{speaker}" * 16, f"{name}.mp3", words))
            self.table(split, lines)


@pytest.fixture
def release(tmp_path: Path) -> Callable[..., Release]:
    """Make an empty release of a language."""
    return lambda language, **options: Release(tmp_path / "cv-corpus-7.0", language, **options)


@pytest.fixture
def record() -> Callable[..., Path]:
    """Write a recording of any format."""

    def write(path: Path, seconds: float = 2.0, rate: int = 16000, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(seconds, rate, seed), rate)
        return path

    return write
