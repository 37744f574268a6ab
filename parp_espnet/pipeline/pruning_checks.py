"""Whether the options of pruning fit together, before anything runs."""

import re
from dataclasses import replace

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError, printable
from parp_espnet.names import check_place
from parp_espnet.pipeline.paths import existing
from parp_espnet.pipeline.pruning import FIRST_MASKS, Experiment
from parp_espnet.pruning.idle import check_frozen, check_ranking
from parp_espnet.pruning.methods import UNPRUNED, row_of
from parp_espnet.pruning.patterns import NONE, has_one_sparsity, is_pattern
from parp_espnet.pruning.ranking import GLOBAL
from parp_espnet.pruning.scopes import read_rates
from parp_espnet.pruning.scores import MAGNITUDE, Need, find_score


def check_pruning[T: Experiment](settings: T) -> T:
    """Return the settings as they are to be run. Raises `UserError` where they do not
    fit together.
    """
    program = settings.PROGRAM
    check_place(f"{program}: --expdir", settings.expdir)
    if settings.prune_pattern is not None:
        _check_pool(settings.prune_pattern, f"{program}: --prune_pattern")
    if settings.first_mask is not None and settings.first_mask not in FIRST_MASKS:
        raise UserError(
            f"{program}: --first_mask: {describe_unknown(settings.first_mask, FIRST_MASKS)}"
        )
    if settings.first_mask is not None and settings.initial_mask is not None:
        raise UserError(
            f"{program}: --first_mask and --initial_mask: expected one of them, found both"
        )
    if settings.first_mask is not None and not row_of(settings.method).prunes:
        raise UserError(
            f"{program}: --first_mask {settings.first_mask}: method {settings.method} prunes "
            f"nothing; leave it out"
        )
    try:
        check_ranking(settings)
    except UserError as error:
        raise UserError(f"{program}: --{error}") from None
    settings = _with_scope(settings)
    if settings.sparsity is None:
        settings = replace(settings, sparsity=_usual_sparsity(settings.method))
    try:
        pruning = settings.pruning
    except UserError as error:
        raise UserError(f"{program}: {error}") from None
    _check_ranking(settings)
    _check_rounds(settings)
    _check_frozen(settings)
    # A mask that stays has no interval; and two runs that differ only there are the same run.
    return settings if pruning.row.adjusts else replace(settings, interval=None)


def _check_pool(pattern: str, option: str) -> None:
    """Raise `UserError` for what is no regular expression of names, or would be an option of the
    commands that are given it.
    """
    said = f"{option} {printable(repr(pattern))}: expected a regular expression of whole names"
    try:
        re.compile(pattern)
    except re.error as error:
        raise UserError(f"{said} ({error})") from None
    if pattern.startswith("-"):
        raise UserError(f"{said}, found a dash in front, with which no name begins")


def _usual_sparsity(method: str) -> float:
    """What a method prunes unless told; one that there is not is refused later."""
    return 0.5 if row_of(method).prunes else 0.0


def _with_scope[T: Experiment](settings: T) -> T:
    """Return the settings with scope and pattern as files have them: a pattern in the place of the
    scope, as 2:4 was before there were patterns, and a file of rates as the recipe sees it.

    Raises `UserError` where that file is missing, or holds none.
    """
    program = settings.PROGRAM
    if is_pattern(settings.pattern) and settings.scope in (GLOBAL, settings.pattern):
        return replace(settings, scope=settings.pattern, pattern=NONE)
    if settings.rates is None:
        return settings
    try:
        read_rates(settings.rates)
    except UserError as error:
        raise UserError(f"{program}: --{error}") from None
    return replace(settings, scope=str(existing(program, "scope", settings.rates, settings.recipe)))


def _check_ranking(settings: Experiment) -> None:
    """Raise `UserError` where the first mask is made of a file in a way that its ranking cannot
    have.
    """
    program, source = settings.PROGRAM, settings.mask_source
    if has_one_sparsity(settings.scope) and source == "iterated":
        raise UserError(
            f"{program}: --pattern {settings.scope} has one sparsity; expected a first mask "
            f"without rounds, which are of several"
        )
    need = find_score(settings.score).needs
    if need is not Need.NOTHING and source in FIRST_MASKS and source != "uniform":
        raise UserError(
            f"{program}: --score {settings.score} needs {need.value}, which a {source} first mask "
            f"cannot be ranked by; expected --score {MAGNITUDE}, or another first mask"
        )


def _check_rounds(settings: Experiment) -> None:
    """Raise `UserError` where rounds of short finetuning would end at nothing, or there are none
    that could be so long.
    """
    program = settings.PROGRAM
    if settings.mask_source != "iterated":
        if settings.round_updates is not None:
            raise UserError(
                f"{program}: --round_updates {settings.round_updates}: expected a first mask of "
                f"rounds, such as method imp's, found one that is {settings.mask_source}; leave it "
                f"out"
            )
        return
    if settings.first_sparsity > 0:
        return
    began = "" if settings.sparsity == 0 else ", where its sparsity begins"
    raise UserError(
        f"{program}: {_masked_by(settings)}: expected a sparsity above 0, which rounds of short "
        f"finetuning end with, found 0{began}; take another first mask, or method {UNPRUNED}"
    )


def _check_frozen(settings: Experiment) -> None:
    """Raise `UserError` where only the head would ever train, though a mask is to be of weights
    that have trained.
    """
    program, frozen = settings.PROGRAM, settings.freeze_updates
    try:
        check_frozen(settings, settings.updates)
    except UserError as error:
        raise UserError(f"{program}: --{error}") from None
    lengths = {
        "finetuned": (settings.updates, "updates"),
        "iterated": (settings.round_length, "updates of a round (--round_updates)"),
    }
    length, called = lengths.get(settings.mask_source, (0, ""))
    if settings.sparsity and 0 < length <= frozen:
        raise UserError(
            f"{program}: --freeze_updates {frozen}: expected fewer than the {length} {called} with "
            f"{_masked_by(settings)}, whose first mask is of weights that have trained"
        )


def _masked_by(settings: Experiment) -> str:
    """The option that says where the first mask comes from."""
    if settings.first_mask is not None:
        return f"--first_mask {settings.first_mask}"
    return f"--method {settings.method}"
