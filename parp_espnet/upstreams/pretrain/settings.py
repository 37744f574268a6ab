"""The options of `egs2/cldr/ssl1/run.sh`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from parp_espnet.errors import UserError
from parp_espnet.machine import cores
from parp_espnet.names import digest
from parp_espnet.pipeline.options import OF_MACHINE, Range, parse

STAGES = {1: "speech", 2: "train", 3: "export"}
OTHER_WAY = ("raw_speech", "init")
CALLED_FROM = "PARP_CALLED_FROM"
"""The variable that says in which directory run.sh was called: it goes into the recipe's."""


@dataclass(frozen=True)
class RecipeSettings:
    """How an upstream is made."""

    config: Annotated[Path, "what to pretrain"] = Path("conf/multi.yaml")
    stage: Annotated[int, f"first stage to run, of {len(STAGES)}"] = 1
    stop_stage: Annotated[int, "last stage to run"] = len(STAGES)
    jobs: Annotated[int, "processes that synthesise; all cores", OF_MACHINE, Range(least=1)] = (
        cores()
    )
    out: Annotated[Path | None, "directory of the upstream; upstreams/NAME by default"] = None
    init: Annotated[
        Path | None,
        "upstream to go on from, with --raw_speech: multi, mono, or the directory of a HuBERT",
    ] = None
    raw_speech: Annotated[
        Path | None, "directory of the recordings to go on with; nobody has transcribed them"
    ] = None
    dry_run: Annotated[bool, "print the stages and their commands, run nothing"] = False

    @property
    def name(self) -> str:
        """What it is called: the configuration, and what it goes on from and with."""
        if self.init is None:
            return self.config.stem
        return f"{self.config.stem}-{digest((str(self.init), str(self.raw_speech)))}"

    def variables(self) -> dict[str, str]:
        """What the script needs, as shell variables."""
        return {
            "config": str(self.config),
            "exp": f"exp/{self.name}",
            "init": str(self.init or ""),
            "raw_speech": str(self.raw_speech or ""),
            "out": str(self.out),
            "jobs": str(self.jobs),
            "dry_run": str(self.dry_run).lower(),
            "stages": " ".join(map(str, range(self.stage, self.stop_stage + 1))),
        }


def read(arguments: Sequence[str]) -> RecipeSettings:
    """Read and check the options. Raises `UserError`."""
    settings = parse(RecipeSettings, "run.sh", arguments, description=__doc__ or "")
    if not 1 <= settings.stage <= settings.stop_stage <= len(STAGES):
        raise UserError(
            f"run.sh: --stage {settings.stage} --stop_stage {settings.stop_stage}: expected 1 to "
            f"{len(STAGES)} "
            f"({', '.join(STAGES.values())}), the first no later than the last"
        )
    if not settings.config.is_file():
        there = " ".join(sorted(str(other) for other in Path("conf").glob("*.yaml")))
        raise UserError(
            f"run.sh: --config {settings.config}: no such file in {Path.cwd()}; there are {there}"
        )
    if (settings.init is None) != (settings.raw_speech is None):
        given, other = ("init", "raw_speech") if settings.raw_speech is None else OTHER_WAY
        raise UserError(
            f"run.sh: --{given} {getattr(settings, given)}: expected --{other} DIR beside it"
        )
    if settings.init is not None and settings.raw_speech is not None:
        settings = replace(
            settings,
            init=_found("init", settings.init),
            raw_speech=_found("raw_speech", settings.raw_speech),
        )
    if settings.out is None:
        made = Path("upstreams") if settings.init is None else Path("exp", "upstreams")
        settings = replace(settings, out=made / settings.name)
    return settings


def _found(option: str, given: Path) -> Path:
    """A directory that is given from where run.sh was called, or an upstream by its name."""
    called_from = Path(os.environ.get(CALLED_FROM) or ".")
    places = [called_from / given]
    if option == "init" and given.parent == Path():
        places.append(Path("upstreams") / given)
    for place in places:
        if place.is_dir():
            return place.resolve()
    raise UserError(f"run.sh: --{option} {given}: no such directory in {called_from.resolve()}")
