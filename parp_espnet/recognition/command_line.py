"""What the commands that hear recordings have in common: options, progress, quiet imports."""

import argparse
import contextlib
import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from parp_espnet import progress
from parp_espnet.arguments import SOME_SECONDS, Parser, path
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.transcripts import FORMATS, Transcript
from parp_espnet.sound.mp3 import Mp3Times, lead_in_praat
from parp_espnet.sound.reader import seconds_by_header


def new_parser(program: str, description: str | None, *, needs_model: bool = True) -> Parser:
    """Return the parser of a command, whose first argument is a model; where it does not need one,
    it is `None` where nothing stands there.
    """
    parser = Parser(
        prog=program,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "model",
        type=path,
        nargs=None if needs_model else "?",
        metavar="MODEL",
        help="an experiment, a bundle, or a .pth beside its config.yaml",
    )
    return parser


def add_options(parser: Parser) -> None:
    """Add what is written, where to, and how recordings are heard."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="[text]")
    parser.add_argument(
        "--out", type=path, metavar="PATH", help="file, or directory for a file each [stdout]"
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace TextGrids and files of ELAN's that are there, and others that hold no such "
        "transcript [refused, since somebody may have corrected or written them]",
    )
    text = "times of mp3s: as they are decoded, or as Praat has them [decoded]"
    parser.add_argument(
        "--mp3_times", choices=list(map(str, Mp3Times)), default=str(Mp3Times.DECODED), help=text
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, … [cpu]")
    parser.add_argument(
        "--batch_seconds",
        type=SOME_SECONDS,
        metavar="X",
        help="audio in a batch [10 on a CPU, else 120]",
    )


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Import here what takes seconds: what ESPnet, s3prl and their libraries say while they are
    imported and loaded is for those who train.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with contextlib.redirect_stderr(io.StringIO()):
        yield


@contextmanager
def seconds_shown(
    sources: Sequence[Source | Failure], label: str
) -> Iterator[Callable[[float], None]]:
    """Show a bar of the seconds of recordings; what is yielded takes how many more were heard."""
    total = 0.0
    for source in sources:
        if isinstance(source, Source):
            total += seconds_by_header(source.path)
    with progress.bar(math.ceil(total) or None, label, unit="s") as shown:
        # Whole seconds, of those so far: a sum of rounded ones would drift.
        heard = 0.0

        def done(seconds: float) -> None:
            nonlocal heard
            heard += seconds
            shown.update(math.ceil(heard) - shown.n)

        yield done


def timed(transcript: Transcript, source: Source, options: argparse.Namespace) -> Transcript:
    """Return a transcript with the times that `--mp3_times` asks for."""
    lead = lead_in_praat(source.path) if options.mp3_times == Mp3Times.PRAAT else 0.0
    return transcript.later(lead) if lead else transcript
