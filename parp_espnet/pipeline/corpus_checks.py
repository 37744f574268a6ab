"""What the options of `phn.sh` say of a corpus: completed, and refused where they do not fit it."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.corpora.known.corpus import Corpus, Minutes, Note
from parp_espnet.corpora.registry import CORPORA, FOLDERS, NONE
from parp_espnet.errors import UserError
from parp_espnet.phones.languages import meant
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.options import options_of_class
from parp_espnet.pipeline.settings import Settings

MINUTES_AND_SETS = {
    "train_minutes": "train_set",
    "valid_minutes": "valid_set",
    "test_minutes": "test_set",
}


def complete_corpus(settings: Settings) -> Settings:
    """Return the options with what the corpus has by default. Raises `UserError`."""
    if settings.corpus != NONE and settings.corpus not in CORPORA:
        known = ", ".join((*CORPORA, NONE))
        raise UserError(f"phn.sh: --corpus {settings.corpus}: expected one of {known}")
    _refuse_options_of_others(settings)
    _refuse_other_tokens(settings)
    if settings.corpus == NONE:
        _refuse_minutes(settings, MINUTES_AND_SETS)
        return settings
    corpus = CORPORA[settings.corpus]
    _check_languages(settings, corpus)
    settings = _fill_in_minutes(settings, corpus)
    _check_sets(settings, corpus)
    return fill_in_folders(corpus.complete(settings), corpus)


def _check_languages(settings: Settings, corpus: Corpus) -> None:
    languages = (settings.lang or "").split()
    known = corpus.languages
    if known is not None and not (languages and set(languages) <= set(known)):
        what = corpus.unknown_language or f"no language of --corpus {corpus.name}"
        raise UserError(
            f"phn.sh: --lang {settings.lang or 'none'}: {what}; expected one of "
            f"{' '.join(known)}{meant(settings.lang or '', known)}"
        )
    if len(languages) > 1 and not corpus.several_languages:
        several = ", ".join(name for name, other in CORPORA.items() if other.several_languages)
        raise UserError(
            f"phn.sh: --lang {settings.lang}: expected one language; several are for --corpus "
            f"{several}"
        )


def _fill_in_minutes(settings: Settings, corpus: Corpus) -> Settings:
    minutes = corpus.minutes or Minutes(None, None, None)
    if corpus.minutes is None:
        _refuse_minutes(settings, MINUTES_AND_SETS)
    elif corpus.named_sets:
        _refuse_minutes(settings, ("valid_minutes", "test_minutes"))
    return replace(
        settings,
        train_minutes=settings.train_minutes or minutes.train,
        valid_minutes=settings.valid_minutes or minutes.dev,
        test_minutes=settings.test_minutes or minutes.test,
    )


def fill_in_folders(settings: Settings, corpus: Corpus) -> Settings:
    """Return the options with where the corpus is: what a variable says, as of db.sh, unless the
    user does.

    The variable is the option's name in capitals. Raises `UserError` where neither is there.
    """
    for option in corpus.told:
        if option not in FOLDERS or getattr(settings, option) is not None:
            continue
        variable = option.upper()
        folder = os.environ.get(variable)
        if folder:
            settings = replace(settings, **dict[str, Any]({option: Path(folder)}))
        elif option in corpus.needs:
            raise UserError(
                f"phn.sh: --corpus {corpus.name}: expected --{option} DIR, or "
                f"{variable}=DIR in db.sh: {FOLDERS[option].what}"
            )
    return settings


def _refuse_options_of_others(settings: Settings) -> None:
    """Refuse what only another corpus is told; folders and what is about any text may be given."""
    for corpus in CORPORA.values():
        if corpus.name == settings.corpus:
            continue
        for name, option in options_of_class(corpus.options).items():
            value = getattr(settings, name)
            is_open = name in FOLDERS or Note.FOR_ANY in option.notes
            if not is_open and value != option.default:
                raise UserError(f"phn.sh: --{name} {value} is for --corpus {corpus.name} alone")


def _refuse_other_tokens(settings: Settings) -> None:
    """Refuse what is to become of a text, where the corpus has phones, or letters, of its own."""
    if settings.corpus == NONE:
        if settings.phonemise not in (None, LETTERS):
            raise UserError(
                f"phn.sh: --phonemise {settings.phonemise}: --corpus {NONE} has the tokens that "
                f"its text has; expected --phonemise {LETTERS} where these are letters, or "
                f"--corpus {_told_of('phonemise')}"
            )
        return
    corpus = CORPORA[settings.corpus]
    if settings.phonemise is not None and "phonemise" not in corpus.told:
        raise UserError(
            f"phn.sh: --phonemise {settings.phonemise}: --corpus {corpus.name} has phones already; "
            f"expected --corpus {_told_of('phonemise')}"
        )
    if settings.words_as_tokens and "words_as_tokens" not in corpus.told:
        raise UserError(
            f"phn.sh: --words_as_tokens true: --corpus {corpus.name} makes phones or letters; "
            f"expected --corpus {_told_of('words_as_tokens')} or {NONE}"
        )


def _told_of(option: str) -> str:
    """The corpora that an option changes, as a message names them."""
    return ", ".join(name for name, corpus in CORPORA.items() if option in corpus.told)


def _refuse_minutes(settings: Settings, names: Iterable[str]) -> None:
    """Refuse minutes of sets that are as large as they are."""
    for name in names:
        if getattr(settings, name) is None:
            continue
        known: list[str] = []
        for corpus in CORPORA.values():
            has_choice = name == "train_minutes" or not corpus.named_sets
            if corpus.minutes is not None and has_choice:
                known.append(corpus.name)
        raise UserError(
            f"phn.sh: --{name} is for --corpus {', '.join(known)}; choose a set by "
            f"--{MINUTES_AND_SETS[name]}"
        )


def _check_sets(settings: Settings, corpus: Corpus) -> None:
    """Each set that a corpus makes has a directory of its own."""
    names = [settings.train_name, settings.valid_set, settings.test_set]
    # Published sets are called by these names: the one that is validated on may be reported on.
    apart = names[:2] if corpus.named_sets and settings.valid_set == settings.test_set else names
    if len(set(apart)) < len(apart):
        train, valid, test = names
        raise UserError(
            f"phn.sh: expected a name of its own for each set that is made, found --train_set "
            f"{train} --valid_set {valid} --test_set {test}"
        )
