"""The seven utterances of AN4 in ESPnet's wheel."""

import argparse

from parp_espnet.corpora.known.corpus import Corpus, Row, new_folder
from parp_espnet.corpora.rejects import Made


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import mini_an4  # noqa: PLC0415

    return Made(mini_an4.read(options.set, new_folder(options.out / "wav")))


CORPUS = Corpus(
    name="mini_an4",
    what="the seven AN4 utterances in ESPnet's wheel",
    make=_make,
    recipes={
        "mini_an4/en": Row(
            "the seven AN4 utterances inside the espnet wheel, human",
            "a phonemiser's, of the text",
            "nothing",
        )
    },
    languages={"en": "en"},
    libraries=("espnet", "espeakng-loader"),
)
