"""Readings in packages laid out like Debian's: which text belongs to which recording, and how that
is decoded.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parp_espnet.corpora import debian
from parp_espnet.corpora.debian import Package
from parp_espnet.corpora.readings import LOUDEST, SOURCES, Source, festvox_ru, read, tux_paint

FILES = {
    "stamps/lemon.txt": "A yellow lemon.\nfr.utf8=Un citron jaune.\npt_BR.utf8=Um "
    "limão.\nel.utf8=\n".encode(),
    "stamps/lemon_desc.ogg": b"en",
    "stamps/lemon_desc_fr.ogg": b"fr",
    "stamps/lemon_desc_el.ogg": b"without a text",
    "stamps/lemon_desc_de.ogg": b"without a line",
    "stamps/lemon.ogg": b"the sound of a lemon",
    "stamps/pear_desc_fr.ogg": b"without a description",
}


def tone(rate: int, silence: float = 0.0) -> np.ndarray:
    samples = 0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    return np.concatenate([np.zeros(int(silence * rate)), samples])


def coded(rate: int, samples: np.ndarray, **form: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **form)
    return file.getvalue()


def test_the_descriptions_of_pictures() -> None:
    assert list(tux_paint(FILES)) == [
        ("en", "A yellow lemon.", b"en"),
        ("fr", "Un citron jaune.", b"fr"),
    ]


def test_the_recordings_of_a_voice() -> None:
    listed = '( ru_0001 "Прядь вол+ос." )\n( ru_0002 "Да." )\n'.encode()
    files = {"x/etc/txt.done.data": listed, "x/wav/ru_0001.wav": b"1", "x/wav/ru_0002.wav": b"2"}
    assert list(festvox_ru(files)) == [("ru", "Прядь волос.", b"1"), ("ru", "Да.", b"2")]


def test_every_coding_becomes_16_khz_of_the_same_level_without_silence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_deb: Callable[[Path, dict[str, bytes]], Package],
) -> None:
    monkeypatch.setattr(debian, "MIRRORS", (tmp_path.as_uri(),))
    stereo = np.stack([tone(44100), tone(44100)], axis=1)
    files = FILES | {
        "stamps/lemon_desc.ogg": coded(44100, stereo, format="OGG", subtype="VORBIS"),
        "stamps/lemon_desc_fr.ogg": coded(8000, tone(8000, silence=1.0), format="WAV"),
    }
    package = make_deb(tmp_path, files)
    found = list(read(Source(package, tux_paint), tmp_path / "downloads", jobs=2))
    assert [(one.language, one.text) for one in found] == [
        ("en", "A yellow lemon."),
        ("fr", "Un citron jaune."),
    ]
    for one in found:
        assert abs(len(one.samples) - 16000) < 800
        assert np.abs(one.samples).max() == pytest.approx(LOUDEST * 32767, abs=1)
        strongest = np.abs(np.fft.rfft(one.samples)).argmax() * 16000 / len(one.samples)
        assert strongest == pytest.approx(440, abs=2)


def test_what_cannot_be_decoded_is_left_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_deb: Callable[[Path, dict[str, bytes]], Package],
) -> None:
    monkeypatch.setattr(debian, "MIRRORS", (tmp_path.as_uri(),))
    package = make_deb(tmp_path, FILES)
    assert list(read(Source(package, tux_paint), tmp_path / "downloads", jobs=1)) == []


def test_packages_have_different_names() -> None:
    assert len({source.package.name for source in SOURCES}) == len(SOURCES)
