"""Recordings that nobody has transcribed, recognised by a first model: through the queue, and
nothing twice.

The validation set is recognised with them, since what its utterances' confidences are worth tells
which labels to trust.
"""

import shutil
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from parp_espnet.data.kaldi import is_command
from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json
from parp_espnet.names import file_name
from parp_espnet.pipeline.contents import plain_word_of
from parp_espnet.pipeline.label_calls import LIST
from parp_espnet.queues.signals import unless_terminated
from parp_espnet.recognition.audio import Failure, Source, find
from parp_espnet.recognition.identity import identity_of
from parp_espnet.recognition.jobs import PLACE, Asked, recognise_by_jobs
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.transcripts import FORMATS

TERMINATED = 128 + signal.SIGTERM
WORDS = ("--format", "json", "--greedy")


def recognise(
    model: Path,
    speech: Path,
    dev: Path,
    train: Path,
    tested: Sequence[Path],
    out: Path,
    device: str,
    jobs: int,
) -> str:
    """Recognise the recordings below `speech`, and the validation set; leave a transcript of each
    in `out`, and the list of them; return a line about it.

    Args:
        model: any model, its directory.
        dev: the validation set as a complete data directory.
        train: the training set as it was made: recordings that it has whole are left out.
        tested: other sets as they were made, of which no recording is trained on.

    Raises:
        UserError: there is no recording, none but those of the sets, or none could be recognised;
            or the queue refuses.
    """
    sources = _sources(speech)
    left, of_sets = _without(sources, _recordings(train, tested))
    if not left:
        raise UserError(
            f"--unlabelled {speech}: expected recordings that no set has, found {len(of_sets)}, "
            f"all of which are in the sets ({of_sets[0].path} is one)"
        )
    own = [Source(source.path, Path("speech") / source.name) for source in left]
    wavs = read_table(dev / "wav.scp")
    known = {
        utterance: Source(Path(wav), Path("dev") / file_name(utterance, ".wav"))
        for utterance, wav in wavs.items()
    }
    folder = Folder(out, FORMATS["json"], [*own, *known.values()])
    words = [*WORDS, *([] if device == "cpu" else ["--device", device])]
    settings = {"model": identity_of(model), "options": list(WORDS)}
    _make_room(out, settings)
    gpus = 0 if device == "cpu" else 1
    asked = Asked(model, words, settings, out, jobs, gpus)
    _by_jobs(asked, [*own, *known.values()], folder)
    _need_all(known.values(), folder)
    heard = [source for source in own if folder.place(source).is_file()]
    if not heard:
        raise UserError(
            f"--unlabelled {speech}: expected a recording that can be recognised, found none of "
            f"{len(own)}; {out / PLACE / 'failed.tsv'} says why"
        )
    write_json(
        out / LIST,
        {
            "folder": str(speech),
            "speech": [
                [str(source.name), str(source.path.resolve()), _below(folder.place(source), out)]
                for source in heard
            ],
            "dev": {
                utterance: _below(folder.place(source), out) for utterance, source in known.items()
            },
        },
    )
    failed = len(own) - len(heard)
    return (
        f"{speech}: {len(heard)} recordings recognised by {model}; {len(of_sets)} left out that "
        f"are in the sets, {failed} that could not be read"
    )


def _by_jobs(asked: Asked, sources: Sequence[Source], folder: Folder) -> None:
    """Who ends this process ends the jobs as well, which are in a session of their own."""
    code = unless_terminated(lambda: recognise_by_jobs(asked, sources, folder))
    if code == TERMINATED:
        sys.exit(code)


def _sources(speech: Path) -> list[Source]:
    sources: list[Source] = []
    for source in find([speech]):
        if isinstance(source, Failure):
            raise UserError(f"--unlabelled {source}")
        sources.append(source)
    return sources


def _recordings(train: Path, tested: Iterable[Path]) -> list[Path]:
    """The recordings that sets have; of one that is in parts, more may be untranscribed, which is
    no harm where it is the training set's.
    """
    sets = list(tested)
    if not (train / "segments").is_file():
        sets.append(train)
    files: list[Path] = []
    for directory in sets:
        for value in read_table(directory / "wav.scp").values():
            if not is_command(value) and Path(value).is_file():
                files.append(Path(value))
    return files


def _without(
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


def _make_room(out: Path, settings: Mapping[str, object]) -> None:
    """Remove what another model, or an earlier one, has recognised."""
    file = out / PLACE / "settings.json"
    if file.is_file() and read_json(file) != settings:
        shutil.rmtree(out)


def _need_all(known: Iterable[Source], folder: Folder) -> None:
    for source in known:
        if not folder.place(source).is_file():
            raise UserError(
                f"{source.path}: expected the validation set to be recognised, found no "
                f"transcript of it; the same command tries again"
            )


def _below(path: Path, out: Path) -> str:
    return str(path.relative_to(out))
