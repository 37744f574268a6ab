"""One experiment on speech as its stages see it: what was asked for, and where its files are.

Its paths are as the recipe's directory sees them, in which all stages run.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from parp_espnet.pipeline.acts import OfTemplate, ours, tables
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.step import Step
from parp_espnet.upstreams.starts import (
    CONFIG,
    files_of_experiment,
    is_experiment,
    is_pretraining,
)

LEFT_OF_A_SET = ("wav.scp", "text", "orig_text", "utt2spk", "spk2utt", "utt2lang", "utt2dur")
"""What stages 1 to 3 leave of a set."""

OF_EXPORTED = ("json", "safetensors", "onnx", "xml", "bin")
"""Endings of the files of a model that was exported."""


@dataclass(frozen=True)
class SpeechExperiment(OfTemplate[Settings]):
    """One experiment of `phn.sh`."""

    model_name: ClassVar = MODEL
    last_of_training: ClassVar = 9

    @cached_property
    def decoding(self) -> Decoding:
        """How it is decoded."""
        return Decoding(self.settings)

    @property
    def exported(self) -> Mapping[str, str]:
        """What local/data.sh finds in its environment."""
        return {"datadir": self.settings.datadir}

    @property
    def uses_gpu(self) -> bool:
        """Whether it trains on one."""
        return self.settings.ngpu > 0

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
        """The sets as 16 kHz mono, in the text's own tokens."""
        return self.dump / "raw"

    @property
    def sets(self) -> Path:
        """The sets that are trained on and decoded: the same, or in subwords."""
        return self.dump / f"raw{self.settings.subwords_tag}"

    @property
    def train_data(self) -> Path:
        """The set that is trained on."""
        return self.sets / self.settings.train_dump

    @property
    def valid_data(self) -> Path:
        """The set that chooses the model."""
        return self.sets / self.settings.valid_dump

    @property
    def tokens(self) -> Path:
        """ESPnet's token list."""
        return Path(self.settings.token_list)

    @property
    def subwords(self) -> Path | None:
        """sentencepiece's model; None where tokens are the text's own."""
        model = self.settings.subwords_model
        return None if model is None else Path(model)

    @property
    def stats(self) -> Path:
        """The shapes of what is trained on."""
        settings = self.settings
        return Path(settings.expdir) / f"stats_{settings.train_dump}{settings.tokens_tag}"

    @property
    def upstreams(self) -> Path:
        """The upstreams as trainings open them."""
        return Path(self.settings.expdir) / "upstreams"

    @property
    def upstream(self) -> Path:
        """The experiment's own of these."""
        return self.upstreams / self.settings.upstream_name

    @property
    def project(self) -> str:
        """The project's directory."""
        return os.path.relpath(ROOT, self.settings.recipe)

    @cached_property
    def upstream_weights(self) -> tuple[Path, ...]:
        """The files of the upstream that make it what it is; weights drawn at random are not."""
        given = Path(self.settings.upstream)
        there = self.settings.recipe / given
        if is_experiment(there):
            folder = given if there.is_dir() else given.parent
            return tuple(folder / file.name for file in files_of_experiment(there))
        if there.is_file():
            config = given.parent / CONFIG
            return (given, config) if is_pretraining(there.parent / CONFIG) else (given,)
        kinds = ["json"]
        if self.settings.upstream_init != "random":
            kinds += ["safetensors", "bin"]
        return self.files_of(given, kinds)

    @property
    def aligner_files(self) -> tuple[Path, ...]:
        """The files of the model that long recordings are aligned by."""
        given = self.settings.align_with
        return () if given is None else self.files_of_recogniser(given)

    def files_of_recogniser(self, given: Path) -> tuple[Path, ...]:
        """The files that make a trained model what it is, in whichever form it was left."""
        there = self.settings.recipe / given
        folder = given.parent if there.is_file() else given
        if is_experiment(there):
            return tuple(folder / file.name for file in files_of_experiment(there))
        return self.files_of(folder, OF_EXPORTED)

    @property
    def upstream_files(self) -> tuple[Path, ...]:
        """What the preflight leaves, which everything opens that loads a model."""
        names = ["frontend.json"]
        if not self._is_native:
            names += ["config.json", "preprocessor_config.json"]
        return tuple(self.upstream / name for name in names)

    @property
    def pool_model(self) -> Path:
        """What a mask is drawn for: a model with the pool."""
        return Path(self.settings.upstream) if self._is_native else self.upstream

    @property
    def _is_native(self) -> bool:
        """Whether the upstream is one file, which trainings open as it is."""
        there = self.settings.recipe / self.settings.upstream
        return there.is_file() and not is_experiment(there)

    @property
    def pool_input(self) -> Path:
        """A file that changes with the pool."""
        model = self.pool_model
        return model / "config.json" if model == self.upstream else model

    @property
    def drawn(self) -> Path:
        """The upstream with weights drawn at random."""
        name = f"{self.settings.upstream_name}-drawn{self.settings.seed}"
        return self.upstreams / name

    def draw_weights(self, label: str) -> Step:
        """Leave them there."""
        settings, drawn = self.settings, self.drawn
        names = ("model.safetensors", "frontend.json", "config.json", "preprocessor_config.json")
        words = ("--upstream", settings.upstream, "--out", drawn, "--random_seed", settings.seed)
        return Step(
            label=label,
            command=ours("preflight", *words),
            record=self.upstreams / ".steps" / f"{drawn.name}.json",
            inputs=self.upstream_weights,
            outputs=tables(drawn, names),
        )
