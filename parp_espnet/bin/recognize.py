"""Turn recordings into phones, or words, with times.

parp-recognize exp/TAG talk.mp3                                file, begin, end, phone
parp-recognize exp/TAG field/ --format textgrid --out grids    a TextGrid for each below it/
parp-recognize exp/TAG field/ --format eaf --out elan          a file of ELAN's for each
parp-recognize exp/TAG/valid.cer_ctc.ave.pth *.wav --format json    a line of JSON a file

Recordings are whatever libsndfile decodes (wav, flac, mp3, ogg, …) and, where ffmpeg is on PATH,
what that does (m4a, wma, amr, …), of any rate and length; several channels are averaged. Intervals
of phones touch, and leave pauses where it is quiet; docs/times.md says what they are worth. JSON,
CTM and a tier of the TextGrid have a confidence for each phone, and JSON and the tier what else it
may be; JSON has their mean. --inventory keeps to the phones of a file, or of a language (es). Of a
model of letters, words are written, each with the begin of its first letter and the end of its
last. In an mp3 as Praat opens it all is later, mostly by 34 to 66 ms, since Praat keeps the
silence that the encoder has put before it: --mp3_times praat makes TextGrids that fit.

The best decoding that was tuned on the validation set is used, where there is one, and stderr says
which; --greedy, --beam_size, --ngram and weights choose another.

Exit code 1 says that some recordings were not recognised; the others were.
"""

import argparse
import sys
from pathlib import Path

from parp_espnet import progress
from parp_espnet.errors import command
from parp_espnet.export.asked import Asked
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
    args = _parser().parse_args()
    check_options(args)
    sources = find(args.recordings)
    output = open_output(args.out, FORMATS[args.format], sources, progress.emit)
    asked = Asked(
        args.greedy, args.beam_size, args.ngram, args.ngram_weight, args.lm_weight, args.penalty
    )
    asked.check()
    with quiet_imports():
        from parp_espnet.export.opened import open_model  # noqa: PLC0415
        from parp_espnet.export.search import choose  # noqa: PLC0415
        from parp_espnet.recognition.inventory import narrowed  # noqa: PLC0415
        from parp_espnet.recognition.recognise import recognise  # noqa: PLC0415

    recogniser, tuned = open_model(args.model, args.device)
    if args.inventory is not None:
        recogniser, unknown = narrowed(recogniser, args.inventory)
        if unknown:
            progress.say(f"--inventory: the model does not know, and leaves out: {unknown}")
    search, said = choose(asked, tuned, recogniser.tokens)
    if tuned or search is not None:
        progress.say(f"decoding: {said}")
    failures = 0
    with seconds_shown(sources, "recognise") as done:
        for found in recognise(recogniser, sources, args.batch_seconds, done=done, search=search):
            if isinstance(found, Failure):
                failures += 1
                progress.say(f"error: {found}")
            else:
                source, transcript = found
                output.add(source, timed(transcript, source, args))
    output.close()
    if failures:
        print(f"{failures} of {len(sources)} were not recognised", file=sys.stderr)
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parp-recognize",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_model(parser)
    parser.add_argument(
        "recordings", type=Path, nargs="+", metavar="FILE", help="recording, or a directory of some"
    )
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
