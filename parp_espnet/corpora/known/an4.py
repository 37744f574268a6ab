"""AN4, from CMU's tarball."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.corpora.known.corpus import Corpus, Folder, Row, new_folder
from parp_espnet.corpora.rejects import Made


@dataclass(frozen=True)
class Options:
    """Where it is."""

    an4: Annotated[
        Path | None,
        "AN4 as CMU has it; AN4 of db.sh by default",
        Folder("an4_sphere.tar.gz of CMU, unpacked"),
    ] = None


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import an4  # noqa: PLC0415

    return an4.read(options.an4, options.set, new_folder(options.out / "wav"))


CORPUS = Corpus(
    name="an4",
    what="AN4, from CMU's tarball",
    make=_make,
    needs=("an4",),
    options=Options,
    recipes={
        "an4/en": Row(
            "AN4: names, numbers, dates, human",
            "a phonemiser's, of the text",
            "`--an4 DIR`, CMU's tarball",
        )
    },
    languages={"en": "en"},
    libraries=("espeakng-loader",),
)
