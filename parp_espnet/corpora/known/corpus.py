"""What a corpus declares of itself."""

import argparse
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parp_espnet.corpora.rejects import Made

OF_SETS = ("of_train", "of_dev", "of_test")
"""Minutes of each set, which all three are told where dev or test is to have so many."""


class Note(Enum):
    """What else is to know of an option of a corpus."""

    FOR_ANY = "for any"
    """It may be given with any corpus: it is about the text."""
    OF_TRAIN = "of train"
    """It changes the training set alone."""


@dataclass(frozen=True)
class Folder:
    """The note of an option that says where a corpus is; a variable of its name in capitals, as
    db.sh may set it, says the same.
    """

    what: str
    parts: Callable[[Any], Sequence[str | None]] = lambda _: ()
    """Folders in it that are read, of the options of `phn.sh`, where it holds more; no others of
    it make the corpus stale.
    """
    published: bool = True
    """Whether others have the same, and no result depends on where it is."""


@dataclass(frozen=True)
class Minutes:
    """How many minutes there are of each set, unless the user says so."""

    train: float | None
    dev: float | None
    test: float | None


@dataclass(frozen=True)
class Row:
    """What the table of recipes says of one of them."""

    speech: str
    phones: str
    needs: str


@dataclass(frozen=True)
class NoOptions:
    """Of a corpus without options of its own."""


def _by_language(corpus: "Corpus", told: Any) -> str | None:
    """The languages of the text, of which there are inventories."""
    languages = corpus.languages or {}
    codes: list[str] = []
    for code in (told.lang or "").split():
        if code in languages:
            codes.append(languages[code])
    return " ".join(codes) or None


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """One corpus. `told` are the options of `phn.sh`, of all corpora (`pipeline.data_options`)."""

    name: str
    what: str
    make: Callable[[argparse.Namespace], "Made"]
    """Reads a set, of the options of make_corpus: `set`, `out`, and those that it needs or takes.
    """
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    """Options of make_corpus: lang, minutes, seed, jobs, those of `OF_SETS`, and its own ones."""
    unsaid: tuple[str, ...] = ()
    """Those that corpus.json has only where they are given: they are younger than the corpus."""
    options: type[Any] = NoOptions
    """Those that it brings to `phn.sh`, a dataclass of annotated fields as in `pipeline.options`.
    """
    recipes: Mapping[str, Row]
    """By their directories in egs2/."""
    languages: Mapping[str, str] | None = None
    """The code of the phone inventory of each of its languages; None where any will do."""
    several_languages: bool = False
    unknown_language: str = ""
    """Why another language will not do, where it is not that the corpus has none such."""
    minutes: Minutes | None = None
    """None where there is no choice."""
    named_sets: bool = False
    """Whether dev and test are of one's choice, by the names of --valid_set and --test_set."""
    letters: bool = False
    """Whether its text is letters, of which there is no inventory."""
    libraries: tuple[str, ...] = ()
    """Distributions whose versions its bytes depend on."""
    of_user: str | None = None
    """Its option that is a folder of the user's: the contents are looked at, and what is read
    elsewhere is listed in sources.scp.
    """
    complete: Callable[[Any], Any] = field(default=lambda told: told)
    """Returns the options with what follows from them. Raises `UserError` where they do not fit."""
    inventory: Callable[["Corpus", Any], str | None] = _by_language
    """The codes of the inventories that its phones are of; None where there is none."""

    @property
    def told(self) -> tuple[str, ...]:
        """All that make_corpus is told, but for the set."""
        return (*self.needs, *self.takes)


def new_folder(path: Path) -> Path:
    """Return an empty directory; recordings of an interrupted or another run go."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
