"""Human speech that Debian distributes: telephone prompts, words of children's programs, a synthesiser's recordings.

No corpus of human speech can be downloaded from a package registry, but Debian's packages hold eight hours of it, in 26
languages, without transcripts that fit. It was read by professionals (the Asterisk prompts) and by volunteers with the
microphones that they had (the rest), and it is free: the licences stand in `PACKAGES`.
"""

import hashlib
import io
import re
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write

RATE = 16000
MIRRORS = ("http://deb.debian.org/debian", "http://archive.debian.org/debian")
NO_SPEECH = re.compile(r"/(silence|tt-|.*(beep|tone|glorious))")
"""Asterisk's silences, signals, screaming monkeys and hymn."""


@dataclass(frozen=True)
class Package:
    """A Debian package with speech in it."""

    path: str
    """Below a mirror of Debian."""
    sha256: str
    speech: str
    """Regular expression of the paths of speech in it; a group, where there is one, is the language."""
    language: str
    """Language of what has no group, or whose group is empty."""
    licence: str

    @property
    def name(self) -> str:
        """The package's name, which tells versions apart."""
        return self.path.rsplit("/", 1)[1].removesuffix("_all.deb")

    def language_of(self, member: str) -> str | None:
        """The language that is spoken in a file, None if it is no speech."""
        found = re.search(self.speech, member)
        if found is None or NO_SPEECH.search(member):
            return None
        return (found.groupdict().get("language") or self.language).split("_")[0]


def _asterisk(language: str, sha256: str, licence: str) -> Package:
    path = f"pool/main/a/asterisk-core-sounds/asterisk-core-sounds-{language}-g722_1.6.1-1_all.deb"
    return Package(path, sha256, r"\.g722$", language, licence)


PACKAGES = (
    _asterisk("en", "38c5261820b406dcb0ecb37675720da2b0864850690690352ca52707eb623806", "CC-BY-SA-3.0"),
    _asterisk("es", "e4e3b4281057d3b81b779298fd6be705f57411513955c518eed1bcaabbd615b8", "CC-BY-SA-3.0"),
    _asterisk("fr", "7add61d5e42279ecff1bbdf842a5a946ac3644fac9a0fe44384731aa7270c8e0", "CC-BY-SA-3.0"),
    _asterisk("it", "46b4cf7afc508a5fcfc051b7ea233251c0d195dd4ef83cc4b7facb4c6429b016", "CC-BY-SA-3.0"),
    _asterisk("ru", "673b4238a6b8269960f055d868c6a11083f7a0d00979167cb01554046b48ed9b", "CC-BY-3.0"),
    Package(
        "pool/main/a/asterisk-prompt-it/asterisk-prompt-it-menardi-wav_1.4.22+mm20110907-3.1_all.deb",
        "3094530d98f8758ac275572d59624c41f60969fef883f34f4886d144f3dfeb21", r"\.wav$", "it", "CC-BY-SA-3.0",
    ),
    Package(
        "pool/main/f/festvox-ru/festvox-ru_0.5+dfsg-6_all.deb",
        "21ef3f0f2978ecf2e2eddb367cb0ff4a72572196d28dc69feb84f4177af5e6c4", r"/wav/.*\.wav$", "ru", "BSD-like",
    ),
    Package(
        "pool/main/t/tuxpaint-stamps/tuxpaint-stamps-default_2022.06.04-1_all.deb",
        "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34", r"_desc(_(?P<language>\w+))?\.ogg$", "en",
        "GPL-2",
    ),
    Package(
        "pool/main/k/klettres/klettres-data_22.12.3-1_all.deb",
        "1186d257a19e84230856baea0b0b1ded8be9195080fcdb2588970b5cd937f5a8",
        r"/klettres/(?P<language>\w+)/.*\.ogg$", "en", "GPL-2+",
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Recording:
    """One file: `samples` (n,) at 16 kHz."""

    language: str
    samples: NDArray[np.int16]


def fetch(package: Package, folder: Path) -> Path:
    """Download a package into `folder`, unless it is there; return its path.

    Raises `UserError` when no mirror has it, or has something else by that name.
    """
    path = folder / f"{package.name}.deb"
    if path.is_file() and _digest(path) == package.sha256:
        return path
    failures = []
    for mirror in MIRRORS:
        try:
            with atomic_write(path) as temporary:
                _download(f"{mirror}/{package.path}", temporary, package.name)
                if _digest(temporary) != package.sha256:
                    raise UserError(f"{mirror}/{package.path}: not the file that was expected (its SHA-256 differs)")
            return path
        except (OSError, UserError) as error:
            failures.append(f"{mirror}: {error}")
    raise UserError(
        f"{package.name}: cannot be downloaded ({'; '.join(failures)}); "
        f"put the file {package.path.rsplit('/', 1)[1]} at {path}"
    )


def _download(address: str, path: Path, label: str) -> None:
    with urllib.request.urlopen(address, timeout=60) as answer, path.open("wb") as file:
        size = int(answer.headers.get("Content-Length") or 0) or None
        with progress.bar(size, label, unit="B") as shown:
            while block := answer.read(1 << 20):
                file.write(block)
                shown.update(len(block))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recordings(package: Package, deb: Path, jobs: int) -> Iterator[Recording]:
    """Yield what is spoken in a package, in the order of its files.

    Raises `UserError` when `deb` is no Debian package.
    """

    def decode(found: tuple[str, str, bytes]) -> Recording:
        language, name, content = found
        samples, rate = _g722(content) if name.endswith(".g722") else _libsndfile(content)
        return Recording(language, _as_wanted(samples, rate))

    # A tenth of a second of silence, and a file cut off while it was recorded, decode to nothing.
    files = list(_speech(package, deb))
    with ThreadPoolExecutor(jobs) as threads:
        made = progress.track(threads.map(decode, files), package.name, "file", len(files))
        yield from (one for one in made if one.samples.size)


def _speech(package: Package, deb: Path) -> Iterator[tuple[str, str, bytes]]:
    with deb.open("rb") as file, closing(tarfile.open(fileobj=_data(file, deb), mode="r|*")) as archive:
        for member in archive:
            language = package.language_of(member.name) if member.isfile() else None
            content = archive.extractfile(member) if language else None
            if language and content:
                yield language, member.name, content.read()


def _data(file: BinaryIO, deb: Path) -> BinaryIO:
    """The archive in a package that holds its files; a package is an `ar` of three members."""
    if file.read(8) == b"!<arch>\n":
        while len(header := file.read(60)) == 60:
            name, size = header[:16].decode().strip(), int(header[48:58])
            if name.startswith("data.tar"):
                return io.BytesIO(file.read(size))
            file.seek(size + size % 2, io.SEEK_CUR)
    raise UserError(f"{deb}: expected a Debian package; remove it to download it again")


def _libsndfile(content: bytes) -> tuple[NDArray[np.float32], int]:
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return np.zeros(0, np.float32), RATE
    return samples.mean(axis=1), rate


def _g722(content: bytes) -> tuple[NDArray[np.float32], int]:
    """G.722, the wideband telephone's coding, which libsndfile does not know."""
    with av.open(io.BytesIO(content), "r", format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples = np.concatenate([np.zeros(0), *frames])
    return (samples / 32768).astype(np.float32), RATE


def _as_wanted(samples: NDArray[np.float32], rate: int) -> NDArray[np.int16]:
    """16 kHz, with the loudest sample at 0.7: recordings differ much in level."""
    resampled = soxr.resample(samples, rate, RATE)
    loudest = np.abs(resampled).max(initial=1e-6)
    return np.asarray(np.rint(resampled * (0.7 * 32767 / loudest)), np.int16)
