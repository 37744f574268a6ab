"""Turn recordings into phones, or words, with times.

parp-recognize exp/TAG talk.mp3                                file, begin, end, phone
parp-recognize exp/TAG field/ --format textgrid --out grids    a TextGrid for each below it/
parp-recognize exp/TAG field/ --format eaf --out elan          a file of ELAN's for each
parp-recognize exp/TAG/valid.cer_ctc.ave.pth *.wav --format json    a line of JSON a file
parp-recognize --upstream multi --pack es.pack talk.mp3        an upstream, in a language

Recordings are whatever libsndfile decodes (wav, flac, mp3, ogg, …) and, where ffmpeg is on PATH,
what that does (m4a, wma, amr, …), of any rate and length; several channels are averaged. A time is
where the model has a phone as the best label, in steps of a frame (20 ms). CTC learns the order of
phones, not their borders: a phone is marked somewhere within it, and is mostly longer than its
mark. Of a model of letters, words are written, each with the begin of its first letter and the end
of its last. In an mp3 as Praat opens it all is later, mostly by 34 to 66 ms, since Praat keeps the
silence that the encoder has put before it: --mp3_times praat makes TextGrids that fit.

The best decoding that was tuned on the validation set is used, where there is one, and stderr says
which; --greedy, --beam_size, --ngram and weights choose another.

Exit code 1 says that some recordings were not recognised; the others were.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from parp_espnet import progress
from parp_espnet.errors import UserError, command
from parp_espnet.export.asked import Asked
from parp_espnet.pipeline.shipped import model_called
from parp_espnet.recognition.audio import Failure, find
from parp_espnet.recognition.command_line import (
    add_model,
    add_options,
    check_options,
    quiet_imports,
    seconds_shown,
    timed,
)
from parp_espnet.recognition.output import open_output
from parp_espnet.recognition.transcripts import FORMATS


@command
def main() -> None:
    """Recognise, and say what could not be."""
    # A model stands before the recordings, or a pack in its place, with options anywhere.
    args = _parser().parse_intermixed_args()
    check_options(args)
    sources = find(_recordings(args))
    output = open_output(args.out, FORMATS[args.format], sources, progress.emit)
    asked = Asked(
        args.greedy, args.beam_size, args.ngram, args.ngram_weight, args.lm_weight, args.penalty
    )
    asked.check()
    with quiet_imports():
        from parp_espnet.export.opened import open_model, open_pack  # noqa: PLC0415
        from parp_espnet.export.search import choose  # noqa: PLC0415
        from parp_espnet.recognition.inventory import narrowed  # noqa: PLC0415
        from parp_espnet.recognition.recognise import recognise  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as ngrams:
        if args.pack is None:
            recogniser, tuned = open_model(args.model, args.device, searched=not asked.is_greedy)
        else:
            upstream = None if args.upstream is None else model_called(args.upstream)
            recogniser, tuned = open_pack(args.pack, upstream, Path(ngrams), args.device)
        if args.inventory is not None:
            recogniser, unknown = narrowed(recogniser, args.inventory)
            if unknown:
                progress.say(f"--inventory: the model does not know, and leaves out: {unknown}")
        search, said = choose(asked, tuned, recogniser.tokens)
    if tuned or search is not None or asked.is_greedy:
        progress.say(f"decoding: {said}")
    failures = 0
    with seconds_shown(sources, "recognise") as done:
        for outcome in recognise(recogniser, sources, args.batch_seconds, done=done, search=search):
            if isinstance(outcome, Failure):
                failures += 1
                progress.say(f"error: {outcome}")
            else:
                source, transcript = outcome
                output.add(source, timed(transcript, source, args))
    output.close()
    if failures:
        print(f"{failures} of {len(sources)} were not recognised", file=sys.stderr)
        sys.exit(1)


def _recordings(args: argparse.Namespace) -> list[Path]:
    """The recordings: with a pack there is no model before them.

    Raises `UserError` where there are none, or a pack or an upstream is given without the other.
    """
    if args.pack is not None:
        return [args.model, *args.recordings]
    if args.upstream is not None:
        raise UserError(f"--upstream {args.upstream}: expected --pack FILE beside it, found none")
    if not args.recordings:
        raise UserError(f"expected a model and recordings, found {args.model} alone; see --help")
    return list(args.recordings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parp-recognize",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_model(parser)
    parser.add_argument(
        "recordings", type=Path, nargs="*", metavar="FILE", help="recording, or a directory of some"
    )
    text = "language pack, in the place of MODEL, of the upstream that --upstream gives"
    parser.add_argument("--pack", type=Path, metavar="FILE", help=text)
    parser.add_argument("--upstream", metavar="DIR", help="its directory; or multi, or mono")
    add_options(parser)
    search = parser.add_argument_group("decoding")
    search.add_argument("--greedy", action="store_true", help="no search, whatever was tuned")
    search.add_argument("--beam_size", type=int, metavar="N", help="hypotheses [as tuned, else 12]")
    text = "keep to the phones of a file, or of a language: es"
    search.add_argument("--inventory", metavar="FILE|LANGUAGE", help=text)
    search.add_argument("--ngram", type=Path, metavar="FILE", help="ARPA, or KenLM's binary")
    for name, text in (
        ("ngram_weight", "of the n-gram [as tuned, else 0.5]"),
        ("lm_weight", "of ESPnet's language model [as tuned]"),
        ("penalty", "added for each token [as tuned, else 0]"),
    ):
        search.add_argument(f"--{name}", type=float, metavar="X", help=text)
    return parser


if __name__ == "__main__":
    main()
