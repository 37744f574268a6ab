"""Turn recordings into phones, or words, with times.

parp-recognize exp/TAG talk.mp3                                file, begin, end, phone
parp-recognize exp/TAG field/ --format textgrid --out grids    a TextGrid for each below it/
parp-recognize exp/TAG field/ --format eaf --out elan          a file of ELAN's for each
parp-recognize exp/TAG/valid.cer_ctc.ave.pth *.wav --format json    a line of JSON a file
parp-recognize --upstream multi --pack es.pack talk.mp3        an upstream, in a language

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

With --nj N they go through the queue of cmd.sh as N jobs (cmd_backend=slurm, say), with a file for
each below --out. The same command goes on after an interruption, makes nothing twice, and takes up
what has been added; DIR/.parp-recognize has the jobs' logs, and failed.tsv what failed.

Exit code 1 says that some recordings were not recognised; the others were.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parp_espnet import progress
from parp_espnet.arguments import ANY, COUNT, Parser, Whole, describe_unknown, path
from parp_espnet.errors import UserError, command
from parp_espnet.export.asked import BEAMS, Asked
from parp_espnet.pipeline.shipped import NAMES, model_called
from parp_espnet.recognition.audio import Failure, find
from parp_espnet.recognition.command_line import (
    add_options,
    new_parser,
    quiet_imports,
    seconds_shown,
    timed,
)
from parp_espnet.recognition.identity import identity_of
from parp_espnet.recognition.output import Folder, check_kept, open_output
from parp_espnet.recognition.parts import Part
from parp_espnet.recognition.transcripts import FORMATS
from parp_espnet.upstreams.starts import BUNDLE, RECOGNISER, SUMMARY

_OF_ONE_CALL = ("help", "nj", "out", "part")
"""Options that the jobs of a call do not have."""
_OF_MODELS = (BUNDLE, RECOGNISER, SUMMARY)
"""What a folder holds that is a model."""
_MODELS = (".pth", ".pack")
"""How files of models end."""


@command
def main() -> None:
    """Recognise, and say what could not be."""
    # A model stands before the recordings, or a pack in its place, with options anywhere.
    args = _parser().parse_intermixed_args()
    asked = Asked(
        args.greedy,
        args.beam_size,
        args.ngram,
        args.ngram_weight,
        args.lm_weight,
        args.penalty,
        args.lexicon,
    )
    asked.check()
    if args.nj is not None:
        sys.exit(_by_jobs(args))
    recordings = _recordings(args)
    part = Part(recordings[0], FORMATS[args.format]) if args.part else None
    sources = find(recordings) if part is None else part.sources
    written = FORMATS[args.format]
    output = part or open_output(args.out, written, sources, progress.emit)
    if part is None:
        check_kept(output, written, [source.path for source in sources], args.overwrite)
    with quiet_imports():
        from parp_espnet.export.opened import open_model, open_pack  # noqa: PLC0415
        from parp_espnet.export.search import choose  # noqa: PLC0415
        from parp_espnet.recognition.recognise import recognise  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as ngrams:
        if args.pack is None:
            recogniser, tuned = open_model(args.model, args.device, searched=not asked.is_greedy)
        else:
            upstream = _upstream_called(args.upstream)
            recogniser, tuned = open_pack(args.pack, upstream, Path(ngrams), args.device)
        if args.inventory is not None:
            # With eSpeak, which who only recognises needs not have.
            from parp_espnet.recognition.inventory import narrowed  # noqa: PLC0415

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
                if part is not None:
                    part.fail(outcome)
            else:
                source, transcript = outcome
                output.add(source, timed(transcript, source, args))
    output.close()
    # Whoever gave a part to a job reads what failed in it.
    if failures and part is None:
        print(f"{failures} of {len(sources)} were not recognised", file=sys.stderr)
        sys.exit(1)


def _by_jobs(args: argparse.Namespace) -> int:
    from parp_espnet.recognition.jobs import Asked as ByJobs  # noqa: PLC0415
    from parp_espnet.recognition.jobs import recognise_by_jobs  # noqa: PLC0415

    if args.overwrite:
        raise UserError(
            "--overwrite: with --nj what the same command has made stays, corrected or not; leave "
            "it out, or name another --out"
        )
    recordings = _recordings(args)
    model = args.model if args.pack is None else args.pack
    if not model.exists():
        raise UserError(f"{model}: no such model")
    sources = find(recordings)
    if args.out is None:
        raise UserError(f"--nj {args.nj}: expected --out DIR, with a file for each recording")
    output = open_output(args.out, FORMATS[args.format], sources, progress.emit)
    if not isinstance(output, Folder):
        raise UserError(f"--out {args.out}: expected a directory with --nj, found a file's name")
    if args.pack is not None:
        # Now, and not in each of the jobs.
        with quiet_imports():
            from parp_espnet.export.opened import load_both  # noqa: PLC0415

            load_both(args.pack, _upstream_called(args.upstream))
    words = _forwarded(args)
    # On another device the transcripts are the same.
    options = _forwarded(args, leave=("device", "batch_seconds"))
    settings: dict[str, Any] = {"model": identity_of(model), "options": options}
    if files := _files(args):
        settings["files"] = files
    gpus = 0 if args.device == "cpu" else 1
    own = None if args.pack is not None else args.model
    asked = ByJobs(own, words, settings, args.out, args.nj, gpus)
    return recognise_by_jobs(asked, sources, output)


def _files(args: argparse.Namespace) -> dict[str, str]:
    """What tells the files that options name from others in their place, by option."""
    given = {"lexicon": args.lexicon, "ngram": args.ngram}
    if args.inventory is not None and Path(args.inventory).is_file():
        given["inventory"] = Path(args.inventory)
    if args.upstream is not None:
        given["upstream"] = model_called(args.upstream)
    return {name: identity_of(path) for name, path in given.items() if path is not None}


def _forwarded(args: argparse.Namespace, leave: Sequence[str] = ()) -> list[str]:
    """The options that each job has, as its command line says them, without some."""
    words: list[str] = []
    for action in _parser()._actions:
        value = getattr(args, action.dest, None)
        is_ours = not action.option_strings or action.dest in (*_OF_ONE_CALL, *leave)
        if is_ours or value == action.default:
            continue
        words.append(action.option_strings[-1])
        for word in value if isinstance(value, list) else [value]:
            if word is not True:
                words.append(str(word.absolute() if isinstance(word, Path) else word))
    return words


def _recordings(args: argparse.Namespace) -> list[Path]:
    """The recordings: with a pack there is no model before them.

    Raises `UserError` where there are none, no model either, one is given beside a pack, or a pack
    or an upstream without the other.
    """
    if args.pack is not None:
        if args.model is None:
            raise UserError(f"--pack {args.pack}: expected recordings beside it, found none")
        for given in (args.model, *args.recordings):
            is_model = any((given / name).is_file() for name in _OF_MODELS)
            if is_model or given.suffix in _MODELS:
                raise UserError(
                    f"{given}: expected recordings beside --pack, found a model or a pack; leave "
                    f"one of the two out"
                )
        return [args.model, *args.recordings]
    if args.upstream is not None:
        raise UserError(f"--upstream {args.upstream}: expected --pack FILE beside it, found none")
    if args.model is None:
        raise UserError("expected a model and recordings, found none; see --help")
    if not args.recordings:
        raise UserError(f"expected a model and recordings, found {args.model} alone; see --help")
    return list(args.recordings)


def _upstream_called(word: str | None) -> Path | None:
    """Where the upstream of a pack is. Raises `UserError` for a word that is none, with the shipped
    ones and that which is nearest.
    """
    if word is None:
        return None
    place = model_called(word)
    if not place.exists() and "/" not in word:
        raise UserError(
            f"--upstream: no such directory; {describe_unknown(word, NAMES, also=['a directory'])}"
        )
    return place


class _Once(argparse.Action):
    """An option that is given once, of which the last would else be taken and others forgotten."""

    def __call__(
        self, _: argparse.ArgumentParser, args: argparse.Namespace, value: Any, option: Any = None
    ) -> None:
        earlier = getattr(args, self.dest)
        if earlier is not None:
            raise UserError(f"{option}: expected one of them, found {earlier} and {value}")
        setattr(args, self.dest, value)


def _parser() -> Parser:
    parser = new_parser("parp-recognize", __doc__, needs_model=False)
    parser.add_argument(
        "recordings", type=path, nargs="*", metavar="FILE", help="recording, or a directory of some"
    )
    text = "language pack, in the place of MODEL, of the upstream that --upstream gives"
    parser.add_argument("--pack", type=path, action=_Once, metavar="FILE", help=text)
    parser.add_argument("--upstream", metavar="DIR", help="its directory; or multi, or mono")
    add_options(parser)
    text = "so many jobs of the queue of cmd.sh, each for a part of the recordings"
    parser.add_argument("--nj", type=COUNT, metavar="N", help=text)
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    search = parser.add_argument_group("decoding")
    search.add_argument("--greedy", action="store_true", help="no search, whatever was tuned")
    search.add_argument(
        "--beam_size", type=Whole(BEAMS), metavar="N", help="hypotheses [as tuned, else 12]"
    )
    text = "keep to the phones of a file, or of a language: es"
    search.add_argument("--inventory", metavar="FILE|LANGUAGE", help=text)
    text = "find nothing but its words: `word phone phone …` a line, or words alone for letters"
    search.add_argument("--lexicon", type=path, metavar="FILE", help=text)
    search.add_argument("--ngram", type=path, metavar="FILE", help="ARPA, or KenLM's binary")
    for name, text in (
        ("ngram_weight", "of the n-gram [as tuned, else 0.5]"),
        ("lm_weight", "of ESPnet's language model [as tuned]"),
        ("penalty", "added for each token [as tuned, else 0]"),
    ):
        search.add_argument(f"--{name}", type=ANY, metavar="X", help=text)
    return parser


if __name__ == "__main__":
    main()
