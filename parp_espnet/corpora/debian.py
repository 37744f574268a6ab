"""Packages of the Debian distribution as a source of data: downloaded once, checked, read without
being installed.
"""

import hashlib
import io
import lzma
import tarfile
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from parp_espnet import progress
from parp_espnet.errors import UserError, describe
from parp_espnet.files import atomic_write

MIRRORS = ("http://deb.debian.org/debian", "http://archive.debian.org/debian")


@dataclass(frozen=True)
class Package:
    """A Debian package."""

    path: str
    """Below a mirror of Debian."""
    sha256: str
    licence: str

    @property
    def name(self) -> str:
        """The package's name, which tells versions apart."""
        return self.path.rsplit("/", 1)[1].removesuffix("_all.deb")


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
                    raise UserError(
                        f"{mirror}/{package.path}: not the file that was expected (its SHA-256 "
                        f"differs)"
                    )
            return path
        except (OSError, UserError) as error:
            failures.append(f"{mirror}: {error}")
    raise UserError(
        f"{package.name}: cannot be downloaded ({'; '.join(failures)}); "
        f"put the file {package.path.rsplit('/', 1)[1]} at {path}"
    )


def files_of(deb: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of every file in a package.

    Raises `UserError` when `deb` is no Debian package.
    """
    try:
        with (
            deb.open("rb") as file,
            closing(tarfile.open(fileobj=_data(file, deb), mode="r|*")) as archive,
        ):
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content:
                    yield member.name, content.read()
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise UserError(
            f"{deb}: damaged or cut off ({describe(error)}); remove it to download it again"
        ) from None


def _data(file: BinaryIO, deb: Path) -> BinaryIO:
    """The archive in a package that holds its files; a package is an `ar` of three members."""
    if file.read(8) == b"!<arch>\n":
        while len(header := file.read(60)) == 60:
            name, size = header[:16].decode().strip(), int(header[48:58])
            if name.startswith("data.tar"):
                return io.BytesIO(file.read(size))
            file.seek(size + size % 2, io.SEEK_CUR)
    raise UserError(f"{deb}: expected a Debian package; remove it to download it again")


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
