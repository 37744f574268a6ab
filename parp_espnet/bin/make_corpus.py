"""Make a Kaldi data directory of one set of a corpus.

    make_corpus cldr --lang es --set train --minutes 10 --seed 0 --out data/train_10min
    make_corpus mboshi --mboshi DIR --set dev --out data/dev
    make_corpus commonvoice --commonvoice DIR --lang tt --minutes 60 --set train --out data/train

where `make_corpus` is `python3 -m parp_espnet.bin.make_corpus`; `corpora.registry` has all
corpora. A directory that is complete and was made with the same settings is left as it is, one with
a set that no corpus made is refused;
`corpus.json` in it says how it was made, `rejected.tsv` what is left out, and why, and
`sources.scp` what else of a corpus of one's own was read.
"""

import argparse
import time
from collections.abc import Iterable, Mapping
from enum import EnumType
from importlib.metadata import version
from pathlib import Path
from typing import Any

from parp_espnet.arguments import ANY, COUNT, SEED, SOME, Parser, Whole, path
from parp_espnet.corpora.known.corpus import OF_SETS, Folder
from parp_espnet.corpora.registry import CORPORA
from parp_espnet.corpora.rejects import (
    SOURCES,
    count_rejects,
    refuse_if_most,
    write_rejects,
    write_sources,
)
from parp_espnet.data.kaldi import read_data_dir, write_data_dir
from parp_espnet.errors import UserError, command
from parp_espnet.files import is_file, read_json, write_json, write_text
from parp_espnet.phones.rules import is_table
from parp_espnet.pipeline.contents import Contents, plain_word_of
from parp_espnet.pipeline.options import Option, options_of_class

_STAMP = "corpus.json"
_BEGUN = "corpus.begun"
"""Stands for the stamp while a set is made that is there, or in part."""
_REJECTED = "rejected.tsv"


@command
def main() -> None:
    """Entry point."""
    options = _parser().parse_args()
    out: Path = options.out
    settings = _settings(options)
    if not options.anew and _is_complete(out, settings):
        print(f"{out}: complete, made before with the same settings; skipped")
        return
    _refuse_foreign(out)
    # Without the stamp the directory does not count as complete, whatever is still in it.
    if (out / _STAMP).exists():
        (out / _STAMP).replace(out / _BEGUN)
    started = time.perf_counter()
    made = CORPORA[options.corpus].make(options)
    write_rejects(out / _REJECTED, made.rejected)
    refuse_if_most(made, out / _REJECTED)
    # Not before: where nothing was made, what is put here is somebody else's.
    write_text(out / _BEGUN, "")
    write_data_dir(out, made.utterances)
    if made.sources:
        write_sources(out / SOURCES, made.sources)
    write_json(out / _STAMP, settings)
    (out / _BEGUN).unlink()
    seconds = sum(utterance.duration for utterance in made.utterances)
    spent = time.perf_counter() - started
    notes = [f"{seconds / spent:.0f} times real time"]
    if made.note:
        notes.append(made.note)
    if made.rejected:
        notes.append(f"{count_rejects(made.rejected)}, see {out / _REJECTED}")
    print(
        f"{out}: made {seconds / 60:.1f} min of speech, {len(made.utterances)} utterances, in "
        f"{spent:.1f} s, {'; '.join(notes)}"
    )


def _refuse_foreign(out: Path) -> None:
    """Raise `UserError` where a set is there that no corpus made: it would be replaced."""
    if any((out / name).exists() for name in (_STAMP, _BEGUN)):
        return
    for name in ("wav.scp", "text"):
        if (out / name).exists():
            raise UserError(
                f"{out}: expected a set that a corpus made, or none, found one of others ({name}, "
                f"no {_STAMP}), which would be replaced; move it, or take another directory "
                f"(phn.sh: --datadir), or train on it (phn.sh: --corpus none)"
            )


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """All that the bytes of the directory depend on."""
    corpus = CORPORA[options.corpus]
    settings: dict[str, Any] = {}
    for name, value in vars(options).items():
        # What is as usual is not said, so that what was made before there was a choice stays.
        is_said = value is not None or name not in corpus.unsaid
        if name not in ("out", "jobs", "anew") and is_said:
            settings[name] = str(value) if isinstance(value, Path) else value
    if corpus.of_user is not None:
        folder = getattr(options, corpus.of_user)
        settings["files"] = {str(folder): Contents().of_tree(folder)}
    rules = settings.get("phonemise")
    if rules is not None and is_table(rules):
        settings["rules"] = plain_word_of(Path(rules))
    return settings | {"versions": {name: version(name) for name in corpus.libraries}}


def _is_complete(out: Path, settings: dict[str, Any]) -> bool:
    if not (out / _STAMP).is_file() or read_json(out / _STAMP) != settings:
        return False
    return all(is_file(utterance.wav) for utterance in read_data_dir(out))


def _parser() -> Parser:
    program = Parser(
        prog="python3 -m parp_espnet.bin.make_corpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    corpora = program.add_subparsers(dest="corpus", required=True)
    for name, corpus in CORPORA.items():
        parser = corpora.add_parser(
            name, help=corpus.what, description=corpus.what, allow_abbrev=False
        )
        sets = "train, or another of its sets" if corpus.named_sets else "train, dev or test"
        parser.add_argument("--set", required=True, help=sets)
        parser.add_argument("--out", type=path, required=True, help="the data directory to make")
        parser.add_argument("--anew", action="store_true", help="make it, whatever is there")
        own = options_of_class(corpus.options)
        for option in corpus.told:
            spec = _spec(own[option]) if option in own else _SPECS[option]
            parser.add_argument(f"--{option}", required=option in corpus.needs, **spec)
    return program


_MINUTES = {"type": SOME, "help": "minutes that this set is to have, told to all three of them"}
_SPECS: Mapping[str, dict[str, Any]] = {
    "lang": {"help": "language code, such as es; for cldr also several: 'es fr'"},
    "minutes": {"type": SOME, "help": "of speech (in each language), about"},
    "seed": {"type": SEED, "default": 0, "help": "same seed, same bytes; default 0"},
    "phonemise": {"help": "language, table from spelling to phones, or letters; see egs2/own"},
    "jobs": {
        "type": COUNT,
        "default": 2,
        "help": "processes; the bytes do not depend on it; default 2",
    },
    **dict.fromkeys(OF_SETS, _MINUTES),
}
"""Options of several corpora."""
_KINDS: Mapping[Any, Any] = {int: Whole(), float: ANY, Path: path}


def _spec(option: Option) -> dict[str, Any]:
    """What argparse is told of an option of one corpus."""
    spec: dict[str, Any] = {"help": option.text, "type": _KINDS.get(option.kind, option.kind)}
    for note in option.notes:
        if isinstance(note, Folder):
            spec["help"] = note.what
        elif isinstance(note, EnumType):
            members: Iterable[object] = note
            spec["choices"] = [str(member) for member in members]
    if option.kind is bool:
        spec |= {"type": str, "choices": ["true", "false"]}
    elif option.kind is int:
        spec["default"] = option.default
    return spec


if __name__ == "__main__":
    main()
