"""What a study runs: every arm in every language, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from parp_espnet.errors import UserError
from parp_espnet.pruning.methods import UNPRUNED
from parp_espnet.study.expansion import experiments_of, words_of
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.given import circle_of, is_masked_with, linked
from parp_espnet.study.grid import read_grid

NO_MASK = (
    "expected a mask of another language for one of its own, found none: a mask of its own that "
    "stays as it is is left out"
)
"""Why an arm has no experiment."""


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
        shared = words_of(grid.options)
        made: list[Experiment] = []
        for arm in grid.arms:
            before = len(made), len(faults)
            for language in arm.languages:
                experiments, wrong = experiments_of(
                    arm, language, grid.recipes[language], shared, made
                )
                made += experiments
                faults += wrong
            if (len(made), len(faults)) == before:
                faults.append(f"arm {arm.name}: {NO_MASK}")
        # What is wrong with every choice of an arm is said once.
        faults = [*dict.fromkeys(faults), *_twice(made)]
        if grid.exports and not all(experiment.is_of_speech for experiment in made):
            faults.append("exports: expected recipes of speech alone, found one of text")
        if faults:
            head = f"{path}: " if len(faults) == 1 else f"{path}: {len(faults)} faults\n    "
            raise UserError(head + "\n    ".join(faults))
        experiments = linked(made)
        circle = circle_of(experiments)
        if circle:
            raise UserError(f"{path}: {_circle(circle)}")
        order = list(grid.recipes)
        return cls(
            name or path.stem,
            tuple(sorted(experiments, key=lambda experiment: order.index(experiment.language))),
            grid.exports,
        )

    def waves(self) -> list[list[Experiment]]:
        """Return the experiments in waves, none of which is empty: what one needs is in an earlier
        one.

        Dense models come first, unless they go on from others. The masks of OMP are made with them
        (`masks_of`), so who begins with one of those is in the wave after, beside OMP itself.
        """
        levels: dict[Path, int] = {}
        by_directory = {experiment.directory: experiment for experiment in self.experiments}

        def level(experiment: Experiment) -> int:
            if experiment.directory not in levels:
                first = 1 if experiment.prunes else 0
                after = [1 + level(by_directory[need]) for need in experiment.needs]
                levels[experiment.directory] = max([first, *after])
            return levels[experiment.directory]

        depth = max(map(level, self.experiments))
        waves: list[list[Experiment]] = [[] for _ in range(depth + 1)]
        for experiment in self.experiments:
            waves[level(experiment)].append(experiment)
        return [wave for wave in waves if wave]

    def finetunings(self, experiments: Sequence[Experiment]) -> dict[Path, int]:
        """Updates of all that is finetuned for `experiments`, by directory, other experiments of
        the study left out.
        """
        own = {experiment.directory for experiment in experiments}
        counted: dict[Path, int] = {}
        for experiment in experiments:
            for path, updates in experiment.finetunings.items():
                if path in own or path not in self._directories:
                    counted[path] = updates
        return counted

    @cached_property
    def _directories(self) -> set[Path]:
        return {experiment.directory for experiment in self.experiments}

    def preparations(self) -> list[tuple[str, ...]]:
        """Return a command for each set of data, upstream and statistics."""
        commands: dict[tuple[Path, tuple[tuple[str, str], ...]], tuple[str, ...]] = {}
        for experiment in self.experiments:
            words = experiment.preparation
            options = dict(zip(words[::2], words[1::2], strict=True))
            for name in ("--seed", "--updates"):
                options.pop(name, None)
            until = ("--method", UNPRUNED, "--stop_stage", str(experiment.settings.PREPARED))
            command = (str(experiment.recipe / "run.sh"), *words, *until)
            commands.setdefault((experiment.recipe, tuple(options.items())), command)
        return list(commands.values())

    def masks_of(self, experiment: Experiment) -> list[Experiment]:
        """Return the OMP experiments whose masks can be made as soon as `experiment` is
        complete.
        """
        return [masked for masked in self.experiments if is_masked_with(masked, experiment)]


def _circle(waiting: Sequence[Experiment]) -> str:
    """What is said of experiments that can never begin."""
    first = waiting[0]
    others = ", which waits for ".join(f"arm {one.arm}" for one in [*waiting[1:], first])
    return (
        f"arm {first.arm}: expected masks and models that are there before it begins, found that "
        f"it waits for {others}: {first.directory}"
    )


def _twice(made: Sequence[Experiment]) -> list[str]:
    """Experiments of different arms that differ in nothing."""
    first: dict[Path, Experiment] = {}
    faults = []
    for experiment in made:
        other = first.setdefault(experiment.directory, experiment)
        if other is not experiment:
            faults.append(
                f"arms {other.arm} and {experiment.arm}: the same experiment twice, "
                f"{experiment.directory}"
            )
    return faults
