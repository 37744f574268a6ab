"""Targets of human speech: the reference voice's clusters, brought to the time of a person's
reading.

MFCCs of people and of a synthesiser are too different to be aligned. What a model makes of them
that has learned from many synthetic voices is not, so the model of the round before aligns each
reading with its reference.
"""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from parp_espnet import progress
from parp_espnet.upstreams.pretrain import targets
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.model import Predictor, hidden_states, predictor_of
from parp_espnet.upstreams.pretrain.speech import Clip, batches, normalised

Samples = NDArray[np.int16]
NEARER = 0.9
"""A reading this much nearer to its own reference than to another is taken to be of its text, and
others are left out:
some volunteers read an earlier version of it."""


def label(
    config: PretrainConfig, clips: list[Clip], work: Path, previous: Path, jobs: int
) -> dict[int, NDArray[np.int16]]:
    """The targets of each reading, (frames,) by its number, of those that are of their text; kept
    in `work`.

    Args:
        clips: readings with their references.
        work: has the `centroids.npy` of the reference voice's MFCCs.
        previous: checkpoint whose model aligns.
        jobs: processes that align; what they find does not depend on how many.
    """
    file = work / "targets_human.npy"
    if not file.is_file():
        centroids = targets.load_centroids(work / "centroids.npy")
        found = {}
        heard, said = (
            [clip.samples for clip in clips],
            [clip.reference for clip in clips if clip.reference is not None],
        )
        for number, places in _alignments(config, heard, said, previous, jobs):
            frames = targets.mfcc(said[number])
            found[number] = targets.assign(frames[np.minimum(places, len(frames) - 1)], centroids)
        nothing = np.zeros(0, np.int16)
        targets.save_targets((found.get(number, nothing) for number in range(len(clips))), file)
    return {number: goal for number, goal in enumerate(targets.load_targets(file)) if len(goal)}


def _alignments(
    config: PretrainConfig,
    readings: list[Samples],
    references: list[Samples],
    previous: Path,
    jobs: int,
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """The frame of its reference for each frame of a reading, by its number; none for readings of
    another text.
    """
    model = predictor_of(config, torch.load(previous, weights_only=True)["model"])
    lengths = np.array(
        [
            len(reading) + len(reference)
            for reading, reference in zip(readings, references, strict=True)
        ]
    )
    groups = batches(lengths, 2 * config.batch_seconds, 0, 0)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for group in progress.track(groups, "targets human", "batch"):
            heard = _hidden(config, model, [readings[i] for i in group])
            said = _hidden(config, model, [references[i] for i in group])
            found = pool.map(
                _match, heard, said, (_another(said, place) for place in range(len(group)))
            )
            for number, places in zip(group, found, strict=True):
                if places is not None:
                    yield int(number), places


def _another(said: list[targets.Features], place: int) -> targets.Features | None:
    """Of another text than the one at `place`: of texts of another length, whichever the place
    leads to.
    """
    others = [one for one in said if len(one) != len(said[place])]
    return others[place % len(others)] if others else None


def _match(
    heard: targets.Features, said: targets.Features, other: targets.Features | None
) -> NDArray[np.int64] | None:
    """The frame of the reference `said` for each frame of a reading; None where it is as near to
    `other`.
    """
    distance, places = targets.align_directions(heard, said)
    if other is not None and distance > NEARER * targets.align_directions(heard, other)[0]:
        return None
    return places


def _hidden(
    config: PretrainConfig, model: Predictor, samples: list[Samples]
) -> list[targets.Features]:
    """The directions of each one's states in the middle of the model, where voices matter least."""
    middle = (model.encoder.config.num_hidden_layers + 1) // 2
    return [
        directions(states)
        for states in hidden_states(config, model, [normalised(one) for one in samples], middle)
    ]


def directions(states: Tensor) -> targets.Features:
    """Unit vectors from the utterance's mean to each of its frames, of states (frames,
    dimensions).
    """
    return np.asarray(nn.functional.normalize(states - states.mean(0), dim=-1).numpy(), np.float32)
