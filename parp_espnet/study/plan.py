"""What a study runs: every arm in every language, as options of the recipes' `run.sh`, and in which order."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from parp_espnet.errors import UserError
from parp_espnet.pipeline import command_line
from parp_espnet.pipeline.settings import ROOT, Settings

OMP_MASK = "finetuned_mask.safetensors"
KEYS = {"recipes", "options", "arms"}


@dataclass(frozen=True)
class Experiment:
    """One arm in one language."""

    arm: str
    language: str
    options: tuple[str, ...]
    """Options of the recipe's `run.sh`."""
    settings: Settings

    @property
    def recipe(self) -> Path:
        """The recipe's directory, from the project's."""
        return self.settings.recipe.relative_to(ROOT)

    @property
    def directory(self) -> Path:
        """Where the experiment is, from the project's directory."""
        return self.recipe / self.settings.expdir / self.settings.tag

    @property
    def first(self) -> bool:
        """Whether others may wait for it: OMP ranks the weights of dense models."""
        return self.settings.method == "dense"


@dataclass(frozen=True)
class Study:
    """A study's experiments, in the order of its table."""

    name: str
    options: tuple[str, ...]
    """What all experiments have in common."""
    experiments: tuple[Experiment, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a study's YAML. Raises `UserError` when it is none, or an option in it is wrong."""
        found = _load(path)
        shared = _options(found.get("options") or {})
        made: dict[tuple[str, str], Experiment] = {}
        for arm, own in found["arms"].items():
            for language in own.get("languages", list(found["recipes"])):
                if language not in found["recipes"]:
                    raise UserError(f"{path}: arm {arm}: language {language} has no recipe")
                options = [*shared, *_options(own), *_mask(path, arm, own, made)]
                made[arm, language] = _experiment(arm, language, found["recipes"][language], options)
        order = list(found["recipes"])
        experiments = sorted(made.values(), key=lambda one: order.index(one.language))
        return cls(path.stem, tuple(shared), tuple(experiments))

    def waves(self) -> list[list[Experiment]]:
        """Return the experiments in two waves, which may be empty: the second needs the first to be complete."""
        return [[one for one in self.experiments if one.first is first] for first in (True, False)]

    def masks_of(self, experiment: Experiment) -> list[Experiment]:
        """Return the OMP experiments whose masks can be made as soon as `experiment` is complete."""
        if not experiment.first:
            return []
        dense = experiment.directory
        omp = [one for one in self.experiments if one.settings.mask_source == "finetuned"]
        return [one for one in omp if one.directory.parent / one.settings.dense.tag == dense]


def _load(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        others = ", ".join(sorted(other.stem for other in path.parent.glob("*.yaml")))
        raise UserError(f"{path}: no such study; there are {others or 'none'}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: expected YAML ({' '.join(str(error).split())})") from None
    if not isinstance(found, dict) or not found.keys() <= KEYS or not found.get("recipes") or not found.get("arms"):
        raise UserError(f"{path}: expected a study with {', '.join(sorted(KEYS))}")
    return found


def _options(values: Mapping[str, Any]) -> list[str]:
    names = [name for name in values if name not in ("languages", "mask_of")]
    return [word for name in names for word in (f"--{name}", str(values[name]))]


def _mask(path: Path, arm: str, own: Mapping[str, Any], made: Mapping[tuple[str, str], Experiment]) -> list[str]:
    if "mask_of" not in own:
        return []
    source = made.get((own["mask_of"].get("arm"), own["mask_of"].get("language")))
    if source is None or source.settings.mask_source != "finetuned":
        raise UserError(f"{path}: arm {arm}: mask_of has to name an omp arm above it, and a language of that arm")
    return ["--initial_mask", str(ROOT / source.directory / OMP_MASK)]


def _experiment(arm: str, language: str, recipe: str, options: Sequence[str]) -> Experiment:
    planned = command_line.read([*_own_options(ROOT / recipe), *options, "--dry_run", "true"])
    return Experiment(arm, language, tuple(options), planned)


def _own_options(recipe: Path) -> list[str]:
    """The options that a recipe's `run.sh` puts before the user's; they have a say in the experiment's name."""
    script = recipe / "run.sh"
    try:
        text = script.read_text(encoding="utf-8").replace("\\\n", " ")
    except OSError:
        raise UserError(f"{recipe}: no recipe: expected a run.sh in it") from None
    call = re.search(r'^exec \S*phn\.sh"? (.*) "\$@"$', text, re.MULTILINE)
    if call is None:
        raise UserError(f'{script}: expected a line that begins with exec …phn.sh and ends with "$@"')
    return shlex.split(call[1].replace("${here}", str(recipe)))
