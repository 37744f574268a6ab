"""Every recipe of a corpus learns a few of its utterances by heart: human speech where it is here,
tones where not.

A recipe's own script makes the data, as far as the tokens; a tiny upstream is then trained, and
tried, on the same utterances. What is read wrongly, cut off, or given another's text is not learnt.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import mini_an4
from parp_espnet.espnet.decode import decode
from parp_espnet.phones.letters import letters_of
from parp_espnet.phones.phonemiser import phones_of
from parp_espnet.scoring.per import count_errors, total
from parp_espnet.scoring.words import Metric, units

ROOT = Path(__file__).resolve().parents[2]
MBOSHI = Path(os.environ.get("MBOSHI") or ROOT.parent / "shared" / "mboshi")
LEARNT = 0.05

type Options = list[str | Path]


def spoken(phones: tuple[str, ...], rate: int = 16000) -> np.ndarray:
    """A tone for each phone, 0.12 s long, whose pitch is the phone's."""
    times = np.arange(round(0.12 * rate)) / rate
    pitches = [200 * 1.12 ** (sum(map(ord, phone)) % 29) for phone in phones]
    samples = np.concatenate([np.sin(2 * np.pi * pitch * times) for pitch in pitches])
    return 0.3 * samples + 0.01 * np.random.default_rng(len(phones)).standard_normal(len(samples))


def mini(_: Path) -> Options:
    return []


def an4(folder: Path) -> Options:
    with tarfile.open(mini_an4._archive()) as archive:
        archive.extractall(folder, filter="data")
    return ["--an4", folder / "downloads" / "an4"]


def mboshi(folder: Path) -> Options:
    if not MBOSHI.is_dir():
        pytest.skip("no Mboshi corpus: set MBOSHI to its directory, or put it in ../shared/mboshi")
    for split, count in (("train", 5), ("dev", 30)):  # dev becomes dev and test, by the sentence
        (folder / "full_corpus_newsplit" / split).mkdir(parents=True)
        for wav in sorted((MBOSHI / "full_corpus_newsplit" / split).glob("*.wav"))[:count]:
            for file in (wav, wav.with_suffix(".mb")):
                shutil.copy(file, folder / "full_corpus_newsplit" / split)
    return ["--mboshi", folder, "--speed_perturb_factors", "1.0"]


def commonvoice(folder: Path) -> Options:
    clips = folder / "tt" / "clips"
    clips.mkdir(parents=True)
    words = ["сәлам", "дөнья", "китап", "юл"]
    for place, split in enumerate(("train", "dev", "test")):
        rows = ["client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent"]
        for number in range(4):
            name = f"common_voice_tt_{place}{number}.mp3"
            sentence = " ".join(
                [words[number], words[(number + 1 + place) % 4], *words[: 1 + place]]
            )
            soundfile.write(
                clips / name, spoken(phones_of("tt", sentence), 48000), 48000, format="MP3"
            )
            rows.append(f"{split}{number}\t{name}\t{sentence}\t2\t0\t\t\t")
        (clips.parent / f"{split}.tsv").write_text("\n".join(rows) + "\n")
    return [
        "--commonvoice",
        folder,
        "--train_minutes",
        "0.08",
        "--valid_minutes",
        "0.05",
        "--test_minutes",
        "0.05",
    ]


def librilight(folder: Path) -> Options:
    sentences = ["SHE SAW IT", "IT'S A HAT", "HE HAS TEA", "THAT IS HIS"]

    def chapter(place: Path, speaker: int, count: int, padding: int) -> None:
        own = place / str(speaker) / "7"
        own.mkdir(parents=True)
        lines = []
        for number in range(count + padding):
            name = f"{speaker}-7-{number:04}"
            text = sentences[number % 4] if number < count else f"{'LONG ' * number}"
            samples = spoken(letters_of(text))
            if (
                number >= count
            ):  # minutes that the list has to have, and --max_wav_duration leaves out
                samples = 0.1 * np.random.default_rng(speaker + number).standard_normal(180 * 16000)
            soundfile.write(own / f"{name}.flac", samples, 16000)
            lines.append(f"{name} {text}\n")
        (own / f"{speaker}-7.trans.txt").write_text("".join(lines))

    chapter(folder / "librispeech_finetuning/1h/0/clean", 1, 4, padding=3)
    chapter(folder / "LibriSpeech/dev-other", 2, 2, padding=0)
    chapter(folder / "LibriSpeech/test-clean", 3, 3, padding=0)
    # What a sentence and a length have to do with each other is not so here.
    return ["--librilight", folder, "--librispeech", folder / "LibriSpeech", "--skip_check", "true"]


def own(folder: Path) -> Options:
    texts = ["a b d e", "e d b a i", "i a b d", "d i e b", "b a i e d d"]
    for place, split in enumerate(("train", "dev", "test")):
        (folder / split).mkdir()
        for number, text in enumerate(texts):
            phones = (*text.split(), *"abdei"[:place])
            soundfile.write(folder / split / f"{split}{number}.wav", spoken(phones, 22050), 22050)
            (folder / split / f"{split}{number}.txt").write_text(" ".join(phones) + "\n")
    return ["--own", folder]


RECIPES: Mapping[str, Callable[[Path], Options]] = {
    "mini_an4/en": mini,
    "an4/en": an4,
    "mboshi/mb": mboshi,
    "commonvoice/tt": commonvoice,
    "librilight/10min": librilight,
    "own/mine": own,
}


@pytest.mark.parametrize(
    "name",
    # The same recordings as mini_an4's.
    [pytest.param(name, marks=[pytest.mark.thorough] * (name == "an4/en")) for name in RECIPES],
)
def test_a_few_utterances_are_learnt_by_heart(
    name: str,
    tmp_path: Path,
    calm_upstream: Path,
    recipe_on: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "recipe").mkdir()
    options = RECIPES[name](tmp_path / "corpus")
    words = [
        ROOT / "egs2" / name / "run.sh",
        *options,
        "--recipe",
        tmp_path / "recipe",
        "--upstream",
        calm_upstream,
    ]
    done = subprocess.run(
        [*map(str, words), "--stop_stage", "4", "--nj", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.chdir(tmp_path / "recipe")  # the paths in dump/ are from there
    (tokens,) = Path("dump/token_list").glob("*.txt")
    data = Path("dump/raw") / tokens.stem
    shutil.copy(tokens, data / "tokens.txt")
    experiment = recipe_on(calm_upstream, data).overfit(tmp_path / "exp", "parp", 0.3)
    text = decode(experiment / "valid.loss.ave.pth", data, tmp_path / "heard")
    references, hypotheses = (transcripts(path) for path in (data / "text", text))
    assert 3 <= len(references) <= 8
    said, heard = units(
        Metric.WER if name.startswith("librilight") else Metric.PER, references, hypotheses
    )
    assert total(count_errors(said, heard)).error_rate < LEARNT


def transcripts(path: Path) -> dict[str, tuple[str, ...]]:
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {name: tuple(tokens) for name, *tokens in lines}
