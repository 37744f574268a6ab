"""What the stages of an experiment are made of, of speech or of text: steps, commands, and other
experiments that have to be there before."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from parp_espnet.errors import UserError
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pipeline.step import Step

LOCAL = "local"
"""The queue that is this machine."""


@dataclass(frozen=True)
class Command:
    """A command that is run each time: it remembers by itself what is complete."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class First:
    """Another experiment, a finetuning, that has to be complete before what follows."""

    label: str
    experiment: "Planned"


@dataclass(frozen=True)
class LeftOut:
    """Steps of stages that are left out before one that is wanted."""

    steps: tuple[Step, ...]


type Act = Step | Command | First | LeftOut
"""What a stage does, one thing after the other."""


@dataclass(frozen=True)
class Stage:
    """One stage: its name, and what it does for an experiment."""

    name: str
    acts: Callable[[Any, str], Iterator[Act]]


type Stages = Mapping[int, Stage]


@dataclass(frozen=True)
class Queues:
    """The commands that run jobs, as cmd.sh sets them; each may have options behind it."""

    backend: str
    data: str
    stats: str
    cuda: str
    decode: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Those that cmd.sh has exported."""
        commands = (environment[f"{kind}_cmd"] for kind in ("data", "stats", "cuda", "decode"))
        return cls(environment["cmd_backend"], *commands)

    def for_data(self, threads: int, log: Path) -> tuple[tuple[str, ...], Path | None]:
        """Return the runner and the log of a step that prepares data.

        On this machine such a step is run as it is, and its words are seen.
        """
        if self.backend == LOCAL:
            return (), None
        return (*shlex.split(self.data), "--num_threads", str(threads)), log

    def for_training(self, gpus: int) -> tuple[str, ...]:
        """Return the runner of a training."""
        return (*shlex.split(self.cuda), "--gpu", str(gpus))

    def for_decoding(self, gpus: int | None = None) -> tuple[str, ...]:
        """Return the runner of a decoding; with the model, it says how many GPUs."""
        asked = () if gpus is None else ("--gpu", str(gpus))
        return (*shlex.split(self.decode), *asked)

    def for_statistics(self) -> tuple[str, ...]:
        """Return the runner of what collects statistics."""
        return tuple(shlex.split(self.stats))


class Planned(Protocol):
    """An experiment as a value: everything that its stages do follows from it."""

    @property
    def settings(self) -> Experiment:
        """The options."""

    @property
    def exp(self) -> Path:
        """What it leaves, as the recipe's directory sees it."""

    @property
    def exported(self) -> Mapping[str, str]:
        """Variables that its commands find in their environment."""

    @property
    def uses_gpu(self) -> bool:
        """Whether commands of it use one, which they cannot after a fork of what has looked for
        one.
        """

    def acts(self) -> Iterator[Act]:
        """What it does, one thing after the other."""


def acts_of(experiment: Any, stages: Stages) -> Iterator[Act]:
    """What an experiment does, of the stages that are wanted.

    Each stage is made when the one before has ended: what it reads is then there. Steps that are
    left out come first, so that nobody goes on with what is not as it would be now without a word.
    """
    left_out: list[Step] = []
    for number, stage in stages.items():
        acts = stage.acts(experiment, f"stage {number} ({stage.name})")
        if experiment.settings.skips(number):
            left_out += [act for act in acts if isinstance(act, Step)]
            continue
        if left_out:
            yield LeftOut(tuple(left_out))
            left_out = []
        yield from acts


@dataclass(frozen=True)
class OfTemplate[S: Experiment]:
    """What the experiments of both templates have; paths are as the recipe's directory
    sees them.
    """

    settings: S
    queues: Queues
    stages: Stages
    model_name: ClassVar[str]
    """The finetuned weights, in the directory of any experiment of the template."""

    def acts(self) -> Iterator[Act]:
        """What it does, of the stages that are wanted."""
        return acts_of(self, self.stages)

    def with_settings(self, settings: S) -> Self:
        """Another experiment of the same template."""
        return replace(self, settings=settings)

    @property
    def exp(self) -> Path:
        """What it leaves."""
        return Path(self.settings.expdir) / self.settings.tag

    @property
    def model(self) -> Path:
        """Its finetuned weights."""
        return self.exp / self.model_name

    def files_of(self, given: Path, kinds: Iterable[str]) -> tuple[Path, ...]:
        """The files with these endings in the folder of a model, in order."""
        there = self.settings.recipe / given
        files: list[Path] = []
        for kind in kinds:
            files += sorted(there.glob(f"[!.]*.{kind}"))
        return tuple(given / path.name for path in files if path.is_file())


def stages_of(declared: Mapping[int, str], known: Mapping[str, Any]) -> Stages:
    """Return the stages that a template's lines declare. Raises `UserError` for a name that none
    has.
    """
    stages = {}
    for number, name in declared.items():
        if name not in known:
            raise UserError(f"stage {number}: expected one of {', '.join(known)}, found {name!r}")
        stages[number] = Stage(name, known[name])
    return stages


def python(module: str, *words: object) -> tuple[str, ...]:
    """Return the command line of a module of ours or ESPnet's."""
    return ("python3", "-m", module, *(str(word) for word in words))


def ours(name: str, *words: object) -> tuple[str, ...]:
    """Return the command line of a command of ours."""
    return python(f"parp_espnet.bin.{name}", *words)


def tables(directory: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return these files of a Kaldi directory."""
    return tuple(directory / name for name in names)
