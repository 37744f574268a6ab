"""What a study runs: every arm in every language, as options of the recipes' `run.sh`, and in which
order.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from parp_espnet.errors import UserError
from parp_espnet.glue import command_line as glue
from parp_espnet.names import digest
from parp_espnet.pipeline import command_line as speech
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.made import options_of
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import Experiment as Settings
from parp_espnet.pipeline.settings import Settings as SpeechSettings
from parp_espnet.pruning.methods import METHODS, UNPRUNED, Source
from parp_espnet.study.grid import Arm, MaskOf, read_grid
from parp_espnet.study.names import combined_mask

READERS: Mapping[str, Callable[[Sequence[str]], Settings]] = {
    "phn.sh": speech.read,
    "glue.sh": glue.read,
}
"""How the options of each template are read."""
NOT_OF_PRUNING = {"recipe", "expdir", "updates", "seed"}
PRUNING = tuple(field.name for field in fields(Settings) if field.name not in NOT_OF_PRUNING)
"""The options that say how an experiment prunes."""
OMP_MASK = "finetuned_mask.safetensors"
FINAL_MASK = "mask.safetensors"


@dataclass(frozen=True)
class Combined:
    """A mask that a study makes of others, before the experiment that begins with it."""

    how: str
    """A word of `parp-mask combine`."""
    masks: tuple[Path, ...]
    """Of the masks, from the project's directory."""
    path: Path
    """Where the mask is to be, from the project's directory."""


@dataclass(frozen=True)
class Experiment:
    """One arm in one language, with one choice of its options."""

    arm: str
    language: str
    options: tuple[str, ...]
    """Options of the recipe's `run.sh`."""
    settings: Settings
    needs: tuple[Path, ...] = ()
    """Directories of the experiments that have to be complete before, from the project's."""
    combined: Combined | None = None
    """The mask that it begins with, where the study makes it. Its sparsity is then the
    experiment's.
    """

    @property
    def recipe(self) -> Path:
        """The recipe's directory, from the project's."""
        return self.settings.recipe.relative_to(ROOT)

    @property
    def directory(self) -> Path:
        """Where the experiment is, from the project's directory."""
        return self.recipe / self.settings.expdir / self.settings.tag

    @property
    def result(self) -> Path:
        """The experiment's result, from the project's directory."""
        return self.directory / "result.json"

    @property
    def folders(self) -> list[Path]:
        """Folders of its steps' records, from the project's directory."""
        if not isinstance(self.settings, SpeechSettings):
            return [self.directory]
        return [
            self.directory,
            self.directory / Decoding(self.settings).name / self.settings.test_set,
        ]

    @property
    def first_mask(self) -> Source:
        """Where its first mask comes from."""
        return Source[self.settings.mask_source.upper()]

    @property
    def prunes(self) -> bool:
        """Whether it prunes at all."""
        return self.settings.pruning.row.prunes

    @property
    def finetunings(self) -> dict[Path, int]:
        """Updates of all that is finetuned for it, by directory: itself, OMP's dense model, IMP's
        rounds.
        """
        settings, beside = self.settings, self.directory.parent
        found = {beside / tag: settings.round_length for tag in settings.round_tags}
        if self.first_mask is Source.FINETUNED:
            found[beside / settings.dense.tag] = settings.updates
        return found | {self.directory: settings.updates}

    @property
    def preparation(self) -> tuple[str, ...]:
        """Options that prepare data, upstream and statistics: what all methods share, as a dense
        model needs it.
        """
        given = dict(zip(self.options[::2], self.options[1::2], strict=True))
        aside = {f"--{name}" for name in (*PRUNING, self.settings.TAG_OPTION)}
        return tuple(
            word for name, value in given.items() if name not in aside for word in (name, value)
        )

    @property
    def mask(self) -> Path:
        """The mask that others may begin with: what OMP ranked, which is there early, or what the
        run ended with.
        """
        if self.first_mask is Source.FINETUNED:
            return self.directory / OMP_MASK
        return self.directory / FINAL_MASK


@dataclass(frozen=True)
class Study:
    """A study's experiments, in the order of its table."""

    name: str
    experiments: tuple[Experiment, ...]
    exports: tuple[str, ...] = ()
    """Formats whose size and speed are measured of every experiment."""

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> Self:
        """Read a study's YAML; its name is the file's unless given.

        Raises `UserError` when it is none, or with all that is wrong in it, a line each.
        """
        grid, faults = read_grid(path)
        shared = _options(grid.options)
        made: list[Experiment] = []
        for arm in grid.arms:
            for language in arm.languages:
                found, wrong = _experiments(arm, language, grid.recipes[language], shared, made)
                made += found
                # What is wrong with every choice of an arm is said once.
                faults += [fault for fault in dict.fromkeys(wrong) if fault not in faults]
        faults += _twice(made)
        if grid.exports and not all(isinstance(one.settings, SpeechSettings) for one in made):
            faults.append("exports: expected recipes of speech alone, found one of text")
        if faults:
            head = f"{path}: " if len(faults) == 1 else f"{path}: {len(faults)} faults\n    "
            raise UserError(head + "\n    ".join(faults))
        order = list(grid.recipes)
        return cls(
            name or path.stem,
            tuple(sorted(made, key=lambda one: order.index(one.language))),
            grid.exports,
        )

    def waves(self) -> list[list[Experiment]]:
        """Return the experiments in waves, none of which is empty: what one needs is in an earlier
        one.

        Dense models come first. The masks of OMP are made with them (`masks_of`), so who begins
        with one of those is in the second wave, beside OMP itself.
        """
        levels: dict[Path, int] = {}
        by_directory = {one.directory: one for one in self.experiments}

        def level(one: Experiment) -> int:
            if one.directory not in levels:
                sources = [by_directory[need] for need in one.needs]
                after = [0]
                for source in sources:
                    if source.first_mask is not Source.FINETUNED:
                        after.append(level(source))
                levels[one.directory] = 1 + max(after) if one.prunes else 0
            return levels[one.directory]

        depth = max(map(level, self.experiments))
        waves = [
            [one for one in self.experiments if level(one) == number] for number in range(depth + 1)
        ]
        return [wave for wave in waves if wave]

    def finetunings(self, experiments: Sequence[Experiment]) -> dict[Path, int]:
        """Updates of all that is finetuned for `experiments`, by directory, other experiments of
        the study left out.
        """
        own = {one.directory for one in experiments}
        every = (item for one in experiments for item in one.finetunings.items())
        return {
            path: updates for path, updates in every if path in own or path not in self._directories
        }

    @cached_property
    def _directories(self) -> set[Path]:
        return {one.directory for one in self.experiments}

    def preparations(self) -> list[tuple[str, ...]]:
        """Return a command for each set of data, upstream and statistics."""
        found: dict[tuple[Path, tuple[tuple[str, str], ...]], tuple[str, ...]] = {}
        for one in self.experiments:
            words = one.preparation
            pairs = zip(words[::2], words[1::2], strict=True)
            kind = (
                one.recipe,
                tuple(pair for pair in pairs if pair[0] not in ("--seed", "--updates")),
            )
            until = ("--method", UNPRUNED, "--stop_stage", str(one.settings.PREPARED))
            found.setdefault(kind, (str(one.recipe / "run.sh"), *words, *until))
        return list(found.values())

    def masks_of(self, experiment: Experiment) -> list[Experiment]:
        """Return the OMP experiments whose masks can be made as soon as `experiment` is
        complete.
        """
        omp = [one for one in self.experiments if one.first_mask is Source.FINETUNED]
        return [
            one
            for one in omp
            if one.directory.parent / one.settings.dense.tag == experiment.directory
        ]


def _options(values: Mapping[str, Any]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


def _experiments(
    arm: Arm, language: str, recipe: str, shared: Sequence[str], made: Sequence[Experiment]
) -> tuple[list[Experiment], list[str]]:
    """Every choice of an arm in one language; also returns what is wrong with it."""
    found: list[Experiment] = []
    faults = []
    for choice in arm.combinations():
        options = [*shared, *_options(choice)]
        try:
            plain = _experiment(arm.name, language, recipe, options, masked=arm.mask_of is not None)
            found += (
                [plain]
                if arm.mask_of is None
                else list(_masked(arm, plain, recipe, [*made, *found]))
            )
        except UserError as error:
            faults.append(f"arm {arm.name}: {error}")
    return found, faults


def _masked(
    arm: Arm, plain: Experiment, recipe: str, made: Sequence[Experiment]
) -> Iterator[Experiment]:
    """An experiment for each mask that the arm's `mask_of` names."""
    assert arm.mask_of is not None
    for languages in arm.mask_of.sources(plain.language, plain.settings.pruning.row.adjusts):
        sources = [_source(arm.mask_of, language, plain, made) for language in languages]
        needs = tuple(source.directory for source in sources)
        if arm.mask_of.combine is None:
            options = [*plain.options, "--initial_mask", str(ROOT / sources[0].mask)]
            yield replace(_experiment(arm.name, plain.language, recipe, options), needs=needs)
            continue
        how, settings = arm.mask_of.combine, plain.settings
        # Where an option leaves it out, checking them has put the method's own.
        assert settings.sparsity is not None
        path = combined_mask(how, arm.mask_of.arm, languages, settings.sparsity, settings.seed)
        masks = tuple(source.mask for source in sources)
        combined = Combined(how, masks, _free(path, masks, made))
        # The mask's sparsity is not known yet, and names the experiment otherwise.
        options = [*plain.options, "--initial_mask", str(ROOT / combined.path)]
        options += [f"--{settings.TAG_OPTION}", f"{settings.tag}_{how}"]
        experiment = _experiment(arm.name, plain.language, recipe, options)
        yield replace(experiment, needs=needs, combined=combined)


def _free(path: Path, masks: tuple[Path, ...], made: Sequence[Experiment]) -> Path:
    """The place of a combined mask; beside that of other masks, as of another scope, one with a
    hash in its name.
    """
    there = [one.combined for one in made if one.combined is not None and one.combined.path == path]
    if all(one.masks == masks for one in there):
        return path
    return path.with_stem(f"{path.stem}_{digest(masks)}")


def _source(
    wanted: MaskOf, language: str, target: Experiment, made: Sequence[Experiment]
) -> Experiment:
    """The experiment of the wanted arm in `language` that is like the target in what a mask depends
    on.
    """
    alike = (
        *("sparsity", "seed", "freeze_updates"),
        *("score", "scope", "pattern", "prune_biases", "prune_pattern"),
    )

    def like(one: Experiment) -> bool:
        same = all(getattr(one.settings, name) == getattr(target.settings, name) for name in alike)
        return same and one.settings.upstream_label == target.settings.upstream_label

    found = [one for one in made if (one.arm, one.language) == (wanted.arm, language)]
    pruning = [name for name, row in METHODS.items() if row.prunes]
    methods = [wanted.method] if wanted.method else pruning
    matching = [one for one in found if like(one) and one.settings.method in methods]
    if len(matching) > 1:
        # Where the arm above has several values of another option, it is that with the target's
        # own.
        wanted_options = _shared(target.settings)
        matching = [one for one in matching if _shared(one.settings) == wanted_options] or matching
    if len(matching) != 1:
        raise UserError(
            f"mask_of has to name one experiment of an arm above it: in arm {wanted.arm} there "
            f"are {len(matching)} in "
            f"language {language} with sparsity {target.settings.sparsity:g} and seed "
            f"{target.settings.seed}"
        )
    return matching[0]


def _shared(settings: Settings) -> dict[str, object]:
    """The options that are none of pruning."""
    aside = {*PRUNING, "seed", "lang", "task"}
    return {name: value for name, value in options_of(settings).items() if name not in aside}


def _twice(made: Sequence[Experiment]) -> list[str]:
    """Experiments of different arms that differ in nothing."""
    first: dict[Path, Experiment] = {}
    faults = []
    for one in made:
        other = first.setdefault(one.directory, one)
        if other is not one:
            faults.append(
                f"arms {other.arm} and {one.arm}: the same experiment twice, {one.directory}"
            )
    return faults


def _experiment(
    arm: str, language: str, recipe: str, options: Sequence[str], masked: bool = False
) -> Experiment:
    if asked := next((word for word in options if word in ("-h", "--help")), None):
        raise UserError(f"expected options and their values, found {asked}")
    # A method that begins with a mask file, such as transfer, cannot be read without one.
    standing = ["--initial_mask", str(ROOT / FINAL_MASK)] if masked else []
    template, own = _own_options(ROOT / recipe)
    settings = READERS[template]([*own, *options, *standing, "--dry_run", "true"])
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
