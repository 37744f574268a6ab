"""Recordings of any length become transcripts; a long one in windows is what it is as a whole."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.recognition import recognise as module
from parp_espnet.recognition.audio import Failure, find
from parp_espnet.recognition.pieces import Windows
from parp_espnet.recognition.recognise import recognise
from parp_espnet.recognition.transcripts import Transcript


@pytest.fixture(scope="module")
def recogniser(learned: Path) -> Recogniser:
    return Recogniser(learned / "valid.loss.ave.pth")


@pytest.fixture(scope="module")
def long(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All utterances one after the other, five times: half a minute."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    parts = [soundfile.read(file)[0] for file in sorted(tones.glob("*.wav"))]
    soundfile.write(path, np.concatenate(parts * 5), 16000)
    return path


def hear(recogniser: Recogniser, path: Path, **options) -> Transcript:
    (found,) = recognise(recogniser, find([path]), **options)
    assert not isinstance(found, Failure), found
    return found[1]


@pytest.mark.parametrize("longest", [4.0, 6.5, 11.0])
def test_in_windows_and_as_a_whole(recogniser: Recogniser, long: Path, longest: float):
    whole = hear(recogniser, long)
    heard = 0.0

    def done(seconds: float) -> None:
        nonlocal heard
        heard += seconds

    parted = hear(recogniser, long, windows=Windows(longest, 1.5), done=done)
    assert len(whole.phones) > 100
    assert [phone.name for phone in parted.phones] == [phone.name for phone in whole.phones]
    apart = [
        abs(one.begin - other.begin) for one, other in zip(whole.phones, parted.phones, strict=True)
    ]
    assert max(apart) <= 0.0401
    assert np.mean(np.array(apart) < 0.001) > 0.9
    assert parted.seconds == whole.seconds == pytest.approx(heard)


def test_rates_and_channels_make_no_difference(recogniser: Recogniser, tones: Path, tmp_path: Path):
    samples = soundfile.read(tones / "tone-3.wav")[0]
    expected = [phone.name for phone in hear(recogniser, tones / "tone-3.wav").phones]
    assert len(expected) >= 2
    doubled = np.fft.irfft(np.fft.rfft(samples), 2 * len(samples)) * 2
    soundfile.write(tmp_path / "a.flac", np.stack([doubled, doubled], 1), 32000)
    soundfile.write(tmp_path / "a.ogg", samples, 16000)
    soundfile.write(tmp_path / "a.mp3", samples, 16000)
    for name in ("a.flac", "a.ogg", "a.mp3"):
        assert [phone.name for phone in hear(recogniser, tmp_path / name).phones] == expected


def test_in_their_order_and_past_what_fails(
    recogniser: Recogniser, tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "AHEAD", 2.0)
    (tmp_path / "bad.wav").write_text("words")
    inputs = [
        tones / "tone-2.wav",
        tmp_path / "bad.wav",
        tones,
        tmp_path / "gone.wav",
        tones / "tone-0.wav",
    ]
    found = list(recognise(recogniser, find(inputs), batch_seconds=1.0))
    named = [str(one.path) if isinstance(one, Failure) else one[1].name for one in found]
    below = [str(tones / f"tone-{number}.wav") for number in range(8)]
    assert named == [str(inputs[0]), str(inputs[1]), *below, str(inputs[3]), str(inputs[4])]
    bad, gone = [str(one) for one in found if isinstance(one, Failure)]
    # What follows depends on whether there is an ffmpeg.
    assert bad.startswith(f"{tmp_path}/bad.wav: expected what libsndfile ")
    assert gone == f"{tmp_path}/gone.wav: expected a file, found none"


def test_a_model_of_letters_gives_words(
    recogniser: Recogniser, tones: Path, monkeypatch: pytest.MonkeyPatch
):
    """The same model, one of whose phones is now the space between words."""
    phones = hear(recogniser, tones / "tone-3.wav").phones
    space = phones[1].name
    tokens = tuple("<space>" if token == space else token for token in recogniser.tokens)
    monkeypatch.setattr(recogniser, "tokens", tokens)
    heard = hear(recogniser, tones / "tone-3.wav")
    assert heard.spelled
    assert heard.unit == "word"
    assert [letter.begin for letter in heard.phones] == [phone.begin for phone in phones]
    words = "".join(phone.name for phone in phones).replace(space, " ").split()
    assert [word.name for word in heard.parts] == words
