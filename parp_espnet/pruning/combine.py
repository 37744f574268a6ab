"""New masks from nothing, and from other masks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.selection import select

EACH = Ranking(scope="tensor")
SMALLEST_SEED, LARGEST_SEED = -(2**63), 2**64 - 1
"""Of torch's generators."""


def random_mask(
    shapes: Mapping[str, tuple[int, ...]], sparsity: float, seed: int, ranking: Ranking = EACH
) -> Mask:
    """A mask that prunes exactly round(sparsity · n) weights of each tensor, drawn uniformly.

    Args:
        shapes: the pool's, by canonical name. The same shapes and seed give the same mask.
        ranking: from what is drawn: its scope, and its pattern.

    Raises:
        UserError: the ranking has a score, of which a draw has none, or the seed is too large.
    """
    if ranking != ranking.by_magnitude:
        raise UserError(
            f"score {ranking.score}: a random mask has none; leave it out, or rank weights"
        )
    if not SMALLEST_SEED <= seed <= LARGEST_SEED:
        raise UserError(f"seed {seed}: expected {SMALLEST_SEED} to {LARGEST_SEED}, for torch")
    generator = torch.Generator().manual_seed(seed)
    # Ranks of random numbers are a random permutation: float64's would be without ties, float32's
    # are nearly so.
    drawn = {name: torch.rand(shape, generator=generator) for name, shape in sorted(shapes.items())}
    kept = select(drawn, sparsity, ranking)
    word = ranking.word
    within = {"tensor": "each tensor", "layer": "each layer", "global": "the pool"}.get(word, word)
    told = f"random, uniform in {within}, seed {seed}"
    made = Origin(source=Source.UNIFORM.name.lower(), seed=seed)
    return Mask(kept, origin=told, sparsity_target=sparsity, ranking=ranking, made=made)


def combine(masks: Sequence[Mask], how: str, names: Sequence[str]) -> Mask:
    """Keep what any (`union`), all (`intersection`), or more than half (`majority`) of `masks`
    keep.

    Args:
        names: what to call the masks where it is told how the result came to be, and in errors.

    Raises:
        UserError: there are fewer than two masks, or they are not of the same pool.
    """
    if len(masks) < 2:
        raise UserError(f"combine: expected two masks or more, found {len(masks)}")
    first = masks[0]
    for mask, name in zip(masks[1:], names[1:], strict=True):
        mask.check_fits(first.kept, where=f"{name} and {names[0]}")
    least = {"union": 1, "intersection": len(masks), "majority": len(masks) // 2 + 1}[how]
    kept: dict[str, Tensor] = {}
    for name in first.kept:
        votes = torch.stack([mask.kept[name] for mask in masks]).sum(0)
        kept[name] = votes >= least
    told = f"{how} of {', '.join(names)}"
    combined = Mask(
        kept,
        origin=told,
        sparsity_target=0.0,
        ranking=Ranking(scope="combined"),
        made=_origin(masks, how),
    )
    return replace(combined, sparsity_target=combined.sparsity)


def _origin(masks: Sequence[Mask], how: str) -> Origin:
    """Whose the masks are: what they have in common, and all of their languages."""
    common = masks[0].made.as_dict()
    for mask in masks[1:]:
        for name, value in mask.made.as_dict().items():
            if name in common and common[name] != value:
                del common[name]
    languages: list[str] = []
    for mask in masks:
        if mask.made.language:
            languages.append(mask.made.language)
    together = None
    if len(languages) == len(masks):
        together = " ".join(dict.fromkeys(languages))
    parents = " ".join(mask.sha256 for mask in masks)
    return Origin.of(common | {"source": how, "language": together, "parents": parents})
