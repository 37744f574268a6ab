"""The stages of one experiment, in order: what `phn.sh` runs, shows in a dry run, and tests compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from parp_espnet.pipeline import (
    stages_data,
    stages_decode,
    stages_language,
    stages_masks,
    stages_model,
)
from parp_espnet.pipeline.experiment import Act, SpeechExperiment


@dataclass(frozen=True)
class Stage:
    """One stage: its name, and what it does for an experiment."""

    name: str
    acts: Callable[[SpeechExperiment, str], Iterator[Act]]


STAGES = {
    1: Stage("data", stages_data.make_sets),
    2: Stage("format", stages_data.format_sets),
    3: Stage("filter", stages_data.filter_sets),
    4: Stage("tokens", stages_data.list_tokens),
    5: Stage("upstream", stages_model.look_at_upstream),
    6: Stage("first mask", stages_masks.first_mask),
    7: Stage("statistics", stages_model.collect_statistics),
    8: Stage("train", stages_model.train),
    9: Stage("finalise", stages_model.sum_up),
    10: Stage("language model", stages_language.make_language_models),
    11: Stage("tune", stages_decode.tune),
    12: Stage("decode", stages_decode.decode),
    13: Stage("score", stages_decode.score),
    14: Stage("results", stages_decode.report),
}


def acts_of(experiment: SpeechExperiment) -> Iterator[Act]:
    """What an experiment does, of the stages that are wanted.

    Each stage is made when the one before has ended: what it reads is then there.
    """
    for number, stage in STAGES.items():
        if not experiment.settings.skips(number):
            yield from stage.acts(experiment, f"stage {number} ({stage.name})")
