"""A corpus that has changed is read again, in every layout, by the same command."""

import os
import shutil
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SPLITS = ("train", "dev", "test")
COUNT = 10


def write_noise(path: Path, seconds: float, seed: int = 0) -> None:
    """A recording of 16 kHz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 3000 * np.random.default_rng(seed).standard_normal(round(seconds * 16000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.astype("<i2").tobytes())


def record(folder: Path, count: int = COUNT, first: int = 0) -> None:
    for number in range(first, first + count):
        write_noise(folder / f"s{number % 3}" / f"{number}.wav", 1.0, number)


def text_of(number: int) -> str:
    return f"a b {'abcdefghij'[number % 10]}"


def make_folder(own: Path, sound: Path) -> None:
    shutil.copytree(sound, own)
    for wav in own.rglob("*.wav"):
        wav.with_suffix(".txt").write_text(text_of(int(wav.stem)))


def make_table(own: Path, sound: Path) -> None:
    own.mkdir()
    rows = [
        f"{wav},{text_of(int(wav.stem))},{wav.parent.name}\n"
        for wav in sorted(sound.rglob("*.wav"))
    ]
    (own / "all.csv").write_text("path,sentence,speaker\n" + "".join(rows))


def make_kaldi(own: Path, sound: Path, segments: bool = False) -> None:
    own.mkdir(parents=True)
    wavs = sorted(sound.rglob("*.wav"), key=lambda wav: int(wav.stem))
    (own / "wav.scp").write_text("".join(f"{wav.stem} {wav}\n" for wav in wavs))
    (own / "text").write_text("".join(f"{wav.stem} {text_of(int(wav.stem))}\n" for wav in wavs))
    (own / "utt2spk").write_text("".join(f"{wav.stem} {wav.parent.name}\n" for wav in wavs))
    if segments:
        (own / "segments").write_text("".join(f"{wav.stem} {wav.stem} 0 0.8\n" for wav in wavs))


def make_segments(own: Path, sound: Path) -> None:
    make_kaldi(own, sound, segments=True)


def make_sets(own: Path, sound: Path) -> None:
    for number, split in enumerate(SPLITS):
        part = own.parent / "parts" / split
        record(part, 3, 3 * number)
        make_table(own / split, part) if split == "dev" else make_kaldi(own / split, part)


LAYOUTS: dict[str, Callable[[Path, Path], None]] = {
    "folder": make_folder,
    "table": make_table,
    "kaldi": make_kaldi,
    "segments": make_segments,
    "train, dev and test": lambda own, sound: (own.mkdir(), make_sets(own, sound))[1],
}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=LAYOUTS)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    record(tmp_path / "sound")
    LAYOUTS[request.param](tmp_path / "own", tmp_path / "sound")
    return tmp_path / "own"


@pytest.fixture
def run(own: Path, tmp_path: Path) -> Run:
    """Run the first stages in a recipe directory; with which name a step was not skipped is
    returned.
    """
    recipe = tmp_path / "my recipe"
    recipe.mkdir()

    def start(stop: int, corpus: str = "own") -> set[str]:
        words = ["--recipe", str(recipe), "--corpus", corpus, "--skip_check", "true"]
        if corpus == "own":
            words += ["--own", str(own)]
        command = [str(ROOT / "egs2/TEMPLATE/phn1/phn.sh"), *words, "--stop_stage", str(stop)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
        said = [
            line.partition(": ") for line in done.stderr.splitlines() if line.startswith("stage ")
        ]
        return {step.split()[-1] for step, _, what in said if what.startswith(("again", "started"))}

    return start


def texts(recipe: Path, name: str) -> list[str]:
    lines = (recipe / name / "text").read_text().splitlines()
    return sorted(line.split(maxsplit=1)[1] for line in lines)


def correct(own: Path) -> None:
    """Every a in a transcript is a u."""
    for file in own.rglob("*"):
        if file.suffix in (".txt", ".csv") or file.name == "text":
            lines = file.read_text().splitlines(keepends=True)
            file.write_text("".join(line.replace("a b", "u b") for line in lines))


def test_corrected_transcripts_and_replaced_recordings(own: Path, run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "my recipe"
    assert run(2) >= {"train", "dev", "test", "format_train"}
    assert run(2) == set()
    before = texts(recipe, "dump/raw/org/train")
    correct(own)
    assert run(2) == {"train", "dev", "test", "format_train", "format_dev", "format_test"}
    assert texts(recipe, "dump/raw/org/train") == [text.replace("a b", "u b") for text in before]
    assert run(2) == set()

    # A recording of the training set is replaced by one that is longer.
    lines = (recipe / "data/train/text").read_text().splitlines()
    number = int(lines[0].split()[0].rpartition("-")[2].rpartition(".")[2])
    (wav,) = (
        path
        for path in tmp_path.rglob(f"{number}.wav")
        if recipe not in path.parents and is_source(path, own)
    )
    write_noise(wav, 2.0, 99)
    again = run(2)
    assert "train" in again
    assert "format_train" in again
    durations = (recipe / "dump/raw/org/train/utt2dur").read_text().split()[1::2]
    assert ("2.000" in durations) != (own / "segments").exists()
    assert run(2) == set()
    # By one of the same size, with its time.
    about = wav.stat()
    write_noise(wav, 2.0, 100)
    os.utime(wav, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert "format_train" in run(2)


def is_source(path: Path, own: Path) -> bool:
    """Whether a recording is what the layout names, where there are copies."""
    tables = [*own.rglob("*.csv"), *own.rglob("wav.scp")]
    return own in path.parents or any(str(path) in table.read_text() for table in tables)


@pytest.mark.parametrize("own", ["folder", "table", "kaldi"], indirect=True)
def test_recordings_that_are_added(own: Path, run: Run, tmp_path: Path) -> None:
    run(1)
    recipe = tmp_path / "my recipe"
    before = sum(len(texts(recipe, f"data/{split}")) for split in SPLITS)
    record(tmp_path / "sound", 3, COUNT)
    layout = {"wav.scp": make_kaldi, "all.csv": make_table}
    make = next((make for name, make in layout.items() if (own / name).exists()), make_folder)
    shutil.rmtree(own)
    make(own, tmp_path / "sound")
    assert run(1) >= {"train", "dev", "test"}
    assert sum(len(texts(recipe, f"data/{split}")) for split in SPLITS) == before + 3


@pytest.mark.parametrize("own", ["kaldi"], indirect=True)
def test_what_is_edited_in_data_is_used_until_the_source_changes(
    own: Path, run: Run, tmp_path: Path
) -> None:
    recipe = tmp_path / "my recipe"
    run(2)
    text = recipe / "data/train/text"
    edited = text.read_text().replace("a b", "x y")
    text.write_text(edited)
    assert run(2) == {"format_train"}
    assert all(line.startswith("x y") for line in texts(recipe, "dump/raw/org/train"))
    correct(own)
    run(2)
    assert all(line.startswith("u b") for line in texts(recipe, "dump/raw/org/train"))
    assert (recipe / "data/train/text.edited").read_text() == edited


@pytest.mark.parametrize("own", ["train, dev and test"], indirect=True)
def test_a_corpus_and_a_script_in_one_recipe(own: Path, run: Run, tmp_path: Path) -> None:
    """Each was taken for complete after the other had put its sets in the same place."""
    recipe = tmp_path / "my recipe"
    script = recipe / "local/data.sh"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\nsed -i 's/a b/i o/' data/*/text\n")
    script.chmod(0o755)
    assert run(1) >= {"train", "dev", "test"}
    own_texts = texts(recipe, "data/test")
    for _ in range(2):
        assert run(1, corpus="none") == {"local"}
        assert texts(recipe, "data/test") == [text.replace("a b", "i o") for text in own_texts]
        assert run(1, corpus="none") == set()
        assert run(1) == {"train", "dev", "test"}
        assert texts(recipe, "data/test") == own_texts
        assert run(1) == set()
    assert not list(recipe.glob("data/*/*.edited*"))


@pytest.mark.parametrize("own", ["train, dev and test"], indirect=True)
def test_what_is_edited_is_kept_when_a_script_replaces_it(
    own: Path, run: Run, tmp_path: Path
) -> None:
    """And a script that has never run makes nothing again."""
    recipe = tmp_path / "my recipe"
    run(1)
    text = recipe / "data/test/text"
    edited = text.read_text().replace("a b", "u u")
    text.write_text(edited)
    script = recipe / "local/data.sh"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\nfor name in data/*/text; do sed -i 's/ .*/ i o/' $name; done\n")
    script.chmod(0o755)
    assert run(1) == set()
    assert text.read_text() == edited
    assert run(1, corpus="none") == {"local"}
    assert set(texts(recipe, "data/test")) == {"i o"}
    assert (recipe / "data/test/text.edited").read_text() == edited
    # Of the script's set, too.
    by_hand = text.read_text().replace("i o", "e e")
    text.write_text(by_hand)
    assert run(1, corpus="none") == set()
    assert run(1) == {"train", "dev", "test"}
    assert (recipe / "data/test/text.edited2").read_text() == by_hand
    assert len(list(recipe.glob("data/*/*.edited*"))) == 2


@pytest.mark.parametrize("own", ["train, dev and test"], indirect=True)
@pytest.mark.parametrize("clears", ["", "rm -rf data"])
def test_sets_by_hand_are_kept_when_a_script_first_makes_them(
    clears: str, own: Path, run: Run, tmp_path: Path
) -> None:
    recipe = tmp_path / "my recipe"
    run(1)
    shutil.rmtree(recipe / "data/.steps")
    shutil.copytree(recipe / "data", recipe / "made")
    text = recipe / "data/test/text"
    by_hand = text.read_text().replace("a b", "u u")
    text.write_text(by_hand)
    script = recipe / "local/data.sh"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\n{clears}\nmkdir -p data\ncp -r made/* data\n")
    script.chmod(0o755)
    assert "local" in run(1, corpus="none")
    assert (recipe / "data/test/text.edited").read_text() == by_hand
    assert len(list(recipe.glob("data/*/*.edited*"))) == 1
