"""Make a Kaldi data directory of one set of a corpus.

    make_corpus cldr --lang es --set train --minutes 10 --seed 0 --out data/train_10min
    make_corpus mboshi --mboshi DIR --set dev --out data/dev
    make_corpus commonvoice --commonvoice DIR --lang tt --minutes 60 --set train --out data/train

where `make_corpus` is `python3 -m parp_espnet.bin.make_corpus`; `parp_espnet.corpora.table` has all
corpora. A directory that is complete and was made with the same settings is left as it is;
`corpus.json` in it says how it was made, `rejected.tsv` what is left out, and why, and
`sources.scp` what else of a corpus of one's own was read.
"""

import argparse
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

from parp_espnet.corpora import an4, cldr, commonvoice, librilight, mboshi, mini_an4, own
from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.rejects import (
    Made,
    count_rejects,
    refuse_if_most,
    write_rejects,
    write_sources,
)
from parp_espnet.corpora.sets import How
from parp_espnet.corpora.speech import SAMPLE_RATE, Spoken
from parp_espnet.corpora.table import CORPORA, FOLDERS, MINUTES_OF_OWN, OF_OWN
from parp_espnet.data.kaldi import Utterance, read_data_dir, write_data_dir
from parp_espnet.data.marks import Marks
from parp_espnet.errors import command
from parp_espnet.files import is_file, read_json, write_json
from parp_espnet.names import file_name
from parp_espnet.pipeline.contents import Contents
from parp_espnet.progress import bar
from parp_espnet.sound.wav import write_wav

_STAMP = "corpus.json"
_REJECTED = "rejected.tsv"
_SOURCES = "sources.scp"


@command
def main() -> None:
    """Entry point."""
    options = _parser().parse_args()
    out: Path = options.out
    settings = _settings(options)
    if not options.anew and _is_complete(out, settings):
        print(f"{out}: complete, made before with the same settings; skipped")
        return
    # Without the stamp the directory does not count as complete, whatever is still in it.
    (out / _STAMP).unlink(missing_ok=True)
    started = time.perf_counter()
    made = _MAKERS[options.corpus](options)
    write_rejects(out / _REJECTED, made.rejected)
    refuse_if_most(made, out / _REJECTED)
    write_data_dir(out, made.utterances)
    if made.sources:
        write_sources(out / _SOURCES, made.sources)
    write_json(out / _STAMP, settings)
    seconds, spent = sum(one.duration for one in made.utterances), time.perf_counter() - started
    left_out = f"{count_rejects(made.rejected)}, see {out / _REJECTED}" if made.rejected else ""
    print(
        f"{out}: made {seconds / 60:.1f} min of speech, {len(made.utterances)} utterances, in "
        f"{spent:.1f} s, "
        + "; ".join(filter(None, [f"{seconds / spent:.0f} times real time", made.note, left_out]))
    )


def _make_cldr(options: argparse.Namespace) -> Made:
    wavs = _new_folder(options.out / "wav")
    utterances = []
    for language in options.lang.split():
        with closing(
            cldr.generate(language, options.set, options.minutes, options.seed, options.jobs)
        ) as spoken:
            for one in _with_progress(spoken, options.minutes, f"{language} {options.set}"):
                wav = wavs / file_name(one.id, ".wav")
                write_wav(wav, one.samples, SAMPLE_RATE, sync=False)
                utterances.append(
                    Utterance(
                        one.id,
                        one.speaker,
                        one.language,
                        str(wav),
                        one.phones,
                        one.text,
                        one.duration,
                    )
                )
    return Made(utterances)


def _make_mini_an4(options: argparse.Namespace) -> Made:
    return Made(mini_an4.read(options.set, _new_folder(options.out / "wav")))


def _make_mboshi(options: argparse.Namespace) -> Made:
    return Made(mboshi.read(options.mboshi, options.set))


def _make_commonvoice(options: argparse.Namespace) -> Made:
    splits = options.commonvoice_splits
    return commonvoice.read(options.commonvoice, options.lang, options.set, options.minutes, splits)


def _make_librilight(options: argparse.Namespace) -> Made:
    return librilight.read(
        options.librilight, options.librispeech, options.set, options.minutes, options.fold
    )


def _make_an4(options: argparse.Namespace) -> Made:
    return an4.read(options.an4, options.set, _new_folder(options.out / "wav"))


def _make_own(options: argparse.Namespace) -> Made:
    wavs = _new_folder(options.out / "wav")
    told = Told(options.audio_column, options.text_column, options.speaker_column)
    asked = {"train": options.of_train, "dev": options.of_dev, "test": options.of_test}
    minutes = {split: value for split, value in asked.items() if value is not None}
    how = How(told, Marks(options.marks or Marks.DROP), options.words_as_tokens == "true", minutes)
    return own.read(
        options.own, options.set, wavs, options.lang, options.phonemise, options.minutes, how
    )


_MAKERS: Mapping[str, Callable[[argparse.Namespace], Made]] = {
    "cldr": _make_cldr,
    "mini_an4": _make_mini_an4,
    "mboshi": _make_mboshi,
    "commonvoice": _make_commonvoice,
    "librilight": _make_librilight,
    "an4": _make_an4,
    "own": _make_own,
}


def _with_progress(spoken: Iterator[Spoken], minutes: float, label: str) -> Iterator[Spoken]:
    """Show how many seconds of speech there are of those asked for, and the time left."""
    with bar(round(60 * minutes), label, unit="s") as shown:
        done = 0.0
        for one in spoken:
            yield one
            done += one.duration
            shown.update(min(round(done), round(60 * minutes)) - shown.n)


def _new_folder(path: Path) -> Path:
    """An empty directory; recordings of an interrupted or another run go."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """All that the bytes of the directory depend on."""
    settings = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        if name not in ("out", "jobs", "anew")
        and not (name in (*OF_OWN, *MINUTES_OF_OWN) and value is None)
    }
    if options.corpus == "own":
        settings["files"] = {str(options.own): Contents().of_tree(options.own)}
    return settings | {
        "versions": {name: version(name) for name in CORPORA[options.corpus].libraries}
    }


def _is_complete(out: Path, settings: dict[str, Any]) -> bool:
    if not (out / _STAMP).is_file() or read_json(out / _STAMP) != settings:
        return False
    return all(is_file(one.wav) for one in read_data_dir(out))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m parp_espnet.bin.make_corpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    corpora = parser.add_subparsers(dest="corpus", required=True)
    for name, corpus in CORPORA.items():
        one = corpora.add_parser(name, help=corpus.what, description=corpus.what)
        sets = "train, or another of its sets" if corpus.named_sets else "train, dev or test"
        one.add_argument("--set", required=True, help=sets)
        one.add_argument("--out", type=Path, required=True, help="the data directory to make")
        one.add_argument("--anew", action="store_true", help="make it, whatever is there")
        for option in corpus.options:
            one.add_argument(f"--{option}", required=option in corpus.needs, **_spec(option))
    return parser


def _spec(option: str) -> dict[str, Any]:
    """What argparse is told of an option."""
    return {"type": Path, "help": FOLDERS[option]} if option in FOLDERS else _SPECS[option]


_SPECS: Mapping[str, dict[str, Any]] = {
    "lang": {"help": "language code, such as es; for cldr also several: 'es fr'"},
    "minutes": {"type": float, "help": "of speech (in each language), about"},
    "fold": {"type": int, "default": 0, "help": "which list of ten minutes, 0 to 5; default 0"},
    "seed": {"type": int, "default": 0, "help": "same seed, same bytes; default 0"},
    "jobs": {
        "type": int,
        "default": 2,
        "help": "processes; the bytes do not depend on it; default 2",
    },
    "phonemise": {
        "help": "language whose phones the text has, or letters, to spell it; otherwise it holds "
        "phones"
    },
    "audio_column": {
        "help": "column of a table that has the recordings, by its name, or its number from 1"
    },
    "text_column": {"help": "column that has the texts"},
    "speaker_column": {"help": "column that has the speakers"},
    "marks": {
        "choices": list(Marks),
        "help": "what is done with [laughter], xxx and the like; default drop",
    },
    "words_as_tokens": {
        "choices": ["true", "false"],
        "help": "true: the text holds words, which are recognised",
    },
    "of_train": {
        "type": float,
        "help": "minutes that train is to have, in each of the three commands",
    },
    "of_dev": {"type": float, "help": "minutes that dev is to have, in each of the three commands"},
    "of_test": {
        "type": float,
        "help": "minutes that test is to have, in each of the three commands",
    },
}


if __name__ == "__main__":
    main()
