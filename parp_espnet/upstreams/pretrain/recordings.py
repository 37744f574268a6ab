"""Recordings that nobody has transcribed, as the speech of a pretraining that goes on: pieces of
them, kept like what is synthesised.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet import progress
from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.upstreams.pretrain.augment import SAMPLE_RATE
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.speech import Clip, is_kept, keep_clips, sets_of

NAME = "recordings"
"""In the place of a language."""
SHORTEST = 0.5
"""Seconds; what is left at the end of a recording and is shorter is left out."""
ONE_OF = 20
"""One piece of so many is for the accuracies that are logged."""
DROPPED = ("architectures", "model_type", "transformers_version", "dtype", "torch_dtype")
"""In an upstream's config.json, what is no setting of its architecture."""

type Blocks = Iterable[NDArray[np.float32]]


def going_on(config: PretrainConfig, upstream: Path) -> PretrainConfig:
    """Return the configuration of a pretraining that goes on from an upstream: with its
    architecture.

    Raises `UserError` where the upstream is no HuBERT as ours are, or the configuration is one of
    synthetic speech, of several iterations, or has no layer to cluster.
    """
    if config.languages:
        raise UserError(
            f"--raw_speech: expected a configuration without languages, such as "
            f"conf/continue.yaml, found {' '.join(config.languages)}"
        )
    if len(config.iterations) != 1 or config.iterations[0].layer is None:
        raise UserError(
            "--raw_speech: expected a configuration of one iteration with the layer that it "
            "clusters: nobody says these recordings in a reference voice"
        )
    found = _described(upstream, "config.json")
    if found.get("model_type") != "hubert":
        raise UserError(
            f"--init {upstream}: expected a HuBERT in Hugging Face's format, found "
            f"{found.get('model_type')}"
        )
    if _described(upstream, "preprocessor_config.json").get("do_normalize") is not True:
        raise UserError(
            f"--init {upstream}: expected an upstream that hears normalised samples (do_normalize "
            f"of preprocessor_config.json), found another"
        )
    layers, layer = found.get("num_hidden_layers", 0), config.iterations[0].layer
    if not 1 <= layer <= layers:
        raise UserError(f"layer of the iteration: expected 1 to {layers}, found {layer}")
    model = {name: value for name, value in found.items() if name not in DROPPED}
    # Masks are given to it, which it takes where it has an embedding for them.
    masks = {"apply_spec_augment": True, "mask_time_prob": 0.05, "mask_feature_prob": 0.0}
    return replace(
        config, languages=(NAME,), model={**model, "layerdrop": 0.0} | masks | config.model
    )


def _described(upstream: Path, name: str) -> dict[str, Any]:
    file = upstream / name
    loaded = read_json(file) if file.is_file() else None
    if not isinstance(loaded, dict):
        raise UserError(
            f"--init {upstream}: expected a directory in Hugging Face's format, found no {name}"
        )
    return loaded


def keep_recordings(
    config: PretrainConfig, files: Sequence[Path], read: Callable[[Path], Blocks], exp: Path
) -> None:
    """Keep the pieces of recordings as the speech of the iteration; what is there already is kept.

    Args:
        read: yields a recording in blocks, (samples,) at 16 kHz.
        exp: the directory of the pretraining.

    Raises `UserError` where there is too little of them, or they have changed since it was begun.
    """
    sets = sets_of(config, 1, exp / "speech")
    indices = {split: speech.folder / f"{NAME}.json" for split, speech in sets.items()}
    settings: dict[str, Any] = {"max_seconds": config.max_seconds}
    settings["files"] = [[path.name, path.stat().st_size] for path in files]
    if all(is_kept(index, settings) for index in indices.values()):
        return
    if (exp / "iter1").exists():
        raise UserError(
            f"{exp}: the recordings have changed since it was begun; remove it to begin anew"
        )
    clips = list(_clips(files, read, round(config.max_seconds * SAMPLE_RATE)))
    if len(clips) < 2:
        raise UserError(
            f"--raw_speech: expected more than {config.max_seconds:g} seconds of recordings that "
            f"can be read, found less in {len(files)} files"
        )
    dev = clips[ONE_OF - 1 :: ONE_OF] or clips[-1:]
    train = [clip for clip in clips if not any(clip is other for other in dev)]
    for clip_set, split in ((dev, "dev"), (train, "train")):
        indices[split].parent.mkdir(parents=True, exist_ok=True)
        keep_clips(clip_set, indices[split], settings)


def _clips(files: Sequence[Path], read: Callable[[Path], Blocks], longest: int) -> Iterator[Clip]:
    for file in progress.track(files, "recordings", "file", len(files)):
        try:
            pieces = list(_pieces(read(file), longest))
        except UserError as error:
            progress.say(f"left out: {error}")
            continue
        for piece in pieces:
            yield Clip(piece)


def _pieces(blocks: Blocks, longest: int) -> Iterator[NDArray[np.int16]]:
    """Cut a recording into pieces of so many samples, the last one shorter."""
    waiting = np.zeros(0, np.int16)
    for block in blocks:
        scaled = np.rint(np.clip(block, -1, 1) * 32767).astype(np.int16)
        waiting = np.concatenate([waiting, scaled])
        while len(waiting) >= longest:
            yield waiting[:longest]
            waiting = waiting[longest:]
    if len(waiting) >= SHORTEST * SAMPLE_RATE:
        yield waiting
