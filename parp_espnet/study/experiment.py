"""One experiment of a study: an arm in a language, and what the study has to know of it."""

import os
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from parp_espnet.glue.settings import MODEL as TEXT_MODEL
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.model_options import MODEL
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.pruning import Experiment as Settings
from parp_espnet.pipeline.settings import Settings as SpeechSettings
from parp_espnet.pruning.methods import Source
from parp_espnet.scoring.result import RESULT

NOT_OF_PRUNING = {"recipe", "expdir", "updates", "seed"}

OF_EVERY_TEMPLATE = (field.name for field in fields(Settings) if field.name not in NOT_OF_PRUNING)

PRUNING = (*OF_EVERY_TEMPLATE, "raw_speech")
"""The options that say how an experiment prunes; the last one is of speech alone."""

SECOND_ROUND = ("unlabelled", "labels_of", "label_errors")
"""Options for which a first model is trained before there is a training set."""

LEARNT_FROM = ("teacher", "teacher_weight")
"""Options of a loss that an arm's teacher is in."""

OMP_MASK = "finetuned_mask.safetensors"

FIRST_MASK = "initial_mask.safetensors"
"""What a training begins with, as it leaves it."""

FINAL_MASK = "mask.safetensors"


@dataclass(frozen=True)
class Combined:
    """A mask that a study makes of others, before the experiment that begins with it."""

    how: str
    """A word of `parp-mask combine`."""
    masks: tuple[Path, ...]
    """Of the masks, from the project's directory."""
    path: Path
    """Where the mask is to be, from the project's directory."""


@dataclass(frozen=True)
class Experiment:
    """One arm in one language, with one choice of its options."""

    arm: str
    language: str
    options: tuple[str, ...]
    """Options of the recipe's `run.sh`."""
    settings: Settings
    needs: tuple[Path, ...] = ()
    """Directories of the experiments that have to be complete before, from the project's."""
    models: tuple[Path, ...] = ()
    """Directories of those whose model it begins with or learns from, from the project's."""
    start: Path | None = None
    """Directory of the experiment that it goes on from, from the project's."""
    combined: Combined | None = None
    """The mask that it begins with, where the study makes it. Its sparsity is then the
    experiment's.
    """

    @property
    def recipe(self) -> Path:
        """The recipe's directory, from the project's."""
        return self.settings.recipe.relative_to(ROOT)

    @cached_property
    def directory(self) -> Path:
        """Where the experiment is, from the project's directory: called one way, however `--expdir`
        is written. One that is elsewhere is absolute.
        """
        place = Path(os.path.normpath(self.settings.recipe / self.settings.expdir))
        if place.is_relative_to(ROOT):
            place = place.relative_to(ROOT)
        return place / self.settings.tag

    @property
    def result(self) -> Path:
        """The experiment's result, from the project's directory."""
        return self.directory / RESULT

    @property
    def model(self) -> Path:
        """Its finetuned weights, from the project's directory."""
        return self.directory / (MODEL if self.is_of_speech else TEXT_MODEL)

    @property
    def is_of_speech(self) -> bool:
        """Whether it is of speech, and not of text."""
        return isinstance(self.settings, SpeechSettings)

    @property
    def folders(self) -> list[Path]:
        """Folders of its steps' records, from the project's directory."""
        if not isinstance(self.settings, SpeechSettings):
            return [self.directory]
        return [
            self.directory,
            self.directory / Decoding(self.settings).name / self.settings.test_dump,
        ]

    @property
    def first_mask(self) -> Source:
        """Where its first mask comes from."""
        return Source[self.settings.mask_source.upper()]

    @property
    def prunes(self) -> bool:
        """Whether it prunes at all."""
        return self.settings.pruning.row.prunes

    @property
    def finetunings(self) -> dict[Path, int]:
        """Updates of all that is finetuned for it, by directory: itself, OMP's dense model, IMP's
        rounds.
        """
        settings, beside = self.settings, self.directory.parent
        updates = {}
        for tag in settings.round_tags:
            updates[beside / tag] = settings.round_length
        if settings.needs_dense:
            updates[beside / settings.dense.tag] = settings.updates
        if isinstance(settings, SpeechSettings) and settings.needs_first_round:
            updates[beside / settings.first_round.tag] = settings.updates
        return updates | {self.directory: settings.updates}

    @property
    def models_before(self) -> list[Path]:
        """Directories of the experiments whose models it needs, from the project's."""
        before = [path for path in self.finetunings if path != self.directory]
        return [*self.models, *before]

    @property
    def preparation(self) -> tuple[str, ...]:
        """Options that prepare data, upstream and statistics: what all methods share, as a dense
        model needs it.
        """
        given = dict(zip(self.options[::2], self.options[1::2], strict=True))
        needless = (*PRUNING, *SECOND_ROUND, *LEARNT_FROM, self.settings.TAG_OPTION)
        aside = {f"--{name}" for name in needless}
        if self.start is not None:
            # What it goes on from is not there yet.
            aside |= {"--upstream", "--init_head", "--updates"}
        words: list[str] = []
        for name, value in given.items():
            if name not in aside:
                words += [name, value]
        return tuple(words)

    @property
    def mask(self) -> Path:
        """The mask that others may begin with: what OMP ranked, which is there early, or what the
        run ended with.
        """
        if self.is_early:
            return self.directory / OMP_MASK
        return self.directory / FINAL_MASK

    @property
    def is_early(self) -> bool:
        """Whether that mask is there before it has trained."""
        row = self.settings.pruning.row
        return self.first_mask is Source.FINETUNED and not row.from_finetuned
