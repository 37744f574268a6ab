"""Several processes that train one model: they have to do the same, and to notice when they do not.

Outside of distributed training every function here does nothing.
"""

from collections.abc import Callable, Mapping

from torch import Tensor, distributed

from parp_espnet.pruning.masks import identity


def check_same_mask(kept: Mapping[str, Tensor], update: int) -> None:
    """Compare a mask's hash on all ranks.

    Every rank ranks its own copy of the weights. Copies that differ would go unnoticed, since gradients are averaged
    whatever they are of.

    Raises:
        RuntimeError: on every rank, when a rank's mask differs from rank 0's.
    """
    if not distributed.is_initialized():
        return
    found: list[str | None] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, identity(kept))
    if others := [rank for rank, other in enumerate(found) if other != found[0]]:
        raise RuntimeError(
            f"update {update}: the masks of ranks {', '.join(map(str, others))} differ from rank 0's, and so do their "
            "weights; continue from the last checkpoint, and if it happens again look for what is not deterministic"
        )


def on_first_rank(act: Callable[[], bool]) -> bool:
    """Call `act` on rank 0 only, while the others wait; return on all of them what it returned there."""
    if not distributed.is_initialized():
        return act()
    answer = [act() if distributed.get_rank() == 0 else False]
    distributed.broadcast_object_list(answer)
    return answer[0]
