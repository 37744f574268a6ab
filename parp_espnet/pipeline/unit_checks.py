"""Whether whole units can be pruned as is asked for, before anything runs."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError, printable
from parp_espnet.files import read_json
from parp_espnet.pipeline.pruning import Experiment
from parp_espnet.pruning.patterns import CHANNELS, NONE, Units, find_pattern, is_pattern

NATIVE = ("wavlm", "data2vec-audio")
"""Upstreams that s3prl's own code trains, by names of its own."""
COUNTS = {
    "feed-forward units": ("intermediate_size", "d_inner"),
    "heads": ("num_attention_heads", "n_head"),
    CHANNELS: ("conv_dim",),
}
"""What configurations call the number of what is pruned: of a layer, or of each convolution."""
LAYERS = ("num_hidden_layers", "n_layer")
"""What they call the number of layers."""


def check_units(settings: Experiment, config: Path) -> None:
    """Raise `UserError` where whole units are pruned, and a layer of the pre-trained model would
    lose all of them, none is pruned at all, there are none, or a mask that is given is of others:
    now, and not after a training whose weights are ranked.

    Args:
        config: the model's, as the present directory sees it; it may be missing.
    """
    word = settings.scope if settings.pattern == NONE else settings.pattern
    form = find_pattern(word) if is_pattern(word) else None
    if not isinstance(form, Units) or not settings.pruning.row.prunes:
        return
    loaded = read_json(config) if config.is_file() else None
    told: Mapping[str, Any] = loaded if isinstance(loaded, dict) else {}
    try:
        if CHANNELS in form.kinds:
            _check_convolutions(form, told)
        _check_counts(form, told, settings.sparsity or 0)
        if settings.initial_mask is not None and not settings.dry_run:
            _check_mask(form, told, settings.initial_mask, settings.recipe)
    except UserError as error:
        raise UserError(f"{settings.PROGRAM}: --{error}") from None


def _check_convolutions(form: Units, told: Mapping[str, Any]) -> None:
    kind = told.get("model_type")
    if kind in NATIVE or (told and "conv_dim" not in told):
        raise UserError(
            f"pattern {form.word}: expected an upstream whose convolutions train by Hugging Face's "
            f"names, such as wav2vec 2.0 or HuBERT, found {printable(str(kind))}; prune units "
            f"alone (--pattern units)"
        )


def _check_counts(form: Units, told: Mapping[str, Any], sparsity: float) -> None:
    known: dict[str, list[int]] = {}
    for kind in form.kinds:
        counts = _counts(told, kind)
        if not form.even:
            # They are ranked over all layers, so their number matters.
            counts *= _layers(told)
        if counts:
            form.check_counts(kind, counts, sparsity)
            known[kind] = counts
    pruned = sum(form.pruned(kind, counts, sparsity) for kind, counts in known.items())
    if known and sparsity > 0 and pruned == 0:
        kind = max(known, key=lambda kind: sum(known[kind]))
        where = " in each layer" if form.even else ""
        count = max(known[kind]) if form.even else sum(known[kind])
        raise UserError(
            f"pattern {form.word}: sparsity {sparsity:g}: expected one at least that is pruned"
            f"{where}, found none of {count} {kind}; take a higher sparsity"
        )


def _layers(told: Mapping[str, Any]) -> int:
    """How many layers a model has; 0 where its configuration does not say."""
    for name in LAYERS:
        value = told.get(name)
        if type(value) is int and value > 0:
            return value
    return 0


def _counts(told: Mapping[str, Any], kind: str) -> list[int]:
    for name in COUNTS[kind]:
        value = told.get(name)
        counts = value if isinstance(value, list) else [value]
        whole = [count for count in counts if type(count) is int]
        if whole:
            return whole
    return []


def _check_mask(form: Units, told: Mapping[str, Any], file: Path, recipe: Path) -> None:
    """Raise `UserError` where a mask file is there, and prunes other than whole units."""
    path = recipe / file
    heads = _counts(told, "heads")
    if not path.is_file() or not heads:
        return
    # Imported here: torch takes seconds, and few name a mask beside a pattern.
    from parp_espnet.pruning.masks import Mask  # noqa: PLC0415

    mask = Mask.load(path, f"initial_mask {file}")
    if not replace(form, heads=heads[0]).follows(mask.kept):
        raise UserError(
            f"initial_mask {file}: expected a mask that keeps {form.told()}, found another "
            f"({printable(mask.scope)}); make it by --scope {form.word} of parp-mask"
        )
