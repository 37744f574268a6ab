"""Texts whose parts have times: a word ends with its annotation, and tiers with the recording."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.aligning.align import Aligned, align_texts
from parp_espnet.aligning.texts import Text
from parp_espnet.phones.spelled import SPACE
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.hearing import Hearing
from parp_espnet.recognition.listening import Heard, Listener, Samples
from parp_espnet.recognition.transcripts import FORMATS
from parp_espnet.tiers.textgrid import read_textgrid
from parp_espnet.tiers.tier import Annotation


class Undecided(Listener):
    """Every label is as likely as any other, in each frame."""

    grid = Grid()
    batchable = True

    def __init__(self, *tokens: str) -> None:
        self.tokens = ("<blank>", *tokens)

    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        heard = []
        for samples in audio:
            frames = (len(samples) - self.grid.field) // self.grid.stride + 1
            rows = np.full((frames, len(self.tokens)), -np.log(len(self.tokens)), np.float32)
            heard.append(Heard(np.zeros(frames, np.int64), rows))
        return heard


class Anything(Undecided):
    """Any label is likely, in any frame."""

    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        heard = []
        for one in super().listen(audio):
            drawn = np.random.default_rng(0).dirichlet([0.1] * len(self.tokens), len(one.logprobs))
            heard.append(Heard(one.labels, np.log(drawn + 1e-9).astype(np.float32)))
        return heard


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "r.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal(32000)
    soundfile.write(path, noise, 16000)
    return Source(path, Path("r.wav"))


def aligned(source: Source, listener: Listener, *parts: Annotation) -> Aligned:
    text = Text(source, parts, whole=False)
    (made,) = align_texts(Hearing(listener), [text])
    assert isinstance(made, Aligned), made
    return made


@pytest.mark.parametrize("tokens", [("a", "e", SPACE), ("a", "e", "▁a", "▁e")])
def test_a_word_ends_with_its_annotation(source: Source, tokens: tuple[str, ...]) -> None:
    listener = Undecided(*tokens)
    # They touch, and so do a word's last letter and the next one's first.
    made = aligned(source, listener, Annotation(0, 1, "ae e"), Annotation(1, 2, "ea"))
    words = made.transcript.parts
    assert [word.name for word in words] == ["ae", "e", "ea"]
    assert words[1].end <= 1 <= words[2].begin
    assert made.transcript.unit == "word"
    later = made.transcript.later(0.5)
    assert [word.name for word in later.parts] == ["ae", "e", "ea"]
    assert '"text": "ae e ea"' in FORMATS["json"].alone(made.transcript)


def test_phones_are_no_words(source: Source) -> None:
    made = aligned(source, Undecided("a", "e"), Annotation(0, 1, "a e"), Annotation(1, 2, "e"))
    assert made.transcript.words is None
    assert [phone.name for phone in made.transcript.parts] == ["a", "e", "e"]


def test_no_tier_goes_on_behind_the_recording(source: Source, tmp_path: Path) -> None:
    """An annotation may end a little later, since programs round times."""
    made = aligned(source, Undecided("a", "e"), Annotation(0.5, 2.04, "a e"))
    path = tmp_path / "r.TextGrid"
    path.write_text(FORMATS["textgrid"].alone(made.transcript))
    file = read_textgrid(path)
    assert not file.faults
    (utterance,) = next(tier for tier in file.tiers if tier.name == "utterances").annotations
    assert utterance == Annotation(0.5, 2.0, "a e")
    ends = [line for line in path.read_text().splitlines() if "xmax" in line]
    assert max(float(line.partition("=")[2]) for line in ends) == 2.0


@pytest.mark.parametrize("samples", [100, 399, 400, 700, 1000, 1700])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_short_recording_has_all_phones_or_says_so(
    tmp_path: Path, samples: int, count: int
) -> None:
    """A model hears silence that was added behind it, where no phone is said."""
    path = tmp_path / "r.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(samples), 16000)
    said = ["a", "e", "o", "u", "i"]
    source = Source(path, Path("r.wav"))
    text = Text(source, (Annotation(0, 0, " ".join(said[:count])),), whole=True)
    for listener in (Undecided(*said), Anything(*said)):
        (made,) = align_texts(Hearing(listener), [text])
        if isinstance(made, Failure):
            words = f"s for a text of {count} phones, found {samples / 16000:.3f} s"
            assert words in str(made)
            assert samples < 400 + 320 * (count - 1)
            continue
        assert made.transcript is not None
        phones = made.transcript.phones
        assert [phone.name for phone in phones] == said[:count]
        assert all(phone.begin < phone.end <= samples / 16000 + 1e-9 for phone in phones)


def test_phones_of_words_are_tokens_as_they_are(source: Source) -> None:
    listener = Undecided("t", "\u0283", "a")
    text = Text(source, (Annotation(0, 0, "cha"),), whole=True)
    for phones in (("t\u0283", "a"), ("t", "\u0283", "a")):
        (made,) = align_texts(Hearing(listener), [text], phonemise=lambda _, said=phones: said)
        if len(phones) == 3:
            assert isinstance(made, Aligned)
            continue
        assert "the model has no token for t\u0283 (U+0074 U+0283), in 'cha'" in str(made)
