"""An arm in a language as its experiments: one for each choice of its options, and of its masks."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.glue import command_line as glue
from parp_espnet.names import digest
from parp_espnet.pipeline import command_line as speech
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import Experiment as Settings
from parp_espnet.pruning.methods import METHODS
from parp_espnet.study.experiment import FINAL_MASK, PRUNING, Combined, Experiment
from parp_espnet.study.grid import MaskOf, PlannedArm
from parp_espnet.study.names import combined_mask

READERS: Mapping[str, Callable[[Sequence[str]], Settings]] = {
    "phn.sh": speech.read,
    "glue.sh": glue.read,
}
"""How the options of each template are read."""


def words_of(values: Mapping[str, Any]) -> list[str]:
    """Return options as words of a command line, each called one way: it may be written with - for
    _.
    """
    words = []
    for name, value in values.items():
        words += [f"--{name.replace('-', '_')}", str(value)]
    return words


def experiments_of(
    arm: PlannedArm, language: str, recipe: str, shared: Sequence[str], made: Sequence[Experiment]
) -> tuple[list[Experiment], list[str]]:
    """Every choice of an arm in one language; also returns what is wrong with it."""
    experiments: list[Experiment] = []
    faults = []
    for choice in arm.combinations():
        options = [*shared, *words_of(choice)]
        try:
            start = _start(arm, choice, made)
            if start is not None:
                options += ["--upstream", str(ROOT / start.directory)]
            plain = _experiment(arm.name, language, recipe, options, masked=arm.mask_of is not None)
            if arm.mask_of is None:
                experiments.append(plain)
            else:
                experiments += _masked(arm, plain, recipe, [*made, *experiments])
        except UserError as error:
            faults.append(f"arm {arm.name}: {error}")
    return experiments, faults


def _start(
    arm: PlannedArm, choice: Mapping[str, Any], made: Sequence[Experiment]
) -> Experiment | None:
    """The experiment that an arm's own go on from; None where they begin with an upstream."""
    wanted = arm.upstream_of
    if wanted is None:
        return None
    matching = []
    for experiment in made:
        of_arm = (experiment.arm, experiment.language) == (wanted.arm, wanted.language)
        if of_arm and wanted.method in (None, experiment.settings.method):
            matching.append(experiment)
    if len(matching) > 1:
        seed = choice.get("seed", 0)
        matching = [experiment for experiment in matching if experiment.settings.seed == seed]
    if len(matching) != 1:
        raise UserError(
            f"upstream_of has to name one experiment of an arm above it: in arm {wanted.arm} there "
            f"are {len(matching)} in language {wanted.language}"
        )
    return matching[0]


def _masked(
    arm: PlannedArm, plain: Experiment, recipe: str, made: Sequence[Experiment]
) -> Iterator[Experiment]:
    """An experiment for each mask that the arm's `mask_of` names."""
    assert arm.mask_of is not None
    for languages in arm.mask_of.sources(plain.language, plain.settings.pruning.row.adjusts):
        masks: tuple[Path, ...] = ()
        for language in languages:
            masks += (_source(arm.mask_of, language, plain, made).mask,)
        if arm.mask_of.combine is None:
            options = [*plain.options, "--initial_mask", str(ROOT / masks[0])]
            yield _experiment(arm.name, plain.language, recipe, options)
            continue
        how, settings = arm.mask_of.combine, plain.settings
        # Where an option leaves it out, checking them has put the method's own.
        assert settings.sparsity is not None
        path = combined_mask(how, arm.mask_of.arm, languages, settings.sparsity, settings.seed)
        combined = Combined(how, masks, _free(path, masks, made))
        # The mask's sparsity is not known yet, and names the experiment otherwise.
        options = [*plain.options, "--initial_mask", str(ROOT / combined.path)]
        options += [f"--{settings.TAG_OPTION}", f"{settings.tag}_{how}"]
        experiment = _experiment(arm.name, plain.language, recipe, options)
        yield replace(experiment, combined=combined)


def _free(path: Path, masks: tuple[Path, ...], made: Sequence[Experiment]) -> Path:
    """The place of a combined mask; beside that of other masks, as of another scope, one with a
    hash in its name.
    """
    for experiment in made:
        other = experiment.combined
        if other is not None and other.path == path and other.masks != masks:
            return path.with_stem(f"{path.stem}_{digest(masks)}")
    return path


def _source(
    wanted: MaskOf, language: str, target: Experiment, made: Sequence[Experiment]
) -> Experiment:
    """The experiment of the wanted arm in `language` that is like the target in what a mask depends
    on.
    """
    methods = [wanted.method]
    if not wanted.method:
        methods = [name for name, row in METHODS.items() if row.prunes]
    wanted_of_it = _alike(target.settings)
    matching = []
    for experiment in made:
        of_arm = (experiment.arm, experiment.language) == (wanted.arm, language)
        of_method = experiment.settings.method in methods
        if of_arm and of_method and _alike(experiment.settings) == wanted_of_it:
            matching.append(experiment)
    if len(matching) > 1:
        # Where the arm above has several values of another option, it is that with the target's
        # own.
        own = _shared(target.settings)
        matching = [other for other in matching if _shared(other.settings) == own] or matching
    if len(matching) != 1:
        raise UserError(
            f"mask_of has to name one experiment of an arm above it: in arm {wanted.arm} there "
            f"are {len(matching)} in "
            f"language {language} with sparsity {target.settings.sparsity:g} and seed "
            f"{target.settings.seed}"
        )
    return matching[0]


def _alike(settings: Settings) -> tuple[object, ...]:
    """What a mask depends on, beside its language and method."""
    return (
        settings.upstream_label,
        settings.sparsity,
        settings.seed,
        settings.freeze_updates,
        settings.score,
        settings.scope,
        settings.pattern,
        settings.prune_biases,
        settings.prune_pattern,
    )


def _shared(settings: Settings) -> dict[str, object]:
    """The options that are none of pruning."""
    aside = {*PRUNING, "seed", "lang", "task"}
    return {name: value for name, value in options_of(settings).items() if name not in aside}


def _experiment(
    arm: str, language: str, recipe: str, options: Sequence[str], masked: bool = False
) -> Experiment:
    for word in options:
        if word in ("-h", "--help"):
            raise UserError(f"expected options and their values, found {word}")
    template, words = _own_options(ROOT / recipe)
    words += options
    if masked:
        # A method that begins with a mask file, such as transfer, cannot be read without one.
        words += ["--initial_mask", str(ROOT / FINAL_MASK)]
    settings = READERS[template]([*words, "--dry_run", "true"])
    return Experiment(arm, language, tuple(options), settings)


def _own_options(recipe: Path) -> tuple[str, list[str]]:
    """A recipe's template, and the options that its `run.sh` puts before the user's: they name the
    experiment, too.
    """
    script = recipe / "run.sh"
    try:
        text = script.read_text(encoding="utf-8").replace("\\\n", " ")
    except (OSError, ValueError):
        raise UserError(f"{recipe}: no recipe: expected a run.sh in it") from None
    call = re.search(r'^exec \S*\b(phn\.sh|glue\.sh)"? (.*) "\$@"$', text, re.MULTILINE)
    if call is None:
        raise UserError(
            f"{script}: expected a line that begins with exec …phn.sh or …glue.sh and ends with "
            f'"$@"'
        )
    if not recipe.resolve().is_relative_to(ROOT.resolve()):
        raise UserError(f"{recipe}: expected a recipe of this project, below {ROOT}")
    return call[1], shlex.split(call[2].replace("${here}", str(recipe)))
