"""Iterations of clustering and masked prediction, resumable at any moment.

Everything random about update u (batch, disturbance, mask, dropout) is drawn from (seed, iteration,
u), so a resumed run does what an uninterrupted one would have done.
"""

import json
from collections.abc import Iterator
from itertools import batched
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from parp_espnet import progress
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write
from parp_espnet.upstreams.pretrain import targets
from parp_espnet.upstreams.pretrain.augment import Disturbances, disturb
from parp_espnet.upstreams.pretrain.config import Iteration, PretrainConfig
from parp_espnet.upstreams.pretrain.model import (
    Batch,
    Predictor,
    draw_mask,
    hidden_states,
    losses,
    pad,
    precision,
    predictor_of,
)
from parp_espnet.upstreams.pretrain.speech import Clip, batches, load_speech, normalised, sets_of

EVALUATION_BATCHES = 12
SAMPLE_CLIPS = 1300
"""Utterances whose frames k-means sees: some 250,000 frames; more change the centroids little."""


def pretrain(config: PretrainConfig, folder: Path, begins: Path | None = None) -> Path:
    """Run every iteration in `folder`, whose speech was made before in `folder/speech`; return the
    last checkpoint.

    What is complete is kept; an interrupted iteration continues from its last checkpoint.

    Args:
        begins: the checkpoint that the first iteration goes on from; None where it begins anew.
    """
    torch.set_flush_denormal(True)
    try:
        return _iterations(config, folder, begins)
    finally:
        # Whoever goes on in this process expects numbers as they are.
        torch.set_flush_denormal(False)


def _iterations(config: PretrainConfig, folder: Path, begins: Path | None) -> Path:
    previous = begins
    for number, iteration in enumerate(config.iterations, 1):
        work = folder / f"iter{number}"
        speech = sets_of(config, number, folder / "speech")
        clips = {name: load_speech(config, one) for name, one in speech.items()}
        made = make_targets(config, iteration, clips, work, previous)
        previous = train_iteration(config, number, clips, made, work, previous)
    if previous is None:
        raise ValueError("a pretraining has at least one iteration")
    return previous


def make_targets(
    config: PretrainConfig,
    iteration: Iteration,
    clips: dict[str, list[Clip]],
    work: Path,
    previous: Path | None,
) -> dict[str, list[NDArray[np.int16]]]:
    """Cluster reference MFCCs, or a layer of the `previous` checkpoint's model, into the targets of
    every clip.
    """
    files = {split: work / f"targets_{split}.npy" for split in clips}
    if not all(file.is_file() for file in files.values()):
        centroids = _centroids(config, iteration, clips["train"], work / "centroids.npy", previous)
        for split, file in files.items():
            found = features(config, iteration, clips[split], previous)
            shown = progress.track(found, f"targets {split}", "utt", len(clips[split]))
            targets.save_targets((targets.assign(one, centroids) for one in shown), file)
    return {split: targets.load_targets(file) for split, file in files.items()}


def _centroids(
    config: PretrainConfig,
    iteration: Iteration,
    clips: list[Clip],
    path: Path,
    previous: Path | None,
) -> targets.Features:
    if path.is_file():
        return targets.load_centroids(path)
    some = [
        clips[i] for i in np.random.default_rng(config.seed).permutation(len(clips))[:SAMPLE_CLIPS]
    ]
    shown = progress.track(features(config, iteration, some, previous), "frames", "utt", len(some))
    return targets.fit(np.concatenate(list(shown)), iteration.clusters, config.seed, path)


def features(
    config: PretrainConfig, iteration: Iteration, clips: list[Clip], previous: Path | None
) -> Iterator[targets.Features]:
    """(frames, dimensions) of each clip: the reference voice's MFCCs, or the layer that the
    iteration names.
    """
    if iteration.layer is None or previous is None:
        yield from map(_reference_mfcc, clips)
        return
    model = predictor_of(config, torch.load(previous, weights_only=True)["model"])
    size = int(config.batch_seconds // config.max_seconds)
    for some in batched(clips, size):
        for states in hidden_states(
            config, model, [normalised(clip.samples) for clip in some], iteration.layer
        ):
            yield states.numpy()


def _reference_mfcc(clip: Clip) -> targets.Features:
    """The reference voice's MFCCs in the time of what is heard, (frames, dimensions)."""
    assert clip.reference is not None
    reference = targets.mfcc(clip.reference)
    return reference[targets.align(targets.mfcc(clip.samples), reference)]


def train_iteration(
    config: PretrainConfig,
    number: int,
    clips: dict[str, list[Clip]],
    made: dict[str, list[NDArray[np.int16]]],
    work: Path,
    previous: Path | None,
) -> Path:
    """Train one iteration, from the encoder of the one before; return its checkpoint."""
    iteration, checkpoint = config.iterations[number - 1], work / "checkpoint.pt"
    torch.manual_seed(config.seed * 1000 + number)
    model = Predictor(config, iteration.clusters)
    optimizer = torch.optim.AdamW(
        model.parameters(),
        config.learning_rate,
        betas=(0.9, 0.98),
        weight_decay=config.weight_decay,
    )
    done = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        done = saved["updates"]
    elif previous is not None:
        encoder = torch.load(previous, weights_only=True)["model"]
        model.load_state_dict(
            {k: v for k, v in encoder.items() if k.startswith("encoder.")}, strict=False
        )
    lengths = np.array([len(clip.samples) for clip in clips["train"]])
    shown = progress.bar(iteration.updates, f"iteration {number}", "update")
    shown.update(done)
    for update, chosen in _schedule(config, number, lengths, done, iteration.updates):
        rng = np.random.default_rng([config.seed, number, update])
        speech, goals = [clips["train"][i] for i in chosen], [made["train"][i] for i in chosen]
        batch, classes = make_batch(model, speech, goals, iteration.augment_share, rng)
        for group in optimizer.param_groups:
            group["lr"] = _rate(config, iteration, update)
        found = step(config, model, optimizer, batch, classes, config.seed * 10**6 + update)
        shown.update(1)
        shown.set_postfix_str(
            f"loss {found['masked']:.2f}, accuracy {found['masked_accuracy']:.2f}", refresh=False
        )
        if (update + 1) % config.save_every == 0 or update + 1 == iteration.updates:
            _report(work, update + 1, found, evaluate(config, model, clips["dev"], made["dev"]))
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "updates": update + 1,
            }
            with atomic_write(checkpoint) as temporary:
                torch.save(state, temporary)
    shown.close()
    return checkpoint


def _schedule(
    config: PretrainConfig, number: int, lengths: NDArray[np.int64], done: int, updates: int
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    update, epoch = 0, 0
    while update < updates:
        for chosen in batches(lengths, config.batch_seconds, config.seed * 100 + number, epoch):
            if done <= update < updates:
                yield update, chosen
            update += 1
        epoch += 1


def make_batch(
    model: Predictor,
    clips: list[Clip],
    goals: list[NDArray[np.int16]],
    share: float,
    rng: np.random.Generator,
) -> tuple[Batch, Tensor]:
    """Disturb a share of the clips and pad them; also returns the targets (batch, frames), -1 in
    padding.
    """
    waves = [normalised(clip.samples) for clip in clips]
    disturbed = [
        normalised(disturb(wave, waves[int(rng.integers(len(waves)))], Disturbances(), rng))
        if rng.random() < share
        else wave
        for wave in waves
    ]
    batch = pad(model, disturbed)
    classes = torch.full((len(waves), int(batch.frames.max())), -1)
    for row, goal, length in zip(classes, goals, batch.frames.tolist(), strict=True):
        row[: min(length, len(goal))] = torch.from_numpy(goal[:length].astype(np.int64))
    return batch, classes


def step(
    config: PretrainConfig,
    model: Predictor,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    classes: Tensor,
    seed: int,
) -> dict[str, Tensor]:
    """One optimizer update; returns the losses and accuracies of `model.losses`.

    Raises `UserError` where they are not numbers.
    """
    torch.manual_seed(seed)
    model.train()
    masked = draw_mask(
        batch.frames, config.mask_share, config.mask_span, torch.Generator().manual_seed(seed)
    )
    with precision(config):
        logits = model(batch.waves, batch.audible, masked)
    found = losses(logits, classes, masked)
    optimizer.zero_grad()
    torch.autograd.backward(found["masked"] + config.unmasked_weight * found["unmasked"])
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    if not torch.isfinite(norm):
        rate = optimizer.param_groups[0]["lr"]
        raise UserError(
            f"the loss or its gradient is not a number, at a learning rate of {rate:.3g}; take a "
            f"smaller one in the "
            "configuration, and look at the speech"
        )
    optimizer.step()
    return {name: value.detach() for name, value in found.items()}


def evaluate(
    config: PretrainConfig, model: Predictor, clips: list[Clip], goals: list[NDArray[np.int16]]
) -> dict[str, float]:
    """The losses and accuracies on held-out voices and phrases, undisturbed, always with the same
    masks.
    """
    model.eval()
    chosen = batches(np.array([len(clip.samples) for clip in clips]), config.batch_seconds, 0, 0)[
        :EVALUATION_BATCHES
    ]
    sums: dict[str, list[float]] = {}
    for number, indices in enumerate(chosen):
        nothing = np.random.default_rng(0)
        batch, classes = make_batch(
            model, [clips[i] for i in indices], [goals[i] for i in indices], 0.0, nothing
        )
        generator = torch.Generator().manual_seed(number)
        masked = draw_mask(batch.frames, config.mask_share, config.mask_span, generator)
        with torch.no_grad(), precision(config):
            logits = model(batch.waves, batch.audible, masked)
        for name, value in losses(logits, classes, masked).items():
            sums.setdefault(name, []).append(value.item())
    return {name: float(np.mean(values)) for name, values in sums.items()}


def _rate(config: PretrainConfig, iteration: Iteration, update: int) -> float:
    warmup = max(1, round(config.warmup_share * iteration.updates))
    rising, falling = (
        (update + 1) / warmup,
        (iteration.updates - update) / max(1, iteration.updates - warmup),
    )
    return config.learning_rate * min(rising, falling)


def _report(work: Path, updates: int, train: dict[str, Tensor], dev: dict[str, float]) -> None:
    line = {"updates": updates, "train": {k: round(v.item(), 4) for k, v in train.items()}}
    line["dev"] = {k: round(v, 4) for k, v in dev.items()}
    with (work / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
