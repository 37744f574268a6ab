"""Where transcripts go: to stdout, into one file, or into a directory with a file for each."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from parp_espnet.errors import UserError
from parp_espnet.files import write_text
from parp_espnet.places import need_place, need_way
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.transcripts import FORMATS, Format, Transcript


class Output(Protocol):
    """Takes transcripts, one after the other, and in the end is closed."""

    def places(self) -> Sequence[Path]:
        """Return the files that may be written."""

    def add(self, source: Source, transcript: Transcript) -> None:
        """Take one."""

    def close(self) -> None:
        """Write what is not yet written."""


class Stream:
    """Each is written as soon as it is there."""

    def __init__(self, write: Callable[[str], None], among: Callable[[Transcript], str]) -> None:
        self._write, self._among = write, among

    def places(self) -> Sequence[Path]:
        """Return none."""
        return ()

    def add(self, source: Source, transcript: Transcript) -> None:
        """Write one."""
        self._write(self._among(transcript))

    def close(self) -> None:
        """Nothing is left to write."""


class OneFile:
    """All go into a file that is either complete or absent."""

    def __init__(self, path: Path, among: Callable[[Transcript], str]) -> None:
        """Raises `UserError` where no file can be put there."""
        # Said now, and not when hours of speech are recognised.
        need_place(path)
        self._path, self._among, self._texts = path, among, list[str]()

    def places(self) -> Sequence[Path]:
        """Return it."""
        return (self._path,)

    def add(self, source: Source, transcript: Transcript) -> None:
        """Keep one."""
        self._texts.append(self._among(transcript))

    def close(self) -> None:
        """Write the file, where there is anything to write: else what was there stays."""
        if self._texts:
            write_text(self._path, "".join(self._texts))


class Folder:
    """Each goes into a file of its own, below a directory as its recording is below that which was
    given.
    """

    def __init__(self, folder: Path, written: Format, sources: Sequence[Source | Failure]) -> None:
        """Raises `UserError` where two recordings would go into one file, or no file can be put
        there.
        """
        # Said now, and not when the first is recognised.
        need_way(folder / "any")
        known = [source for source in sources if isinstance(source, Source)]
        names = Counter(source.name for source in known)
        if twice := [name for name, count in names.items() if count > 1]:
            raise UserError(
                f"--out {folder}: several recordings are called {twice[0]}; give their directory"
            )
        self._folder, self._format = folder, written
        self.may_be_corrected = written.is_of_programs
        """Whether a person may have corrected what is there."""
        self._stems = _stems(names)

    def place(self, source: Source) -> Path:
        """Where a recording's file goes."""
        return self._place(self._stems[source.name])

    def places(self) -> Sequence[Path]:
        """Return where the files of all recordings go."""
        return [self._place(stem) for stem in self._stems.values()]

    def _place(self, stem: Path) -> Path:
        return self._folder / stem.with_name(stem.name + self._format.suffix)

    def is_ours(self, place: Path) -> bool:
        """Whether a file that is there holds nothing but what was written here."""
        return self._format.is_ours(place)

    def add(self, source: Source, transcript: Transcript) -> None:
        """Write its file."""
        write_text(self.place(source), self._format.alone(transcript))

    def close(self) -> None:
        """Nothing is left to write."""


def _stems(names: Iterable[Path]) -> dict[Path, Path]:
    """What the files of recordings are called, each another: as the recording is, without its
    ending where that tells them apart.

    Of a.wav and a.flac they are a.wav.json and a.flac.json; of a.wav.mp3 beside them it is
    a.wav.mp3.json.
    """
    stems = {name: name.with_suffix("") for name in names}
    while True:
        counts = Counter(stems.values())
        alike = [name for name, stem in stems.items() if counts[stem] > 1 and stem != name]
        if not alike:
            return stems
        for name in alike:
            stems[name] = name


def open_output(
    out: Path | None,
    written: Format,
    sources: Sequence[Source | Failure],
    stdout: Callable[[str], None],
) -> Output:
    """Return where transcripts of `sources` go: `out` is a directory, if it is there or has no
    suffix, or a file.

    Raises `UserError` where the format has one recording a file and there are several, or the file
    is called as one of another format.
    """
    if out is not None and (out.is_dir() or (not out.is_file() and out.suffix == "")):
        return Folder(out, written, sources)
    among = written.among
    if out is not None and _is_another(out.suffix.lower(), written):
        raise UserError(
            f"--out {out}: expected a file's name that ends with {written.suffix}, as the format "
            f"is; see --format"
        )
    if among is None:
        if len(sources) > 1:
            where = out or "stdout"
            raise UserError(
                f"--out: {len(sources)} recordings cannot go to {where} in this format; name a "
                f"directory"
            )
        among = written.alone
    return Stream(stdout, among) if out is None else OneFile(out, among)


def check_kept(
    output: Output, written: Format, inputs: Sequence[Path], overwrite: bool = False
) -> None:
    """Raise `UserError` where a file would be replaced that is an input, or that a person may have
    corrected, or has written, and `overwrite` does not allow it.

    Args:
        inputs: the files that are read.
    """
    there = [place for place in output.places() if place.is_file()]
    read = {path.resolve() for path in inputs}
    for place in there:
        if place.resolve() in read:
            raise UserError(
                f"--out: {place} would be replaced, which is among what is read; name another place"
            )
    if there and written.is_of_programs and not overwrite:
        raise UserError(
            f"--out: {len(there)} of {len(output.places())} files are there already, such as "
            f"{there[0]}, and may have been corrected; name another place, or replace them with "
            f"--overwrite"
        )
    others = [place for place in there if not written.is_ours(place)]
    if others and not overwrite:
        raise UserError(
            f"--out: {len(others)} of {len(output.places())} files are there already that hold "
            f"something else than such a transcript, such as {others[0]}; name another place, or "
            f"replace them with --overwrite"
        )


def _is_another(suffix: str, written: Format) -> bool:
    """Whether a file's ending is that of another format, and one of the two is a program's."""
    others = {form.suffix.lower(): form.is_of_programs for form in FORMATS.values()}
    if suffix not in others or suffix == written.suffix.lower():
        return False
    return others[suffix] or written.is_of_programs
