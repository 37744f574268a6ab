"""Human speech with its text, out of Debian's packages: volunteers' readings of short sentences.

No corpus of human speech can be had from a package registry, but two free programs brought along
more than four hours:
Tux Paint, whose pictures are described in a dozen languages by volunteers with the microphones that
they had, and the recordings that the Russian voice of the Festival synthesiser is cut from.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.corpora.debian import Package, fetch, files_of
from parp_espnet.corpora.speech import SAMPLE_RATE
from parp_espnet.sound.channels import mono
from parp_espnet.sound.errors import SoundError
from parp_espnet.sound.reader import open_bytes

LOUDEST = 0.7
"""Peak of every reading, of full scale: the volunteers' levels differ much."""
QUIET = 30.0
"""dB below the loudest moment: what is quieter at the ends is cut off."""
Files = Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class Reading:
    """One sentence, read: `samples` (n,) at 16 kHz."""

    language: str
    text: str
    samples: NDArray[np.int16]


def tux_paint(files: Files) -> Iterator[tuple[str, str, bytes]]:
    """Yield language, text, recording: `x_desc_fr.ogg` is line `fr.utf8=…` of `x.txt`, `x_desc.ogg`
    its first line.
    """
    for name, recording in files.items():
        found = re.fullmatch(r"(.+)_desc(?:_([a-z]{2}))?\.ogg", name)
        description = files.get(f"{found[1]}.txt") if found else None
        if not found or description is None:
            continue
        first, *others = description.decode("utf-8", "replace").splitlines() or [""]
        texts = {"en": first} | dict(line.split(".utf8=", 1) for line in others if ".utf8=" in line)
        language = found[2] or "en"
        if texts.get(language, "").strip():
            yield language, texts[language].strip(), recording


def festvox_ru(files: Files) -> Iterator[tuple[str, str, bytes]]:
    """Yield language, text and recording, from the list `( ru_0001 "…" )` beside them; a + before a
    vowel is stress.
    """
    (listed,) = [name for name in files if name.endswith("etc/txt.done.data")]
    folder = listed.removesuffix("etc/txt.done.data")
    for name, text in re.findall(r'\( (\S+) "(.*?)" \)', files[listed].decode()):
        yield "ru", text.replace("+", ""), files[f"{folder}wav/{name}.wav"]


@dataclass(frozen=True)
class Source:
    """A package with readings in it, and who finds them there."""

    package: Package
    find: Callable[[Files], Iterator[tuple[str, str, bytes]]]


SOURCES = (
    Source(
        Package(
            "pool/main/t/tuxpaint-stamps/tuxpaint-stamps-default_2022.06.04-1_all.deb",
            "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34", "GPL-2",
        ),
        tux_paint,
    ),
    Source(
        Package(
            "pool/main/f/festvox-ru/festvox-ru_0.5+dfsg-6_all.deb",
            "21ef3f0f2978ecf2e2eddb367cb0ff4a72572196d28dc69feb84f4177af5e6c4", "BSD-like",
        ),
        festvox_ru,
    ),
)  # fmt: skip


def read(source: Source, downloads: Path, jobs: int) -> Iterator[Reading]:
    """Yield the readings of a source, in a fixed order; a recording that cannot be decoded is left
    out.

    Raises `UserError` when its package cannot be had.
    """

    def decode(found: tuple[str, str, bytes]) -> Reading:
        language, text, recording = found
        return Reading(language, text, _samples(recording))

    wanted = (".ogg", ".wav", ".txt", ".data")
    files = {
        name: content
        for name, content in files_of(fetch(source.package, downloads))
        if name.endswith(wanted)
    }
    found = list(source.find(files))
    with ThreadPoolExecutor(jobs) as threads:
        made = progress.track(threads.map(decode, found), source.package.name, "utt", len(found))
        yield from (one for one in made if one.samples.size)


def _samples(recording: bytes) -> NDArray[np.int16]:
    try:
        with open_bytes(recording) as sound:
            rate, samples = sound.rate, mono(sound.read())
    except SoundError:
        return np.zeros(0, np.int16)
    resampled = soxr.resample(samples, rate, SAMPLE_RATE)
    # Imported here: it takes seconds.
    import librosa  # noqa: PLC0415

    resampled, _ = librosa.effects.trim(resampled, top_db=QUIET, frame_length=512, hop_length=128)
    loudest = np.abs(resampled).max(initial=1e-6)
    return np.asarray(np.rint(resampled * (LOUDEST * 32767 / loudest)), np.int16)
