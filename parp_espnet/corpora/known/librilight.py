"""LibriSpeech with Libri-light's lists of ten minutes, one hour and ten hours."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from parp_espnet.corpora.known.corpus import Corpus, Folder, Minutes, Note, Row
from parp_espnet.corpora.known.phonemise import chosen
from parp_espnet.corpora.rejects import Made
from parp_espnet.errors import UserError

LISTS = {10.0: "10min", 60.0: "1h", 600.0: "10h"}
"""The recipe of each list, by its minutes."""
AMOUNTS = {"10min": "ten minutes", "1h": "one hour", "10h": "ten hours"}


def _sets(told: Any) -> list[str]:
    """The folders of LibriSpeech that are read."""
    return [name.replace("_", "-") for name in (told.valid_set, told.test_set)]


@dataclass(frozen=True)
class Options:
    """Where its two parts are, and which list."""

    librilight: Annotated[
        Path | None,
        "librispeech_finetuning of Libri-light; LIBRILIGHT of db.sh by default",
        Folder("librispeech_finetuning of Libri-light, unpacked"),
    ] = None
    librispeech: Annotated[
        Path | None,
        "LibriSpeech; LIBRISPEECH of db.sh by default",
        Folder("LibriSpeech, unpacked, with dev-other and test-clean", parts=_sets),
    ] = None
    fold: Annotated[
        int, "which of Libri-light's six lists of ten minutes, 0 to 5", Note.OF_TRAIN
    ] = 0


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import librilight  # noqa: PLC0415

    return librilight.read(
        *(options.librilight, options.librispeech, options.set, options.minutes, options.fold),
        phonemise=options.phonemise,
    )


def _complete(told: Any) -> Any:
    if told.train_minutes not in LISTS:
        found = f"--train_minutes {told.train_minutes:g}"
        raise UserError(f"phn.sh: {found}: expected 10, 60 or 600, the lists of Libri-light")
    if told.fold not in range(6) or (told.fold and told.train_minutes != 10):
        raise UserError(
            f"phn.sh: --fold {told.fold}: expected 0 to 5, and 0 for more than ten minutes"
        )
    return replace(told, phonemise=chosen(told.phonemise))


CORPUS = Corpus(
    name="librilight",
    what="LibriSpeech with Libri-light's lists of ten minutes, one hour and ten hours, in letters",
    make=_make,
    needs=("librilight", "librispeech"),
    takes=("minutes", "fold", "phonemise"),
    unsaid=("phonemise",),
    options=Options,
    recipes={
        f"librilight/{name}": Row(
            f"LibriSpeech, {AMOUNTS[name]} of it, human",
            "letters, or a phonemiser's",
            "`--librilight DIR --librispeech DIR`",
        )
        for name in LISTS.values()
    },
    languages={"en": "en"},
    minutes=Minutes(10.0, None, None),
    named_sets=True,
    letters=True,
    complete=_complete,
)
