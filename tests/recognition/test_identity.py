import hashlib
import os
from pathlib import Path

import pytest

from parp_espnet.recognition.identity import identity_of

BESIDE = {
    "its labels": "tokens.txt",
    "what describes it": "recogniser.json",
    "weights of a search": "decode_ctc_test/dev/weights.json",
}


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    for name in ("valid.per.best.pth", "other.pth", *BESIDE.values()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    return tmp_path


@pytest.mark.parametrize("what", BESIDE)
@pytest.mark.parametrize("opened", [".", "valid.per.best.pth"])
def test_a_checkpoint_is_what_lies_beside_it_too(experiment: Path, opened: str, what: str) -> None:
    before = identity_of(experiment / opened)
    assert identity_of(experiment / opened) == before
    (experiment / BESIDE[what]).write_text("2")
    assert identity_of(experiment / opened) != before


def test_one_checkpoint_is_not_the_other_beside_it(experiment: Path) -> None:
    before = identity_of(experiment / "valid.per.best.pth")
    os.utime(experiment / "other.pth", (1, 1))
    assert identity_of(experiment / "valid.per.best.pth") == before
    assert identity_of(experiment / "other.pth") != before


def test_a_file_of_its_own_is_itself_alone(experiment: Path) -> None:
    lexicon = experiment / "words.txt"
    lexicon.write_text("a")
    before = identity_of(lexicon)
    (experiment / "tokens.txt").write_text("2")
    assert identity_of(lexicon) == before
    lexicon.write_text("a b")
    assert identity_of(lexicon) != before


@pytest.mark.parametrize("name", ["words.txt", "alone.pth"])
def test_a_file_is_what_transcripts_of_before_say_of_it(tmp_path: Path, name: str) -> None:
    """Who goes on with them after an update is not told that it is another one."""
    file = tmp_path / name
    file.write_text("a b")
    status = file.stat()
    said = f"{file.resolve()}{status.st_size} {status.st_mtime_ns}"
    assert identity_of(file) == hashlib.sha256(said.encode()).hexdigest()[:16]
