"""What a training says of itself, as a result has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pipeline.paths import from_root
from parp_espnet.pruning.methods import row_of
from parp_espnet.pruning.origin import Origin
from parp_espnet.upstreams.starts import ROWS, SUMMARY

MEASURED = (
    "method",
    "sparsity_target",
    "sparsity_measured",
    "freeze_updates",
    "seed",
    "updates",
    "mask_sha256",
    "iou_initial_final",
    "train_seconds",
)


def trained(exp: Path) -> dict[str, Any]:
    """Return the fields of a `Result` that the training of an experiment left in `training.json`,
    and in what is said of it beside.

    Raises `UserError` when the file is missing, damaged or something else.
    """
    loaded = read_json(exp / SUMMARY)
    lacking: list[str] = []
    for name in (*MEASURED, "initial_mask"):
        if not isinstance(loaded, dict) or name not in loaded:
            lacking.append(name)
    if lacking:
        raise UserError(
            f"{exp / SUMMARY}: expected what a training leaves, found no {', '.join(lacking)}; "
            f"train again"
        )
    mask = loaded["initial_mask"]
    # A call that scores may have other options than the one that trained.
    known: dict[str, Any] = {}
    if "interval" in loaded:
        known["interval"] = interval_of(loaded)
    upstream = Origin.of_experiment(exp).upstream
    if upstream is not None:
        known["upstream"] = upstream
    return (
        known
        | {name: loaded[name] for name in MEASURED}
        | {
            "initial_mask": None if mask is None else from_root(Path(mask)),
            # Younger than the rest.
            "device": loaded.get("device"),
            "mask_origin": _origin(loaded),
            "head": _head(exp),
        }
    )


def interval_of(conf: Mapping[str, Any]) -> int | None:
    """How many updates lie between two prunes of what a training was told; None where its method
    does not adjust, whatever is said beside it. A method of another version may.
    """
    interval: int | None = conf.get("interval")
    return interval if row_of(conf.get("method", "dense")).adjusts else None


def _head(exp: Path) -> dict[str, str] | None:
    """What each token's row began with; None where all were drawn."""
    file = exp / ROWS
    labels = read_json(file) if file.is_file() else None
    if not labels:
        return None
    return {str(token): str(label) for token, label in labels.items()}


def show(exp: Path) -> str:
    """Return the final model's sparsity, mask and seconds in words, by `training.json`.

    Raises `UserError`.
    """
    summary = read_json(exp / SUMMARY)
    model = exp / summary["model"]
    if not model.exists():
        raise UserError(f"{model}: no such model, though {SUMMARY} names it; train again")
    return (
        f"{model}: pool sparsity {summary['sparsity_measured']:.6f}, asked "
        f"{summary['sparsity_target']:g}; mask {summary['mask_sha256'][:12]}, IOU with the first "
        f"mask {summary['iou_initial_final']:.4f}; {summary['updates']} updates in "
        f"{summary['train_seconds']:.0f} s"
    )


def _origin(loaded: dict[str, Any]) -> dict[str, Any] | None:
    """Where the first mask comes from, and which it is; None of a training of before it said so."""
    origin = loaded.get("initial_mask_origin")
    if not isinstance(origin, dict):
        return None
    return {**origin, "sha256": loaded.get("initial_mask_sha256")}
