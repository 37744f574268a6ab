"""Speech out of Debian packages that are made here: what is found in them, how it is decoded, what goes wrong."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from parp_espnet.corpora import debian
from parp_espnet.corpora.debian import PACKAGES, Package, fetch, recordings
from parp_espnet.errors import UserError

MakeDeb = Callable[[Path, dict[str, bytes]], Package]


def tone(rate: int) -> NDArray[np.float32]:
    """A second of 440 Hz."""
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)


def coded(rate: int, **form: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(rate), rate, **form)
    return file.getvalue()


def g722() -> bytes:
    file = io.BytesIO()
    samples = (32767 * tone(16000)).astype(np.int16)
    with av.open(file, "w", format="g722") as container:
        stream = container.add_stream("g722", rate=16000, layout="mono")
        for start in range(0, len(samples), 320):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 320], format="s16", layout="mono")
            frame.sample_rate = 16000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setattr(debian, "MIRRORS", ((tmp_path / "empty").as_uri(), folder.as_uri()))
    return folder


def test_every_coding_becomes_16_khz_of_the_same_level(mirror: Path, tmp_path: Path, make_deb: MakeDeb) -> None:
    files = {
        "fr.ogg": coded(44100, format="OGG", subtype="VORBIS"),
        "es.g722": g722(),
        "it.wav": coded(8000, format="WAV"),
    }
    package = make_deb(mirror, files | {"readme.txt": b"no speech", "ru.wav": b"damaged"})
    found = list(recordings(package, fetch(package, tmp_path / "downloads"), jobs=2))
    assert [one.language for one in found] == ["fr", "es", "it"]
    for one in found:
        assert abs(len(one.samples) - 16000) < 400
        assert np.abs(one.samples).max() == pytest.approx(0.7 * 32767, abs=1)
        strongest = np.abs(np.fft.rfft(one.samples)).argmax() * 16000 / len(one.samples)
        assert strongest == pytest.approx(440, abs=2)


def test_a_package_is_downloaded_once_and_again_when_it_is_damaged(
    mirror: Path, tmp_path: Path, make_deb: MakeDeb
) -> None:
    package = make_deb(mirror, {"fr.wav": coded(8000, format="WAV")})
    path = fetch(package, tmp_path)
    assert path == tmp_path / "words_1.0.deb"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert fetch(package, tmp_path).read_bytes() == whole
    (mirror / package.path).unlink()
    assert fetch(package, tmp_path).read_bytes() == whole


def test_what_is_not_the_package_is_refused(mirror: Path, tmp_path: Path, make_deb: MakeDeb) -> None:
    package = make_deb(mirror, {})
    with pytest.raises(UserError, match=r"SHA-256 differs\)\); put the file words_1.0_all.deb at .*words_1.0.deb"):
        fetch(replace(package, sha256="0" * 64), tmp_path / "downloads")
    assert list((tmp_path / "downloads").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"!<arch>\n", b"PK\3\4 something else"])
def test_what_is_no_package(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.deb").write_bytes(content)
    with pytest.raises(UserError, match="expected a Debian package"):
        list(recordings(PACKAGES[0], tmp_path / "bad.deb", jobs=1))


@pytest.mark.parametrize(
    ("number", "member", "language"),
    [
        (0, "./usr/share/asterisk/sounds/en_US_f_Allison/vm-intro.g722", "en"),
        (0, "./usr/share/asterisk/sounds/en_US_f_Allison/beep.g722", None),
        (0, "./usr/share/asterisk/sounds/en_US_f_Allison/silence/3.g722", None),
        (0, "./usr/share/asterisk/sounds/en_US_f_Allison/tt-monkeys.g722", None),
        (6, "./usr/share/festival/voices/russian/msu_ru_nsk_clunits/wav/ru_0001.wav", "ru"),
        (7, "./usr/share/tuxpaint/stamps/food/fruit/lemon_desc_da.ogg", "da"),
        (7, "./usr/share/tuxpaint/stamps/food/fruit/lemon_desc.ogg", "en"),
        (7, "./usr/share/tuxpaint/stamps/animals/dog.ogg", None),
        (8, "./usr/share/klettres/pt_BR/alpha/a-0.ogg", "pt"),
        (8, "./usr/share/klettres/tn/syllab/ba.ogg", "tn"),
    ],
)
def test_which_files_are_speech_and_in_which_language(number: int, member: str, language: str | None) -> None:
    assert PACKAGES[number].language_of(member) == language


def test_packages_have_different_names() -> None:
    assert len({package.name for package in PACKAGES}) == len(PACKAGES) == 9
