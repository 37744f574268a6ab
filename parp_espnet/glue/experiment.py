"""One experiment on text as its stages see it: what was asked for, and where its files are.

Its paths are as the recipe's directory sees them, in which all stages run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

from parp_espnet.glue.settings import MODEL, Settings
from parp_espnet.pipeline.acts import Act, Queues, Stages, acts_of, ours
from parp_espnet.pipeline.step import Step

KINDS = ("json", "txt", "model", "safetensors", "bin")
"""Endings of the files of a pre-trained model, its tokenizer's included."""


@dataclass(frozen=True)
class TextExperiment:
    """One experiment of `glue.sh`."""

    settings: Settings
    queues: Queues
    stages: Stages
    model_name: ClassVar = MODEL
    last_of_training: ClassVar = 4

    def acts(self) -> Iterator[Act]:
        """What it does, of the stages that are wanted."""
        return acts_of(self, self.stages)

    def with_settings(self, settings: Settings) -> Self:
        """Another experiment of the same template."""
        return replace(self, settings=settings)

    @property
    def exported(self) -> Mapping[str, str]:
        """The tokens' workers would fork after torch has begun its threads."""
        return {"TOKENIZERS_PARALLELISM": "false"}

    @property
    def uses_gpu(self) -> bool:
        """Whether it trains on one."""
        return self.settings.ngpu > 0

    @property
    def exp(self) -> Path:
        """What it leaves."""
        return Path(self.settings.expdir) / self.settings.tag

    @property
    def model(self) -> Path:
        """Its finetuned weights."""
        return self.exp / MODEL

    @property
    def sets(self) -> tuple[Path, ...]:
        """The examples: train, valid, and what is reported on."""
        return tuple(Path(f"data/{name}.tsv") for name in self.settings.sets)

    @property
    def models(self) -> Path:
        """What is known of pre-trained models."""
        return Path(self.settings.expdir) / "models"

    @property
    def checked(self) -> Path:
        """What is known of the experiment's own."""
        return self.models / f"{self.settings.model_name}.json"

    @cached_property
    def weights(self) -> tuple[Path, ...]:
        """The files of the pre-trained model: with others, or another tokenizer, it is another."""
        given = Path(self.settings.model)
        there = self.settings.recipe / given
        found = [path for kind in KINDS for path in sorted(there.glob(f"[!.]*.{kind}"))]
        return tuple(given / path.name for path in found if path.is_file())

    @property
    def drawn(self) -> Path:
        """The pre-trained model with weights drawn at random."""
        return self.models / f"{self.settings.model_name}-drawn{self.settings.seed}"

    @property
    def pool_model(self) -> Path:
        """What a mask is drawn for: any weights will do."""
        return self.drawn

    @property
    def pool_input(self) -> Path:
        """A file that changes with the pool."""
        return self.checked

    def draw_weights(self, label: str) -> Step:
        """Leave the model with weights drawn at random."""
        settings = self.settings
        words = ("--task", settings.task, "--model", settings.model, "--seed", settings.seed)
        return Step(
            label=label,
            command=ours("glue", "draw", *words, "--out", self.drawn),
            record=self.models / ".steps" / f"{self.drawn.name}.json",
            inputs=(self.checked, *self.weights),
            outputs=(self.drawn / "model.safetensors",),
        )
