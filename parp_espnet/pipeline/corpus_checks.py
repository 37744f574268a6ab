"""What the options of `phn.sh` say of a corpus: completed, and refused where they do not fit it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.corpora.table import CORPORA, FOLDERS, NONE, OF_OWN, Corpus
from parp_espnet.errors import UserError
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.options import options_of_class
from parp_espnet.pipeline.settings import Settings

LIBRILIGHT_MINUTES = (10.0, 60.0, 600.0)


def complete_corpus(settings: Settings) -> Settings:
    """Return the options with what the corpus has by default. Raises `UserError`."""
    if settings.corpus == NONE:
        _refuse_minutes(settings)
        _refuse_options_of_own(settings)
        return settings
    if settings.corpus in CORPORA:
        return _fill_in_corpus(settings, CORPORA[settings.corpus])
    known = ", ".join((*CORPORA, NONE))
    raise UserError(f"phn.sh: --corpus {settings.corpus}: expected one of {known}")


def _fill_in_corpus(settings: Settings, corpus: Corpus) -> Settings:
    """Complete what the corpus is told."""
    if settings.corpus == "own":
        settings = _fill_in_own(settings)
    else:
        _refuse_options_of_own(settings)
    languages = (settings.lang or "").split()
    if corpus.languages is not None and not (languages and set(languages) <= set(corpus.languages)):
        what = (
            "no voice for it"
            if settings.corpus == "cldr"
            else f"no language of --corpus {settings.corpus}"
        )
        raise UserError(
            f"phn.sh: --lang {settings.lang}: {what}; expected one of {' '.join(corpus.languages)}"
        )
    if len(languages) > 1 and settings.corpus != "cldr":
        raise UserError(
            f"phn.sh: --lang {settings.lang}: expected one language; several are for --corpus cldr"
        )
    if corpus.minutes is None:
        _refuse_minutes(settings)
    else:
        settings = replace(
            settings,
            train_minutes=settings.train_minutes or corpus.minutes.train,
            valid_minutes=settings.valid_minutes or corpus.minutes.dev,
            test_minutes=settings.test_minutes or corpus.minutes.test,
        )
    _check_sets(settings, corpus)
    if settings.corpus == "librilight":
        _check_librilight(settings)
    elif settings.fold:
        raise UserError(
            f"phn.sh: --fold {settings.fold} is for --corpus librilight, which has six lists of "
            f"ten minutes"
        )
    for option in corpus.options:
        if option in FOLDERS and getattr(settings, option) is None:
            variable = option.upper()
            if found := os.environ.get(variable):
                settings = replace(settings, **dict[str, Any]({option: Path(found)}))
            elif option in corpus.needs:
                raise UserError(
                    f"phn.sh: --corpus {settings.corpus}: expected --{option} DIR, or "
                    f"{variable}=DIR in db.sh: "
                    f"{FOLDERS[option]}"
                )
    return settings


def _fill_in_own(settings: Settings) -> Settings:
    kind = settings.phonemise
    if kind is not None and kind not in (LETTERS, *VOICES):
        raise UserError(
            f"phn.sh: --phonemise {kind}: expected {LETTERS}, or one of {' '.join(VOICES)}"
        )
    # und is the code of a language that is not known.
    return replace(settings, lang=settings.lang or (kind if kind in VOICES else "und"))


def _refuse_options_of_own(settings: Settings) -> None:
    options = options_of_class(Settings)
    for name in OF_OWN:
        # Words may be recognised of any text.
        if name != "words_as_tokens" and getattr(settings, name) != options[name].default:
            raise UserError(f"phn.sh: --{name} {getattr(settings, name)} is for --corpus own alone")


def _check_librilight(settings: Settings) -> None:
    if settings.train_minutes not in LIBRILIGHT_MINUTES:
        found = f"--train_minutes {settings.train_minutes:g}"
        raise UserError(f"phn.sh: {found}: expected 10, 60 or 600, the lists of Libri-light")
    _refuse_minutes(replace(settings, train_minutes=None), without=("librilight",))
    if settings.fold not in range(6) or (settings.fold and settings.train_minutes != 10):
        raise UserError(
            f"phn.sh: --fold {settings.fold}: expected 0 to 5, and 0 for more than ten minutes"
        )


def _refuse_minutes(settings: Settings, without: Sequence[str] = ()) -> None:
    """Refuse minutes of sets that are as large as they are; `without` are corpora whose training
    set is not.
    """
    for name, chosen in {
        "train_minutes": "train_set",
        "valid_minutes": "valid_set",
        "test_minutes": "test_set",
    }.items():
        if getattr(settings, name) is None:
            continue
        known = ", ".join(
            corpus
            for corpus, it in CORPORA.items()
            if it.minutes is not None and corpus not in without
        )
        raise UserError(f"phn.sh: --{name} is for --corpus {known}; choose a set by --{chosen}")


def _check_sets(settings: Settings, corpus: Corpus) -> None:
    """Each set that a corpus makes has a directory of its own."""
    names = [settings.train_name, settings.valid_set, settings.test_set]
    # Published sets are called by these names: the one that is validated on may be reported on.
    apart = names[:2] if corpus.named_sets and settings.valid_set == settings.test_set else names
    if len(set(apart)) < len(apart):
        found = " ".join(
            f"--{part}_set {name}"
            for part, name in zip(("train", "valid", "test"), names, strict=True)
        )
        raise UserError(
            f"phn.sh: expected a name of its own for each set that is made, found {found}"
        )
