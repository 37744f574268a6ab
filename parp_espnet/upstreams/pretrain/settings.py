"""The options of `egs2/cldr/ssl1/run.sh`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from parp_espnet.errors import UserError
from parp_espnet.pipeline.options import OF_MACHINE, Range, parse

STAGES = {1: "speech", 2: "train", 3: "export"}


@dataclass(frozen=True)
class RecipeSettings:
    """How an upstream is made."""

    config: Annotated[Path, "what to pretrain"] = Path("conf/multi.yaml")
    stage: Annotated[int, f"first stage to run, of {len(STAGES)}"] = 1
    stop_stage: Annotated[int, "last stage to run"] = len(STAGES)
    jobs: Annotated[int, "processes that synthesise; all cores", OF_MACHINE, Range(least=1)] = (
        os.cpu_count() or 1
    )
    out: Annotated[Path | None, "directory of the upstream; upstreams/NAME by default"] = None
    dry_run: Annotated[bool, "print the stages and their commands, run nothing"] = False

    def variables(self) -> dict[str, str]:
        """What the script needs, as shell variables."""
        return {
            "config": str(self.config),
            "exp": f"exp/{self.config.stem}",
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
    return replace(settings, out=settings.out or Path("upstreams", settings.config.stem))
