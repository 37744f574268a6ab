"""Errors of begins, and a data directory that they are measured on."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.aligning.measured import (
    Errors,
    Known,
    draw_borders,
    measure_borders,
    measure_confidence,
    read_known,
)
from parp_espnet.corpora.speech import SAMPLE_RATE, speak
from parp_espnet.corpora.times import say_again
from parp_espnet.errors import UserError
from parp_espnet.recognition.audio import Source
from parp_espnet.recognition.hearing import Hearing
from tests.aligning.test_align import Undecided


def test_what_is_told_of_errors(tmp_path: Path):
    errors = Errors(np.array([0.01, -0.01, 0.03, 0.0, 0.01]))
    told = errors.summary()
    assert told["median_ms"] == 10
    assert told["bias_ms"] == 10
    assert told["within_20_ms"] == 0.8
    draw_borders({"ours": errors}, tmp_path / "borders.png")
    assert (tmp_path / "borders.png").read_bytes().startswith(b"\x89PNG")


def test_recordings_are_found_beside_their_list(tones: Path, tmp_path: Path):
    known = read_known(tones)
    assert len(known.sources) == 8
    folder = tmp_path / "recipe/dump/raw/test"
    folder.mkdir(parents=True)
    (tmp_path / "recipe/a.wav").write_bytes((tones / "tone-0.wav").read_bytes())
    (folder / "text").write_text("a t\nb t\n")
    (folder / "wav.scp").write_text("a a.wav\n")
    (source,) = read_known(folder).sources
    assert source.path == tmp_path / "recipe/a.wav"
    for listed, said in (
        ("a gone.wav\n", "gone.wav: no such file"),
        ("a sox a.wav - |\n", "expected files, found a command"),
        ("c a.wav\n", "expected recordings with texts, found none"),
    ):
        (folder / "wav.scp").write_text(listed)
        with pytest.raises(UserError, match=said):
            read_known(folder)
    # A whole recording, called as the part of it that has the text.
    (folder / "wav.scp").write_text("a a.wav\n")
    (folder / "segments").write_text("a a 0.1 0.2\n")
    with pytest.raises(UserError, match="expected a recording for each utterance, found parts"):
        read_known(folder)


def test_a_model_that_hears_nothing(tones: Path) -> None:
    known = read_known(tones)
    with pytest.raises(UserError, match="expected phones to be recognised in 8 recordings, found"):
        measure_confidence(Hearing(Undecided("a")), known, None)


def test_begins_of_which_none_is_known(tmp_path: Path) -> None:
    corpus = speak("es", "test", seed=0, number=2)
    again = say_again([spoken.id for spoken in corpus])
    silent = next(spoken for spoken in corpus if not any(again[spoken.id].begins))
    soundfile.write(tmp_path / "said.wav", silent.samples, SAMPLE_RATE)
    source = Source(tmp_path / "said.wav", Path(silent.id))
    known = Known((source,), {silent.id: silent.phones})
    hearing = Hearing(Undecided(*sorted(set(silent.phones))))
    with pytest.raises(UserError, match="true begins are known in 1 utterances, found none"):
        measure_borders(hearing, known, lambda _, phones: [0.0] * len(phones))
