"""All corpora. A new one is a module in `known`, a line here, and a recipe in egs2/."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, get_type_hints

from parp_espnet.corpora.known import (
    an4,
    cldr,
    commonvoice,
    librilight,
    mboshi,
    mini_an4,
    own,
)
from parp_espnet.corpora.known.corpus import Corpus, Folder

_ALL = (
    cldr,
    mini_an4,
    mboshi,
    commonvoice,
    librilight,
    an4,
    own,
)
CORPORA: Mapping[str, Corpus] = {module.CORPUS.name: module.CORPUS for module in _ALL}
NONE = "none"
"""In place of a corpus: local/data.sh or the user makes data/."""


def _headings() -> Mapping[str, str]:
    headings = {}
    for corpus in CORPORA.values():
        for field in fields(corpus.options):
            headings[field.name] = f"options of --corpus {corpus.name}"
    return headings


@dataclass(frozen=True)
class CorpusOptions(
    own.Options,
    an4.Options,
    librilight.Options,
    commonvoice.Options,
    mboshi.Options,
):
    """The options of all corpora, in the order of the last to the first."""

    HEADINGS: ClassVar[Mapping[str, str]] = _headings()
    """Under which heading the help has each of them."""


def _notes() -> Mapping[str, Folder]:
    hints = get_type_hints(CorpusOptions, include_extras=True)
    folders: dict[str, Folder] = {}
    for name, hint in hints.items():
        for note in getattr(hint, "__metadata__", ()):
            if isinstance(note, Folder):
                folders[name] = note
    return folders


FOLDERS = _notes()
"""Options that say where a corpus is."""
