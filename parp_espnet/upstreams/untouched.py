"""An upstream as it was before any finetuning: its weights, what it computes with them, and a hash
that tells it from others.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.upstreams.heard import preprocessor
from parp_espnet.upstreams.hugging_face import (
    HUGGING_FACE,
    MODELS,
    WAV2VEC2_LIKE,
    open_model,
    read_config,
)
from parp_espnet.upstreams.preflight import ADAPTATIONS, RECOMPUTES

UNHEARD = "masked_spec_embed"
"""What hides frames in training; recognising does without, and some upstreams have none."""
OF_TRAINING = ("mask_", "apply_spec_augment", "layerdrop", "vocab_size", RECOMPUTES)
"""How settings begin that change nothing in what a trained upstream computes."""
OF_FILES = ("architectures", "dtype", "torch_dtype", "transformers_version", "_name_or_path")
"""Settings that say how the file was made."""


@dataclass(frozen=True, eq=False)
class Upstream:
    """A Hugging Face directory, read.

    Attributes:
        folder: where it is.
        config: its configuration, as training adapts it.
        preprocessor: its preprocessor_config.json, or what its architecture was trained with.
        weights: float32 on the CPU, by the names of transformers' class without a head.
    """

    folder: Path
    config: dict[str, Any]
    preprocessor: dict[str, Any]
    weights: Mapping[str, Tensor]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of names, shapes and float32 numbers, whatever the file stored them as."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.weights.items()):
            digest.update(f"{name} {'x'.join(map(str, tensor.shape))}\n".encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()


def load_upstream(folder: Path) -> Upstream:
    """Read an upstream.

    Raises `UserError` where there is none, it is of an unknown kind, or weights are missing.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such upstream; expected a Hugging Face directory")
    config = read_config(folder)
    kind = config["model_type"]
    if kind not in HUGGING_FACE:
        raise UserError(
            f"{folder}: upstream of an unknown kind: expected model_type "
            f"{', '.join(HUGGING_FACE)}, found {kind}"
        )
    adapted = config | {name: value for name, (value, _) in ADAPTATIONS.items()}
    if kind in WAV2VEC2_LIKE:
        adapted["model_type"] = "wav2vec2"
    return Upstream(folder, adapted, preprocessor(folder, config), _weights(folder, kind))


def _weights(folder: Path, kind: str) -> dict[str, Tensor]:
    model, _ = open_model(folder, kind)
    return {name: tensor for name, tensor in model.state_dict().items() if name != UNHEARD}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the settings by which two configurations compute something else with the same
    weights.
    """
    if one.get("model_type") != other.get("model_type"):
        return ["model_type"]
    ours, theirs = _computed(one), _computed(other)
    return [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]


def _computed(config: Mapping[str, Any]) -> dict[str, Any]:
    """What counts of a configuration, defaults written out."""
    kind = MODELS[config["model_type"]]
    whole: dict[str, Any] = kind.config_class.from_dict(dict(config)).to_dict()
    counted = {}
    for name, value in whole.items():
        if not name.startswith(OF_TRAINING) and name not in OF_FILES:
            counted[name] = list(value) if isinstance(value, tuple) else value
    return counted
