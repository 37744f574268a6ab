"""One experiment as its stages see it: what was asked for, where its files are, where its jobs run.

Its paths are as the recipe's directory sees them, in which all stages run.
"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import MODEL, Settings
from parp_espnet.pipeline.step import Step

LEFT_OF_A_SET = ("wav.scp", "text", "orig_text", "utt2spk", "spk2utt", "utt2lang", "utt2dur")
"""What stages 1 to 3 leave of a set."""
LOCAL = "local"
"""The queue that is this machine."""


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


@dataclass(frozen=True)
class Command:
    """A command that is run each time: it remembers by itself what is complete."""

    label: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class First:
    """Another experiment, a finetuning, that has to be complete before what follows."""

    label: str
    settings: Settings


type Act = Step | Command | First
"""What a stage does, one thing after the other."""


@dataclass(frozen=True)
class SpeechExperiment:
    """One experiment of `phn.sh`."""

    settings: Settings
    queues: Queues
    decoding: Decoding = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoding", Decoding(self.settings))

    @property
    def exp(self) -> Path:
        """What it leaves."""
        return Path(self.settings.expdir) / self.settings.tag

    @property
    def model(self) -> Path:
        """Its finetuned weights."""
        return self.exp / MODEL

    @property
    def data(self) -> Path:
        """The sets as they are made, or given."""
        return Path(self.settings.datadir)

    @property
    def dump(self) -> Path:
        """Everything that is made of the sets."""
        return Path(self.settings.dumpdir)

    @property
    def raw(self) -> Path:
        """The sets that are trained on and decoded."""
        return self.dump / "raw"

    @property
    def train_data(self) -> Path:
        """The set that is trained on."""
        return self.raw / self.settings.train_dump

    @property
    def valid_data(self) -> Path:
        """The set that chooses the model."""
        return self.raw / self.settings.valid_set

    @property
    def tokens(self) -> Path:
        """ESPnet's token list."""
        return self.dump / "token_list" / f"{self.settings.train_dump}.txt"

    @property
    def stats(self) -> Path:
        """The shapes of what is trained on."""
        return Path(self.settings.expdir) / f"stats_{self.settings.train_dump}"

    @property
    def upstreams(self) -> Path:
        """The upstreams as trainings open them."""
        return Path(self.settings.expdir) / "upstreams"

    @property
    def upstream(self) -> Path:
        """The experiment's own of these."""
        return self.upstreams / self.settings.upstream_name

    @property
    def mask(self) -> Path | None:
        """The mask to begin with, where it is a file and not the trainer's own."""
        source = self.settings.mask_source
        if source in ("random", "uniform", "finetuned", "iterated"):
            return self.exp / f"{source}_mask.safetensors"
        return self.settings.initial_mask

    @property
    def project(self) -> str:
        """The project's directory."""
        return os.path.relpath(ROOT, self.settings.recipe)

    @cached_property
    def upstream_weights(self) -> tuple[Path, ...]:
        """The files of the upstream that make it what it is; weights drawn at random are not."""
        given = Path(self.settings.upstream)
        there = self.settings.recipe / given
        if there.is_file():
            return (given,)
        kinds = ["json"]
        if self.settings.upstream_init != "random":
            kinds += ["safetensors", "bin"]
        found = [path for kind in kinds for path in sorted(there.glob(f"[!.]*.{kind}"))]
        return tuple(given / path.name for path in found if path.is_file())

    @property
    def upstream_files(self) -> tuple[Path, ...]:
        """What the preflight leaves, which everything opens that loads a model."""
        names = ["frontend.json"]
        if not (self.settings.recipe / self.settings.upstream).is_file():
            names += ["config.json", "preprocessor_config.json"]
        return tuple(self.upstream / name for name in names)

    @property
    def upstream_pool(self) -> Path:
        """A file that changes with the upstream's pool."""
        given = Path(self.settings.upstream)
        if (self.settings.recipe / given).is_file():
            return given
        return self.upstream / "config.json"

    def through_data_queue(self, name: str, threads: int) -> tuple[tuple[str, ...], Path | None]:
        """Return the runner and the log of a step that prepares data.

        On this machine such a step is run as it is, and its words are seen.
        """
        if self.queues.backend == LOCAL:
            return (), None
        runner = (*shlex.split(self.queues.data), "--num_threads", str(threads))
        return runner, self.exp / "log" / f"{name}.log"


def python(module: str, *words: object) -> tuple[str, ...]:
    """Return the command line of a module of ours or ESPnet's."""
    return ("python3", "-m", module, *(str(word) for word in words))


def ours(name: str, *words: object) -> tuple[str, ...]:
    """Return the command line of a command of ours."""
    return python(f"parp_espnet.bin.{name}", *words)


def tables(directory: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return these files of a Kaldi directory."""
    return tuple(directory / name for name in names)
