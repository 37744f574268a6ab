"""Which recordings are those of sets, however these were made."""

import shlex
import shutil
from pathlib import Path

import pytest

from parp_espnet.corpora.rejects import SOURCES
from parp_espnet.pipeline.set_recordings import divide_by_content, recordings_of
from parp_espnet.recognition.audio import Source


@pytest.fixture
def sets(tmp_path: Path, tones: Path) -> tuple[Path, Path, Path]:
    """A training set, a test set, and a folder of untranscribed recordings: tone-0 and tone-1."""
    folder = tmp_path / "field tapes"
    folder.mkdir()
    for number in (0, 1):
        shutil.copy(tones / f"tone-{number}.wav", folder)
    for name, number in (("train", 2), ("test", 3)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wav.scp").write_text(f"a {tones}/tone-{number}.wav\n")
    return tmp_path / "train", tmp_path / "test", folder


def left(sets: tuple[Path, Path, Path]) -> list[str]:
    train, test, folder = sets
    sources = [Source(path, Path(path.name)) for path in sorted(folder.iterdir())]
    others, _ = divide_by_content(sources, recordings_of(train, [test]))
    return [source.path.name for source in others]


def test_what_no_set_has_stays(sets: tuple[Path, Path, Path]) -> None:
    assert left(sets) == ["tone-0.wav", "tone-1.wav"]


@pytest.mark.parametrize(
    "line",
    ["{}", "cat {} |", "sox {} -t wav - |", "flac -dc < {} |", "unfinished ' {} |"],
)
def test_what_a_test_set_has_goes(sets: tuple[Path, Path, Path], tones: Path, line: str) -> None:
    named = f"{tones}/tone-0.wav"
    if not line.startswith("{"):
        named = shlex.quote(named)
    (sets[1] / "wav.scp").write_text(f"a {line.format(named)}\n")
    assert left(sets) == ["tone-1.wav"]


def test_what_a_test_set_was_cut_out_of_goes(sets: tuple[Path, Path, Path], tones: Path) -> None:
    train, test, _ = sets
    (test / SOURCES).write_text(f"0 {tones}/tone-1.wav\n1 {tones}/archive.ark:17\n")
    assert left(sets) == ["tone-0.wav"]
    # Of what is trained on in parts more may be untranscribed.
    (train / SOURCES).write_text(f"0 {tones}/tone-0.wav\n")
    assert left(sets) == ["tone-0.wav"]


def test_whole_recordings_of_the_training_set_go(
    sets: tuple[Path, Path, Path], tones: Path
) -> None:
    train = sets[0]
    (train / "wav.scp").write_text(f"a {tones}/tone-1.wav\n")
    assert left(sets) == ["tone-0.wav"]
    (train / "segments").write_text("a-1 a 0 1\n")
    assert left(sets) == ["tone-0.wav", "tone-1.wav"]
