"""From the command line of `phn.sh` to settings that fit together, with paths that exist."""

import math
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from parp_espnet.corpora.table import CORPORA, FOLDERS, NONE, OF_OWN, Corpus
from parp_espnet.data.marks import Marks
from parp_espnet.errors import UserError
from parp_espnet.files import need_file
from parp_espnet.names import check_name, check_place
from parp_espnet.phones.espeak import VOICES
from parp_espnet.phones.phonemiser import LETTERS
from parp_espnet.pipeline.copies import refuse_copy
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.options import parse
from parp_espnet.pipeline.paths import ROOT, existing, existing_or_named
from parp_espnet.pipeline.pruning import check_pruning
from parp_espnet.pipeline.settings import SEARCHES, SHIPPED, STAGES, Settings
from parp_espnet.pruning.methods import describe_unknown
from parp_espnet.scoring.merge import read_merges
from parp_espnet.scoring.words import Metric

LIBRILIGHT_MINUTES = (10.0, 60.0, 600.0)
SLOWEST, FASTEST = 0.5, 2.0


def read(arguments: Sequence[str]) -> Settings:
    """Read and check the options of `phn.sh`, and resolve its paths. Raises `UserError`."""
    about = (
        "One experiment, from speech to a scored phone recogniser, pruned while it is finetuned."
    )
    settings = parse(Settings, "phn.sh", arguments, description=about)
    _check_numbers(settings)
    _check_names(settings)
    _check_speeds(settings)
    _check_scoring(settings)
    settings = _fill_in(settings)
    _check_decoding(settings)
    resolved = _resolve(check_pruning(settings))
    refuse_copy(resolved)
    return resolved


def _check_numbers(settings: Settings) -> None:
    last = len(STAGES)
    if not 1 <= settings.stage <= last or not 1 <= settings.stop_stage <= last:
        found = f"--stage {settings.stage} --stop_stage {settings.stop_stage}"
        raise UserError(
            f"phn.sh: {found}: expected stages from 1 to {last} ({', '.join(STAGES.values())})"
        )
    if settings.stage > settings.stop_stage:
        raise UserError(
            f"phn.sh: --stage {settings.stage} is beyond --stop_stage {settings.stop_stage}"
        )
    if not 0 <= settings.min_wav_duration < settings.max_wav_duration:
        found = f"{settings.min_wav_duration:g} and {settings.max_wav_duration:g}"
        raise UserError(
            f"phn.sh: --min_wav_duration and --max_wav_duration: expected 0 <= min < max, found "
            f"{found}"
        )


def _check_names(settings: Settings) -> None:
    """What becomes a folder of data or of experiments."""
    for name in ("phn_tag", "train_set", "valid_set", "test_set"):
        if (value := getattr(settings, name)) is not None:
            check_name(f"phn.sh: --{name}", value)
    for name in ("datadir", "dumpdir"):
        check_place(f"phn.sh: --{name}", getattr(settings, name))
    # ESPnet takes "PATH,NAME,KIND", with or without brackets around it.
    places = ["dumpdir", *(["expdir"] if Path(settings.expdir).is_absolute() else [])]
    for name in places:
        found = getattr(settings, name)
        if "," in found or found.startswith("("):
            raise UserError(
                f"phn.sh: --{name} {found}: expected a path without commas or a bracket in front, "
                f"for ESPnet"
            )
    if settings.lang is not None and not (settings.lang.strip() and settings.lang.isprintable()):
        raise UserError(
            f"phn.sh: --lang {settings.lang!r}: expected the code of a language, such as es"
        )
    told = (settings.lang or "").split()
    if len(set(told)) < len(told):
        raise UserError(f"phn.sh: --lang {settings.lang}: expected each language once")


def _check_speeds(settings: Settings) -> None:
    try:
        speeds = settings.speeds
    except ValueError:
        speeds = (math.nan,)
    if not all(SLOWEST <= speed <= FASTEST for speed in speeds) or len(set(speeds)) < len(speeds):
        raise UserError(
            f"phn.sh: --speed_perturb_factors {settings.speed_perturb_factors}: expected "
            f"different factors "
            f"from {SLOWEST:g} to {FASTEST:g}, such as '0.9 1.0 1.1'"
        )


def _check_scoring(settings: Settings) -> None:
    if settings.metric not in list(Metric):
        raise UserError(f"phn.sh: --metric {settings.metric}: expected one of {', '.join(Metric)}")
    if settings.merge is not None:
        try:
            read_merges(settings.merge)
        except UserError as error:
            raise UserError(f"phn.sh: --merge: {error}") from None


def _check_decoding(settings: Settings) -> None:
    decoding = Decoding(settings)
    if settings.search not in SEARCHES:
        raise UserError(
            f"phn.sh: --search {settings.search}: expected one of {', '.join(SEARCHES)}"
        )
    needs = {
        "lm_weight": (decoding.uses_lm, "--use_lm true"),
        "lm_config": (decoding.uses_lm, "--use_lm true"),
        "ngram_weight": (decoding.uses_ngram, "--use_ngram true"),
        "lm_train_text": (
            decoding.uses_lm or decoding.uses_ngram,
            "--use_lm true or --use_ngram true",
        ),
        "penalty": (decoding.beam > 1 or settings.compare_decoding, "--beam_size of 2 or more"),
    }
    for name, (there, expected) in needs.items():
        if getattr(settings, name) is not None and not there:
            raise UserError(
                f"phn.sh: --{name} {getattr(settings, name)} changes nothing without {expected}"
            )
    if decoding.has_language_model and decoding.beam == 1:
        raise UserError(
            "phn.sh: --beam_size 1 is greedy, without a language model; expected 2 or more"
        )
    if settings.compare_decoding and settings.beam_size == 1:
        raise UserError(
            "phn.sh: --beam_size 1 is greedy, which --compare_decoding true has anyway; expected "
            "2 or more"
        )
    if settings.compare_decoding and settings.search == "espnet":
        raise UserError(
            "phn.sh: --compare_decoding true is of our search; expected --search prefix"
        )
    if settings.search == "espnet" and settings.use_ngram:
        raise UserError(
            "phn.sh: --search espnet: expected no n-gram; --search prefix decodes with one"
        )
    if settings.search == "espnet" and decoding.tunes:
        raise UserError("phn.sh: --search espnet is not tuned: expected --lm_weight and --penalty")


def _fill_in(settings: Settings) -> Settings:
    if settings.upstream_init not in ("pretrained", "random"):
        raise UserError(
            f"phn.sh: --upstream_init {settings.upstream_init}: expected pretrained or random"
        )
    if settings.marks not in list(Marks):
        raise UserError(f"phn.sh: --marks {settings.marks}: expected one of {', '.join(Marks)}")
    if settings.corpus == NONE:
        _refuse_minutes(settings)
        _refuse_options_of_own(settings)
    elif settings.corpus in CORPORA:
        settings = _fill_in_corpus(settings, CORPORA[settings.corpus])
    else:
        known = ", ".join((*CORPORA, NONE))
        raise UserError(f"phn.sh: --corpus {settings.corpus}: expected one of {known}")
    if settings.ngram is not None:
        settings = replace(settings, use_ngram=True)
    if settings.sparsity is None:
        settings = replace(settings, sparsity=0.0 if settings.method == "dense" else 0.5)
    return settings


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
    defaults = {field.name: field.default for field in fields(Settings)}
    for name in OF_OWN:
        # Words may be recognised of any text.
        if name != "words_as_tokens" and getattr(settings, name) != defaults[name]:
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


def _resolve(settings: Settings) -> Settings:
    """Turn the user's paths into paths from the recipe directory, or absolute ones outside of the
    project.
    """
    if not settings.recipe.is_dir():
        raise UserError(f"phn.sh: --recipe {settings.recipe}: no such directory")
    recipe = settings.recipe.resolve()
    config = _existing_file(
        "train_config", settings.train_config or ROOT / "conf/train/phn.yaml", recipe
    )
    lm_config = _existing_file(
        "lm_config", settings.lm_config or ROOT / "conf/train/lm.yaml", recipe
    )
    mask, merge, text = settings.initial_mask, settings.merge, settings.lm_train_text
    given: dict[str, Path | None] = {name: getattr(settings, name) for name in FOLDERS}
    folders: dict[str, Any] = {
        name: _existing(name, path, recipe) for name, path in given.items() if path is not None
    }
    return replace(
        settings,
        recipe=recipe,
        train_config=config,
        initial_mask=None
        if mask is None
        else _existing_file("initial_mask", mask, recipe, needed=not settings.dry_run),
        upstream=_resolve_upstream(settings.upstream, recipe),
        merge=None if merge is None else _existing_file("merge", merge, recipe),
        ngram=None if settings.ngram is None else _existing_file("ngram", settings.ngram, recipe),
        lm_config=lm_config,
        lm_train_text=None if text is None else _existing_file("lm_train_text", text, recipe),
        **folders,
        **_written_to(settings),
    )


def _written_to(settings: Settings) -> dict[str, Any]:
    """Where all goes that is written: below an absolute `--expdir`, for a checkout that may not be
    written.

    The sets of who has made them, or makes them with local/data.sh, stay in the recipe directory.
    """
    if not Path(settings.expdir).is_absolute():
        return {}
    names = ("dumpdir",) if settings.corpus == NONE else ("datadir", "dumpdir")
    defaults = {field.name: field.default for field in fields(Settings) if field.name in names}
    usual = [name for name in names if getattr(settings, name) == defaults[name]]
    return {name: f"{settings.expdir}/{defaults[name]}" for name in usual}


def _resolve_upstream(upstream: str, recipe: Path) -> str:
    shipped = SHIPPED / upstream
    if "/" not in upstream and shipped.is_dir():
        return os.path.relpath(shipped, recipe)
    found = existing_or_named(
        "phn.sh", "upstream", upstream, recipe, ("file or directory", "an upstream")
    )
    if "/" not in found:
        # Models of speech have an owner on the hub.
        known = [*sorted(path.name for path in SHIPPED.iterdir()), "owner/model"]
        raise UserError(
            f"phn.sh: --upstream: no such file or directory; {describe_unknown(upstream, known)}"
        )
    return found


def _existing_file(name: str, path: Path, recipe: Path, needed: bool = True) -> Path:
    found = _existing(name, path, recipe, needed)
    if path.exists():
        try:
            need_file(path)
        except UserError as error:
            raise UserError(f"phn.sh: --{name}: {error}") from None
    return found


def _existing(name: str, path: Path, recipe: Path, needed: bool = True) -> Path:
    return existing("phn.sh", name, path, recipe, needed)
