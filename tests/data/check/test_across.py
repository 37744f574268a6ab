"""What is in two sets."""

from collections.abc import Callable
from pathlib import Path

import soundfile

from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check

Find = Callable[..., list[tuple[str, str]]]
Make = Callable[..., Path]


def test_sets_that_share_nothing(make: Make, find: Find) -> None:
    assert find(make(), make("dev", ("eva",), seed=10), make("test", ("zoe",), seed=20)) == []


def test_the_same_samples_in_another_file(make: Make) -> None:
    train, dev, test = make(), make("dev", ("eva",), seed=10), make("test", ("zoe",), seed=20)
    samples, rate = soundfile.read(train / "wav" / "ana-2.wav", dtype="int16")
    soundfile.write(test / "wav" / "zoe-1.flac", samples, rate, subtype="PCM_16")
    lines = (test / "wav.scp").read_text().replace("zoe-1.wav", "zoe-1.flac")
    (test / "wav.scp").write_text(lines)
    (fault,) = check([train, dev, test], Limits(), levels({})).faults
    assert (fault.kind, fault.folder, fault.utterance) == ("same-audio", str(train), "ana-2")
    assert fault.file == str(train / "wav" / "ana-2.wav")
    assert fault.found == f"that of zoe-1 in {test}"


def test_the_same_sentence(make: Make, find: Find) -> None:
    train, test = make(), make("test", ("zoe",), seed=20)
    (test / "text").write_text("zoe-1 o l a   tt\nzoe-2 o\n")
    assert find(train, test) == [("same-sentence", "ana-2")]


def test_the_same_speaker_is_said_once(make: Make, find: Find) -> None:
    assert find(make(), make("test", ("ana",), seed=20)) == [("same-speaker", "ana")]


def test_an_empty_text_is_no_sentence(make: Make, find: Find) -> None:
    train, test = make(), make("test", ("zoe",), seed=20)
    for data in (train, test):
        lines = (data / "text").read_text().splitlines()
        (data / "text").write_text("\n".join([lines[0].split()[0], *lines[1:]]) + "\n")
    assert find(train, test) == [("empty-text", "zoe-1"), ("empty-text", "ana-1")]
