"""What a pretraining is, as one YAML file."""

import dataclasses
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError, as_written
from parp_espnet.files import parse_yaml, regular

INSTRUCTIONS, WITHOUT_AMX = "ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16"
"""oneDNN's variable of the newest instructions that it takes, and those before AMX."""


@dataclasses.dataclass(frozen=True)
class Iteration:
    """One round of HuBERT: cluster something into targets, then train on them."""

    updates: int
    """Optimizer updates of this round."""
    minutes: float
    """Minutes of synthetic speech over all languages, each with the same share; new speakers in
    each round.
    """
    clusters: int
    """Number of k-means clusters, the classes that are predicted."""
    layer: int | None = None
    """Cluster the output of this Transformer layer (1 is the first) of the round before; None
    clusters the MFCCs of the reference voice.
    """
    augment_share: float = 0.5
    """Share of utterances that get a room, a channel and noise; their targets come from the clean
    speech.
    """


@dataclasses.dataclass(frozen=True)
class PretrainConfig:
    """Settings of one upstream, read from `egs2/cldr/ssl1/conf/<name>.yaml`."""

    languages: tuple[str, ...]
    """Languages of the cldr corpus."""
    iterations: tuple[Iteration, ...]
    model: dict[str, Any]
    """Overrides of Hugging Face's `HubertConfig`."""
    seed: int = 1
    dev_minutes: float = 5.5
    """Minutes of held-out voices and phrases over all languages, for the accuracies that are
    logged.
    """
    warp: float = 0.15
    """Each utterance is resampled by a factor within exp(±warp): other vocal tracts than the
    synthesiser has.
    """
    batch_seconds: float = 24.0
    """Seconds of audio in an update, padding included."""
    max_seconds: float = 8.0
    """Longer utterances are left out."""
    mask_share: float = 0.4
    """Share of frames that are masked."""
    mask_span: int = 10
    """Frames (20 ms) in one masked span."""
    unmasked_weight: float = 1.0
    """Weight of the loss on frames that are not masked; HuBERT's paper has 0, small models learn
    faster with 1.
    """
    learning_rate: float = 1e-3
    """Peak, reached after `warmup_share` of an iteration's updates, falling linearly to 0."""
    warmup_share: float = 0.08
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    save_every: int = 250
    """Updates between checkpoints; an interruption costs at most so many."""
    bf16: bool = True
    """Compute in bfloat16 if the processor can; parameters stay in fp32."""


def read_config(path: Path) -> PretrainConfig:
    """Read and check a configuration. Raises `UserError` that lists unknown or missing keys."""
    try:
        values = parse_yaml(regular(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{path}: no such configuration; expected one of {_neighbours(path)}"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected YAML, found something else ({' '.join(str(error).split())})"
        ) from None
    fields = {field.name: field for field in dataclasses.fields(PretrainConfig)}
    required = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    if not isinstance(values, dict) or set(values) - set(fields) or required - set(values):
        found = ", ".join(map(str, values)) if isinstance(values, dict) else as_written(values)
        raise UserError(
            f"{path}: expected {', '.join(sorted(required))} and any of "
            f"{', '.join(sorted(set(fields) - required))}, found {found}"
        )
    values["languages"] = tuple(values["languages"])
    values["iterations"] = tuple(Iteration(**iteration) for iteration in values["iterations"])
    return PretrainConfig(**values)


def _neighbours(path: Path) -> str:
    return (
        ", ".join(sorted(other.name for other in path.parent.glob("*.yaml"))) or "(an empty folder)"
    )
