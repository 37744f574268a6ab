"""The options of `./run.sh`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.errors import UserError
from parp_espnet.machine import cores, free_memory
from parp_espnet.names import check_name
from parp_espnet.pipeline.options import Range, parse
from parp_espnet.pipeline.paths import ROOT, need_clone

STAGES = {1: "environment", 2: "speech", 3: "dense models", 4: "pruned models", 5: "results"}
GIGABYTES_A_JOB = 2.5
SHIPPED = ROOT / "conf/study"
"""Where the project's own studies are."""


@dataclass(frozen=True)
class StudySettings:
    """How a study is run."""

    profile: Annotated[str, "study of conf/study/NAME.yaml, or a file of your own"] = "quick"
    stage: Annotated[int, f"first stage to run, of {len(STAGES)}"] = 1
    stop_stage: Annotated[int, "last stage to run"] = len(STAGES)
    max_jobs_run: Annotated[
        int | None, "experiments at a time; as many as cores and memory allow", Range(least=1)
    ] = None
    ngpu: Annotated[int, "GPUs of each experiment; 0 trains on the CPU", Range(least=0)] = 0
    dry_run: Annotated[
        bool, "print the experiments, what is left of them, and the commands; run nothing"
    ] = False

    @property
    def file(self) -> Path:
        """The study's YAML."""
        own = self.profile.endswith((".yaml", ".yml")) or "/" in self.profile
        return Path(self.profile).absolute() if own else SHIPPED / f"{self.profile}.yaml"

    @property
    def jobs(self) -> int:
        """Experiments at a time."""
        if self.max_jobs_run is not None:
            return self.max_jobs_run
        if self.ngpu:
            return 1
        return max(1, min(cores(), int(free_memory() / 2**30 / GIGABYTES_A_JOB)))


def read(arguments: Sequence[str]) -> StudySettings:
    """Read and check the options of `./run.sh`. Raises `UserError`."""
    need_clone("./run.sh")
    settings = parse(StudySettings, "run.sh", arguments, description=__doc__ or "")
    last = len(STAGES)
    if not 1 <= settings.stage <= settings.stop_stage <= last:
        stages = f"--stage {settings.stage} --stop_stage {settings.stop_stage}"
        raise UserError(
            f"run.sh: {stages}: expected stages from 1 to {last} ({', '.join(STAGES.values())})"
        )
    check_name("run.sh: --profile", settings.file.stem)
    _need_own_name(settings.file)
    return settings


def _need_own_name(file: Path) -> None:
    """Raise `UserError` where a file of one's own has the name of another study: results are kept
    by it.
    """
    shipped = SHIPPED / f"{file.stem}.yaml"
    if file.is_file() and shipped.is_file() and not file.samefile(shipped):
        raise UserError(
            f"run.sh: --profile {file}: expected a name of its own, found that of the study "
            f"{shipped.relative_to(ROOT)}, whose results results/{file.stem} would replace; "
            f"rename it"
        )
