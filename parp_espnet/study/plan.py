"""What a study runs: every arm in every language, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from parp_espnet.errors import UserError
from parp_espnet.pruning.methods import UNPRUNED, Source
from parp_espnet.study.expansion import experiments_of, words_of
from parp_espnet.study.experiment import Experiment
from parp_espnet.study.grid import read_grid


@dataclass(frozen=True)
class Study:
    """A study's experiments, in the order of its table."""

    name: str
    experiments: tuple[Experiment, ...]

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> Self:
        """Read a study's YAML; its name is the file's unless given.

        Raises `UserError` when it is none, or with all that is wrong in it, a line each.
        """
        grid, faults = read_grid(path)
        shared = words_of(grid.options)
        made: list[Experiment] = []
        for arm in grid.arms:
            for language in arm.languages:
                found, wrong = experiments_of(arm, language, grid.recipes[language], shared, made)
                made += found
                # What is wrong with every choice of an arm is said once.
                faults += [fault for fault in dict.fromkeys(wrong) if fault not in faults]
        faults += _twice(made)
        if faults:
            head = f"{path}: " if len(faults) == 1 else f"{path}: {len(faults)} faults\n    "
            raise UserError(head + "\n    ".join(faults))
        order = list(grid.recipes)
        return cls(
            name or path.stem, tuple(sorted(made, key=lambda one: order.index(one.language)))
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
