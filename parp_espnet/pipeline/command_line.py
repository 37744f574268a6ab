"""From the command line of `phn.sh` to settings that fit together, with paths that exist."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parp_espnet.arguments import describe_unknown
from parp_espnet.data.marks import Marks
from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of
from parp_espnet.names import check_name, check_place
from parp_espnet.pipeline.call_options import STAGES
from parp_espnet.pipeline.copies import refuse_copy
from parp_espnet.pipeline.corpus_checks import complete_corpus
from parp_espnet.pipeline.data_options import TokenType
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.noise_checks import check_noise, check_noise_files
from parp_espnet.pipeline.options import parse
from parp_espnet.pipeline.pruning_checks import check_pruning
from parp_espnet.pipeline.resolve import resolve
from parp_espnet.pipeline.score_checks import check_needs, check_raw_speech
from parp_espnet.pipeline.settings import SEARCHES, Settings
from parp_espnet.pipeline.token_types import apart, complete_tokens
from parp_espnet.pipeline.unlabelled_checks import check_unlabelled
from parp_espnet.pruning.methods import METHODS, Source
from parp_espnet.scoring.merge import read_merges
from parp_espnet.scoring.words import Metric
from parp_espnet.sound.mp3 import Mp3Times
from parp_espnet.upstreams.starts import CHOICES, NEAREST, NONE

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
    checked = check_pruning(settings)
    _check_start(checked)
    check_raw_speech(checked)
    check_unlabelled(checked)
    check_noise(checked)
    resolved = apart(resolve(checked))
    check_needs(resolved)
    check_noise_files(resolved)
    _check_lexicon(resolved, checked.lexicon)
    refuse_copy(resolved)
    return resolved


def _check_numbers(settings: Settings) -> None:
    last = len(STAGES)
    if not 1 <= settings.stage <= last or not 1 <= settings.stop_stage <= last:
        given = f"--stage {settings.stage} --stop_stage {settings.stop_stage}"
        raise UserError(
            f"phn.sh: {given}: expected stages from 1 to {last} ({', '.join(STAGES.values())})"
        )
    if settings.stage > settings.stop_stage:
        raise UserError(
            f"phn.sh: --stage {settings.stage} is beyond --stop_stage {settings.stop_stage}"
        )
    if not 0 <= settings.min_wav_duration < settings.max_wav_duration:
        given = f"{settings.min_wav_duration:g} and {settings.max_wav_duration:g}"
        raise UserError(
            f"phn.sh: --min_wav_duration and --max_wav_duration: expected 0 <= min < max, found "
            f"{given}"
        )


def _check_start(settings: Settings) -> None:
    """What the training begins with, and what a training without updates cannot be."""
    if settings.init_head not in CHOICES:
        raise UserError(f"phn.sh: --init_head: {describe_unknown(settings.init_head, CHOICES)}")
    if settings.updates > 0:
        _check_rows(settings)
        return
    if settings.teacher is not None:
        raise UserError(
            f"phn.sh: --teacher {settings.teacher} changes nothing with --updates 0: nothing learns"
        )
    if settings.label_prior is not None:
        raise UserError(
            f"phn.sh: --label_prior {settings.label_prior:g} changes nothing with --updates 0: "
            f"nothing learns"
        )
    row, source = settings.pruning.row, Source[settings.mask_source.upper()]
    trains = row.adjusts or row.adapts or row.from_finetuned
    if trains or source in (Source.FINETUNED, Source.ITERATED):
        still = [name for name, other in METHODS.items() if other.is_ready]
        raise UserError(
            f"phn.sh: --updates 0: expected 1 or more with --method {settings.method}, whose mask, "
            f"adapters or weights training makes; without updates one of {', '.join(still)}"
        )
    wanted = {"init_head": NONE, "upstream_init": "random"}
    for name, value in wanted.items():
        if getattr(settings, name) == value:
            raise UserError(
                f"phn.sh: --updates 0: expected 1 or more with --{name} {value}: nothing would "
                f"have learned to hear phones"
            )


def _check_rows(settings: Settings) -> None:
    """Refuse a choice of rows where the new head has none of the upstream's anyhow."""
    if settings.init_head == NEAREST:
        return
    why = ""
    if settings.upstream_init != "pretrained":
        why = f"with --upstream_init {settings.upstream_init}: the head is drawn"
    if settings.pruning.row.from_finetuned:
        why = f"with --method {settings.method}: its head is the finetuned one"
    if why:
        raise UserError(f"phn.sh: --init_head {settings.init_head} changes nothing {why}")


def _check_names(settings: Settings) -> None:
    """What becomes a folder of data or of experiments."""
    for name in ("phn_tag", "train_set", "valid_set", "test_set"):
        if (value := getattr(settings, name)) is not None:
            check_name(f"phn.sh: --{name}", value)
    for name in ("datadir", "dumpdir"):
        check_place(f"phn.sh: --{name}", getattr(settings, name))
    # ESPnet takes "PATH,NAME,KIND", with or without brackets around it.
    places = ["dumpdir"]
    if Path(settings.expdir).is_absolute():
        places.append("expdir")
    for name in places:
        place = getattr(settings, name)
        if "," in place or place.startswith("("):
            raise UserError(
                f"phn.sh: --{name} {place}: expected a path without commas or a bracket in front, "
                f"for ESPnet"
            )
    lang = settings.lang
    if lang is not None and (not lang.strip() or lang.startswith("-") or not lang.isprintable()):
        raise UserError(f"phn.sh: --lang {lang!r}: expected the code of a language, such as es")
    told = (lang or "").split()
    if len(set(told)) < len(told):
        raise UserError(f"phn.sh: --lang {lang}: expected each language once")


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
    if settings.metric is not None and settings.metric not in list(Metric):
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
    if settings.lexicon is not None and decoding.beam == 1:
        raise UserError("phn.sh: --beam_size 1 is greedy, without a lexicon; expected 2 or more")
    if settings.lexicon is not None and settings.search == "espnet":
        raise UserError(
            "phn.sh: --search espnet: expected no lexicon; --search prefix keeps to its words"
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


def _check_lexicon(settings: Settings, lexicon: Path | None) -> None:
    """That it is one, and of the model's tokens where these are there already; else stage 4, which
    lists them, says so.

    Args:
        lexicon: as it was given, and not as the recipe's directory sees it.
    """
    if lexicon is None:
        return
    from parp_espnet.decoding.word_list import check_lexicon, read_lexicon  # noqa: PLC0415  # NumPy

    tokens = settings.recipe / settings.token_list
    try:
        check_lexicon(lexicon, settings.tokens is not TokenType.PHN)
        if settings.skips(4) and tokens.is_file():
            read_lexicon(lexicon, lines_of(text_of(tokens)))
    except UserError as error:
        raise UserError(f"phn.sh: {error}") from None


def _fill_in(settings: Settings) -> Settings:
    if settings.upstream_init not in ("pretrained", "random"):
        raise UserError(
            f"phn.sh: --upstream_init {settings.upstream_init}: expected pretrained or random"
        )
    if settings.marks not in list(Marks):
        raise UserError(f"phn.sh: --marks {settings.marks}: expected one of {', '.join(Marks)}")
    if settings.mp3_times not in list(Mp3Times):
        raise UserError(
            f"phn.sh: --mp3_times {settings.mp3_times}: expected one of {', '.join(Mp3Times)}"
        )
    if settings.teacher is None and settings.teacher_weight is not None:
        raise UserError(
            f"phn.sh: --teacher_weight {settings.teacher_weight:g} changes nothing without "
            f"--teacher"
        )
    if settings.teacher is not None and settings.mask_source == "iterated":
        raise UserError(
            f"phn.sh: --teacher: expected a method without rounds, found {settings.method}: its "
            f"short finetunings have none"
        )
    settings = complete_corpus(complete_tokens(settings))
    if settings.ngram is not None:
        settings = replace(settings, use_ngram=True)
    return settings
