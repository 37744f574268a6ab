"""Say when each phone or letter of a known text is said.

parp-align exp/TAG talk.wav talk.txt                              begin, end, phone
parp-align exp/TAG talk.wav talk.eaf --tier tx --format eaf --out aligned.eaf
parp-align exp/TAG field/ texts/ --format textgrid --out grids    texts/NAME.txt of field/NAME.wav
parp-align exp/TAG field/ data/text --format ctm --out all.ctm    Kaldi's text: NAME and its text
parp-align exp/TAG talk.wav talk.txt --phonemise es               the text holds Spanish words

A text is a file .txt, a tier of a .TextGrid or an .eaf, whose annotations are aligned each within
its own times, or Kaldi's text with a line for each recording. Of a model of phones it is phones
apart by spaces, written as words whose phones the model knows, or, with --phonemise as the model
was trained with it, as its language is written; of a model of letters it is sentences. Intervals
touch, and leave pauses where it is quiet. Marks of what nobody says ([laughter]) are left out, as
they are of what is trained on. JSON, CTM and a tier of the TextGrid have a confidence
for each phone: where it is low, the text may not be what was said. With --mp3_times praat, a
TextGrid that is read has Praat's times, too.

Exit code 1 says that some texts were not aligned, and stderr which; all others were.
"""

import sys
from collections import Counter

from parp_espnet import progress
from parp_espnet.aligning.phonemise import phonemiser
from parp_espnet.aligning.spelling import UNKNOWN, Speller
from parp_espnet.aligning.texts import find_texts, text_files
from parp_espnet.arguments import Parser, path
from parp_espnet.data.marks import Kind, summary
from parp_espnet.errors import UserError, command
from parp_espnet.recognition.audio import Failure, find
from parp_espnet.recognition.command_line import (
    add_options,
    new_parser,
    quiet_imports,
    seconds_shown,
    timed,
)
from parp_espnet.recognition.output import check_kept, open_output
from parp_espnet.recognition.transcripts import FORMATS
from parp_espnet.sound.mp3 import Mp3Times


@command
def main() -> None:
    """Align, and say what could not be."""
    options = _parser().parse_args()
    phonemise = None if options.phonemise is None else phonemiser(options.phonemise)
    sources = find([options.audio])
    as_praat = options.mp3_times == Mp3Times.PRAAT
    texts = find_texts(sources, options.text, options.tier, as_praat)
    written = FORMATS[options.format]
    output = open_output(options.out, written, sources, progress.emit)
    read = [*(source.path for source in sources), *text_files(options.text)]
    check_kept(output, written, read, options.overwrite)
    with quiet_imports():
        from parp_espnet.aligning.align import align_texts  # noqa: PLC0415
        from parp_espnet.decoding.label_prior import read_label_prior  # noqa: PLC0415
        from parp_espnet.export.opened import open_model  # noqa: PLC0415
        from parp_espnet.recognition.hearing import Hearing  # noqa: PLC0415

    listener, _ = open_model(options.model, options.device, searched=False)
    takes_phones = not Speller(listener.tokens).is_of_letters
    if phonemise is not None and not takes_phones:
        raise UserError(
            f"--phonemise {options.phonemise}: expected a model of phones, found one of letters, "
            f"{options.model}, which takes words as they are; leave --phonemise out"
        )
    prior = read_label_prior(options.model, listener.tokens)
    faults: list[str] = []
    aligned = 0
    seen: Counter[tuple[Kind, str]] = Counter()
    with seconds_shown(sources, "align") as done:
        hearing = Hearing(listener, options.batch_seconds, done=done)
        for outcome in align_texts(hearing, texts, prior, phonemise, seen):
            if isinstance(outcome, Failure):
                faults.append(str(outcome))
                progress.say(f"error: {outcome}")
                continue
            for fault in outcome.faults:
                faults.append(fault)
                progress.say(f"error: {fault}")
            if outcome.transcript is not None:
                aligned += 1
                output.add(outcome.source, timed(outcome.transcript, outcome.source, options))
    output.close()
    if seen:
        progress.say(f"left out of the texts: {summary(seen)}")
    if faults:
        are_words = takes_phones and phonemise is None and any(UNKNOWN in one for one in faults)
        hint = ". Of words, --phonemise makes phones" if are_words else ""
        others = "all others were" if aligned else "nothing was"
        print(f"not aligned: {len(faults)}; {others}{hint}", file=sys.stderr)
        sys.exit(1)


def _parser() -> Parser:
    parser = new_parser("parp-align", __doc__)
    parser.add_argument(
        "audio", type=path, metavar="AUDIO", help="a recording, or a directory of some"
    )
    parser.add_argument(
        "text", type=path, metavar="TEXT", help="its text, a directory of texts, or Kaldi's text"
    )
    parser.add_argument(
        "--tier", metavar="NAME", help="tier of a TextGrid or .eaf [the only one that has texts]"
    )
    parser.add_argument(
        "--phonemise",
        metavar="LANG|FILE",
        help="language of eSpeak NG, or table from spelling to phones, that makes phones of the "
        "text [the text holds phones]",
    )
    add_options(parser)
    return parser


if __name__ == "__main__":
    main()
