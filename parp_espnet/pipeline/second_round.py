"""Options of `phn.sh` for speech without transcripts: a first model labels it, and a second one is
trained on what is transcribed and on what was labelled.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Self

from parp_espnet.names import digest
from parp_espnet.pipeline.noise_options import NoiseOptions
from parp_espnet.pipeline.options import Range

LABEL_ERRORS = 0.8


@dataclass(frozen=True)
class SecondRound(NoiseOptions):
    """Untranscribed recordings, whose labels they are, and which of them are trained on."""

    unlabelled: Annotated[
        Path | None,
        "untranscribed recordings, a directory: a first model labels them, and its surest labels "
        "are trained on, too",
    ] = None
    labels_of: Annotated[
        str | None,
        "the model that labels them: an experiment, exp/TAG, or what was exported of one; by "
        "default the dense experiment with the same settings, trained first",
    ] = None
    label_errors: Annotated[
        float,
        "labels are taken from that confidence on at which the utterances of --valid_set have at "
        "most this share of its error rate; 1 takes all",
        Range(above=0, most=1),
    ] = LABEL_ERRORS

    @property
    def first_round(self) -> Self:
        """The dense experiment with the same settings and transcribed speech alone; it is named by
        them, so that all experiments of these settings share it.
        """
        return replace(
            self.dense, unlabelled=None, labels_of=None, label_errors=LABEL_ERRORS, phn_tag=None
        )

    @property
    def needs_first_round(self) -> bool:
        """Whether that experiment has to be complete before this one has its training set."""
        return self.unlabelled is not None and self.labels_of is None

    @property
    def finetuning_runs(self) -> int:
        """As of any experiment; the first round costs one."""
        return super().finetuning_runs + self.needs_first_round

    def settled(self) -> Self:
        """As of any experiment: its rounds have its labels, and not those of shorter trainings."""
        if not self.needs_first_round:
            return self
        return replace(self, labels_of=self.labelling)

    @property
    def labelling(self) -> str:
        """The directory of the model that labels, as the recipe's directory sees it."""
        if self.labels_of is not None:
            return self.labels_of
        return f"{self.expdir}/{self.first_round.tag}"

    @property
    def transcript_set(self) -> str:
        """What stands for untranscribed speech, and the model that labels it, in names."""
        return digest((str(self.unlabelled), self.labelling))

    @property
    def label_set(self) -> str:
        """Name of the set of labelled speech: which speech, whose labels, which of them."""
        how = (self.transcript_set, self.label_errors, self.speeds)
        return f"unlabelled_{digest(how)}"

    @property
    def labelled_dump(self) -> str:
        """Name of what the transcribed training set becomes."""
        return super().train_dump

    @property
    def train_dump(self) -> str:
        """Name of the set that is trained on: with labelled speech, one of its own."""
        if self.unlabelled is None:
            return self.labelled_dump
        return f"{self.labelled_dump}_{self.label_set}"
