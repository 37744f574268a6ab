"""Mboshi, field recordings."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.corpora.known.corpus import Corpus, Folder, Row
from parp_espnet.corpora.rejects import Made


@dataclass(frozen=True)
class Options:
    """Where it is."""

    mboshi: Annotated[
        Path | None,
        "directory of the Mboshi corpus; MBOSHI of db.sh by default",
        Folder("a clone of github.com/besacier/mboshi-french-parallel-corpus"),
    ] = None


def _make(options: argparse.Namespace) -> Made:
    from parp_espnet.corpora import mboshi  # noqa: PLC0415

    return Made(mboshi.read(options.mboshi, options.set))


CORPUS = Corpus(
    name="mboshi",
    what="Mboshi, from a clone of the corpus",
    make=_make,
    needs=("mboshi",),
    options=Options,
    recipes={
        "mboshi/mb": Row(
            "Mboshi, field recordings, human",
            "the linguists' spelling, by rule",
            "`--mboshi DIR`, the corpus",
        )
    },
    languages={"mb": "mb"},
)
