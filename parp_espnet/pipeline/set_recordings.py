"""The recordings that sets are made of, and which of other recordings are the same."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from parp_espnet.corpora.rejects import SOURCES
from parp_espnet.data.kaldi import is_command
from parp_espnet.data.lines import read_table
from parp_espnet.pipeline.contents import plain_word_of
from parp_espnet.recognition.audio import Source


def recordings_of(train: Path, tested: Iterable[Path]) -> list[Path]:
    """Return the recordings of sets, as they were before anything was cut out of them.

    Args:
        train: the training set as it was made. Of a recording that it has in parts more may be
            untranscribed, which is no harm: such a one is not returned.
        tested: other sets, of whose recordings none may be trained on, in whole or in part.
    """
    files: list[Path] = []
    for directory in tested:
        files += _files_of(directory, "wav.scp", SOURCES)
    if not (train / "segments").is_file():
        files += _files_of(train, "wav.scp")
    return list(dict.fromkeys(files))


def divide_by_content(
    sources: Iterable[Source], recordings: Iterable[Path]
) -> tuple[list[Source], list[Source]]:
    """Divide sources into those that are other recordings, and those of the same content."""
    sizes: dict[int, list[Path]] = {}
    for recording in recordings:
        sizes.setdefault(recording.stat().st_size, []).append(recording)
    words: dict[int, set[str]] = {}
    others: list[Source] = []
    same: list[Source] = []
    for source in sources:
        size = source.path.stat().st_size
        if size in sizes and size not in words:
            words[size] = set(map(plain_word_of, sizes[size]))
        if size in words and plain_word_of(source.path) in words[size]:
            same.append(source)
        else:
            others.append(source)
    return others, same


def _files_of(directory: Path, *lists: str) -> Iterator[Path]:
    for name in lists:
        if (directory / name).is_file():
            for value in read_table(directory / name).values():
                yield from filter(Path.is_file, map(Path, _words(value)))


def _words(value: str) -> list[str]:
    """What may name a recording: of a command, such as `flac -dc talk.flac |`, any of its words."""
    if not is_command(value):
        return [value]
    try:
        return shlex.split(value.strip("|"))
    except ValueError:  # a quotation that does not end, which the shell will tell
        return value.strip("|").split()
