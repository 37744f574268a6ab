"""One experiment on text as its stages see it: what was asked for, and where its files are.

Its paths are as the recipe's directory sees them, in which all stages run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from parp_espnet.glue.settings import MODEL, OWN, PRETRAINED, XLNET, Settings
from parp_espnet.pipeline.acts import OfTemplate, ours
from parp_espnet.pipeline.paths import from_recipe
from parp_espnet.pipeline.step import Step

KINDS = ("json", "txt", "model", "safetensors", "bin")
"""Endings of the files of a pre-trained model, its tokenizer's included."""


@dataclass(frozen=True)
class TextExperiment(OfTemplate[Settings]):
    """One experiment of `glue.sh`."""

    model_name: ClassVar = MODEL
    last_of_training: ClassVar = 4

    @property
    def exported(self) -> Mapping[str, str]:
        """The tokens' workers would fork after torch has begun its threads."""
        return {"TOKENIZERS_PARALLELISM": "false"}

    @property
    def uses_gpu(self) -> bool:
        """Whether it trains on one."""
        return self.settings.ngpu > 0

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
        model = self.settings.model
        if model == XLNET:
            model = from_recipe(self.settings.recipe, OWN)
        files = self.files_of(Path(model), KINDS)
        # How long it took is no part of the model.
        return tuple(file for file in files if file.name != PRETRAINED)

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
