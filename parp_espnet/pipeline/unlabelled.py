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

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json, write_text
from parp_espnet.names import file_name
from parp_espnet.pipeline.label_calls import LIST
from parp_espnet.pipeline.set_recordings import divide_by_content, recordings_of
from parp_espnet.queues.signals import unless_terminated
from parp_espnet.recognition.audio import Failure, Source, find
from parp_espnet.recognition.identity import identity_of
from parp_espnet.recognition.jobs import PLACE, SETTINGS, Asked, recognise_by_jobs
from parp_espnet.recognition.output import Folder
from parp_espnet.recognition.transcripts import FORMATS

TERMINATED = 128 + signal.SIGTERM
WORDS = ("--format", "json", "--greedy")
TOKENS = "tokens.txt"
"""What may be heard, where the model knows more."""


def recognise(
    model: Path,
    speech: Path,
    dev: Path,
    transcribed: Path,
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
        transcribed: the training set as a complete data directory. Tokens that it has not are none
            of the language's: the model may know them, and does not hear them.
        train: the same as it was made: recordings that it has whole are left out.
        tested: other sets as they were made, of which no recording is trained on.

    Raises:
        UserError: there is no recording, none but those of the sets, or none could be recognised;
            or the queue refuses.
    """
    sources = _sources(speech)
    left, of_sets = divide_by_content(sources, recordings_of(train, tested))
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
    tokens = _tokens_of(transcribed)
    settings = {"model": identity_of(model), "options": list(WORDS), "tokens": tokens}
    _make_room(out, settings)
    write_text(out / TOKENS, "\n".join(tokens) + "\n")
    words = [*WORDS, "--inventory", str((out / TOKENS).absolute())]
    if device != "cpu":
        words += ["--device", device]
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


def _tokens_of(transcribed: Path) -> list[str]:
    tokens: set[str] = set()
    for utterance in read_data_dir(transcribed):
        tokens.update(utterance.phones)
    return sorted(tokens)


def _make_room(out: Path, settings: Mapping[str, object]) -> None:
    """Remove what another model, or an earlier one, has recognised."""
    file = out / PLACE / SETTINGS
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
