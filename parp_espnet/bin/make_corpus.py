"""Make a Kaldi data directory of one set of a corpus.

    make_corpus cldr --lang es --set train --minutes 10 --seed 0 --out data/train_10min
    make_corpus an4 --set train --out data/train
    make_corpus mboshi --mboshi DIR --set dev --out data/dev

where `make_corpus` is `python3 -m parp_espnet.bin.make_corpus`. A directory that is complete and was made
with the same settings is left as it is; `corpus.json` in it says how it was made.
"""

import argparse
import shutil
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import soundfile

from parp_espnet.corpora import an4, cldr, mboshi
from parp_espnet.corpora.kaldi import Utterance, read_data_dir, write_data_dir
from parp_espnet.corpora.speech import SAMPLE_RATE, Spoken
from parp_espnet.errors import command
from parp_espnet.files import read_json, write_json
from parp_espnet.progress import bar

_STAMP = "corpus.json"


@command
def main() -> None:
    """Entry point."""
    options = _parser().parse_args()
    out: Path = options.out
    settings = _settings(options)
    if _is_complete(out, settings):
        print(f"{out}: complete, made before with the same settings; skipped")
        return
    # Without the stamp the directory does not count as complete, whatever is still in it.
    (out / _STAMP).unlink(missing_ok=True)
    started = time.perf_counter()
    utterances = _MAKERS[options.corpus](options)
    write_data_dir(out, utterances)
    write_json(out / _STAMP, settings)
    seconds, spent = sum(one.duration for one in utterances), time.perf_counter() - started
    print(
        f"{out}: made {seconds / 60:.1f} min of speech, {len(utterances)} utterances, in {spent:.1f} s, "
        f"{seconds / spent:.0f} times real time"
    )


def _make_cldr(options: argparse.Namespace) -> list[Utterance]:
    wavs = _new_folder(options.out / "wav")
    utterances = []
    for language in options.lang.split():
        spoken = cldr.generate(language, options.set, options.minutes, options.seed, options.jobs)
        for one in _with_progress(spoken, options.minutes, f"{language} {options.set}"):
            wav = wavs / f"{one.id}.wav"
            soundfile.write(wav, one.samples, SAMPLE_RATE, subtype="PCM_16")
            utterances.append(
                Utterance(one.id, one.speaker, one.language, str(wav), one.phones, one.text, one.duration)
            )
    return utterances


def _make_an4(options: argparse.Namespace) -> list[Utterance]:
    return an4.read(options.set, _new_folder(options.out / "wav"))


def _make_mboshi(options: argparse.Namespace) -> list[Utterance]:
    return mboshi.read(options.mboshi, options.set)


_MAKERS = {"cldr": _make_cldr, "an4": _make_an4, "mboshi": _make_mboshi}


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
        if name not in ("out", "jobs")
    }
    libraries = {"cldr": ("babel", "espeakng-loader", "soxr"), "an4": ("espnet", "espeakng-loader")}
    return settings | {"versions": {name: version(name) for name in libraries.get(options.corpus, ())}}


def _is_complete(out: Path, settings: dict[str, Any]) -> bool:
    if not (out / _STAMP).is_file() or read_json(out / _STAMP) != settings:
        return False
    return all(Path(one.wav).is_file() for one in read_data_dir(out))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m parp_espnet.bin.make_corpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    corpora = parser.add_subparsers(dest="corpus", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--set", required=True, help="train, dev or test")
    common.add_argument("--out", type=Path, required=True, help="the data directory to make")
    one = corpora.add_parser("cldr", parents=[common], help="synthetic speech, any amount of it")
    one.add_argument("--lang", required=True, help="language code, such as es, or several: 'es fr'")
    one.add_argument("--minutes", type=float, required=True, help="of speech in each language, at least")
    one.add_argument("--seed", type=int, default=0, help="same seed, same bytes; default 0")
    one.add_argument("--jobs", type=int, default=2, help="processes; the bytes do not depend on it; default 2")
    corpora.add_parser("an4", parents=[common], help="the seven AN4 utterances in ESPnet's wheel")
    one = corpora.add_parser("mboshi", parents=[common], help="Mboshi, from a clone of the corpus")
    one.add_argument("--mboshi", type=Path, required=True, help="the clone's directory")
    return parser


if __name__ == "__main__":
    main()
