"""Common Voice, any release of it."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from parp_espnet.corpora.known.corpus import Corpus, Folder, Minutes, Row
from parp_espnet.corpora.known.phonemise import chosen
from parp_espnet.corpora.rejects import Made
from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import LANGUAGES as NAMES

LANGUAGES = {code: code for code in ("es", "fr", "it", "ky", "nl", "ru")}
LANGUAGES |= {"sv-SE": "sv", "tr": "tr", "tt": "tt", "zh-TW": "zh"}
"""Common Voice's codes of the paper's languages, and the project's."""


@dataclass(frozen=True)
class Options:
    """Where it is, and whose sets and phones are taken."""

    commonvoice: Annotated[
        Path | None,
        "unpacked release of Common Voice; COMMONVOICE of db.sh by default",
        Folder(
            "an unpacked release of Common Voice, or of one language of it, Spontaneous Speech "
            "included",
            parts=lambda told: [told.lang],
        ),
    ] = None
    commonvoice_splits: Annotated[
        Path | None,
        "sets and phones of Rivière et al. 2020; COMMONVOICE_SPLITS",
        Folder("the splits of Rivière et al. 2020, unpacked"),
    ] = None


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import commonvoice  # noqa: PLC0415

    splits = options.commonvoice_splits
    return commonvoice.read(
        *(options.commonvoice, options.lang, options.set, options.minutes),
        splits=splits,
        phonemise=options.phonemise,
    )


def _complete(told: Any) -> Any:
    kind = chosen(told.phonemise)
    if kind is not None and told.commonvoice_splits is not None:
        raise UserError(
            f"phn.sh: --phonemise {kind}: --commonvoice_splits has phones of its own; leave one of "
            f"them out"
        )
    return replace(told, phonemise=kind)


def _inventory(corpus: Corpus, told: Any) -> str | None:
    """None of published phones."""
    return None if told.commonvoice_splits is not None else (corpus.languages or {}).get(told.lang)


CORPUS = Corpus(
    name="commonvoice",
    what="Common Voice, any release, by the project's phonemiser or the published phones",
    make=_make,
    needs=("commonvoice", "lang", "minutes"),
    takes=("commonvoice_splits", "phonemise"),
    unsaid=("phonemise",),
    options=Options,
    recipes={
        f"commonvoice/{code}": Row(
            f"{NAMES[own].name}, read by volunteers, human",
            "a phonemiser's, the published ones, or letters",
            "`--commonvoice DIR`, any release",
        )
        for code, own in LANGUAGES.items()
    },
    languages=LANGUAGES,
    minutes=Minutes(60.0, 20.0, 60.0),
    libraries=("espeakng-loader",),
    complete=_complete,
    inventory=_inventory,
)
