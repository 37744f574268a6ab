"""The options of pruning: what `prune_conf` of a training and the templates' options both are.

Each is declared here and nowhere else. The text is what `--help` says; what else is to know of an
option stands under it. Whether values fit together is checked in `settings`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from parp_espnet.notes import FILE
from parp_espnet.pruning.methods import METHODS
from parp_espnet.pruning.patterns import NONE
from parp_espnet.pruning.ranking import GLOBAL
from parp_espnet.pruning.scores import MAGNITUDE, choices


@dataclass(frozen=True)
class PruneOptions:
    """How one run prunes."""

    method: Annotated[str, f"one of {' '.join(METHODS)}"] = "parp"
    sparsity: Annotated[
        float | None, "fraction of the pool to prune, in [0, 1); 0.5 by default, 0 for dense"
    ] = None
    interval: Annotated[int | None, "updates between two re-prunes, where the mask adjusts"] = 5
    """In the paper 5 to 150, more with more data."""
    initial_mask: Annotated[
        Path | None, "mask file to begin with, such as another language's or task's", FILE
    ] = None
    """It takes the place of the method's own first mask."""
    score: Annotated[str, f"what weights are ranked by: {', '.join(choices())}"] = MAGNITUDE
    scope: Annotated[
        str,
        "rank weights global-ly, within each layer, tensor or row, or by a file of rates (.yaml)",
    ] = GLOBAL
    """Of `scopes.SCOPES`, a file, or a pattern, which stood here before there was `pattern`."""
    pattern: Annotated[
        str,
        "prune any weights: none; of M consecutive ones all but N: such as 2:4; or whole units, of "
        "which --sparsity is then the share: units, ffn, heads, as many in every layer, or "
        "units-free …; units+conv, conv: also channels of the convolutions, which then train; "
        "units+0.5conv: half of that share of the channels",
    ] = NONE
    prune_biases: Annotated[bool, "whether biases may be pruned, as in the paper"] = True
    prune_pattern: Annotated[
        str | None, "regular expression of the names of a pool of your own"
    ] = None
    """See `pool.find_pool`."""
    start_sparsity: Annotated[
        float | None,
        "where sparsity begins that grows, as parp-p's; 0.2 below --sparsity by default",
    ] = None
    """By default as in the paper."""
    sparsity_path: Annotated[str, "how it grows: linear or cubic"] = "linear"
    """Of `schedule.PATHS`."""
    growth_updates: Annotated[
        int | None, "first updates, in which it grows; after them it stays; all by default"
    ] = None
    """The end step of Zhu and Gupta 2017; what is left of the run repairs."""
    score_lr: Annotated[
        float | None,
        "how many times faster than weights scores learn, of router 10, of movement 1e6 by default",
    ] = None
    alpha: Annotated[
        float | None, "the share of kept weights that rigl replaces at first; 0.3 by default"
    ] = None
    adapter_rank: Annotated[
        int | None,
        "rank of lora's adapters; by default they have as many bytes as a mask of a bit a weight",
    ] = None
    freeze_updates: Annotated[int, "first updates in which only the head trains"] = 0
    """Whatever the method."""
