"""How a training begins that goes on from another model: with rows of its CTC layer; and what is
left where nothing is trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.espnet.checkpoints import relink, save
from parp_espnet.upstreams.head import read_head

UNTRAINED = "0epoch.pth"
"""The model of a training without updates, as ESPnet would call it."""
DRAWN = -1


@dataclass(frozen=True)
class HeadSettings:
    """`head_conf` of the training configuration."""

    head: str | None = None
    """A head as the preflight leaves it; None where the CTC layer is drawn, as ESPnet's is."""
    rows: Sequence[int] = ()
    """For each token the row that it begins with, -1 for one that stays as it is drawn."""
    lowered: Sequence[float] = ()
    """For each token what its bias is less than that row's."""

    @classmethod
    def parse(cls, conf: Mapping[str, Any] | None) -> Self:
        """Check `head_conf`. Raises `UserError`."""
        known = {field.name for field in fields(cls)}
        given = {} if conf is None else conf
        if not isinstance(given, Mapping) or not given.keys() <= known:
            raise UserError(f"head_conf: expected a mapping of {', '.join(sorted(known))}")
        return cls(**given)


def begin_with_head(model: nn.Module, settings: HeadSettings) -> None:
    """Copy rows of a head into a model's CTC layer.

    Raises `UserError` where it is of other dimensions, or not of as many tokens.
    """
    if settings.head is None:
        return
    found = read_head(Path(settings.head))
    ctc: Any = model.ctc
    layer = ctc.ctc_lo
    tokens, size = layer.weight.shape
    if found["weight"].shape[1] != size or len(settings.rows) != tokens:
        raise UserError(
            f"{settings.head}: expected rows of {size} numbers for {tokens} tokens, found "
            f"{len(settings.rows)} of {found['weight'].shape[1]}; run stage 5 again"
        )
    lowered = settings.lowered or [0.0] * tokens
    with torch.no_grad():
        for token, row in enumerate(settings.rows):
            if row == DRAWN:
                continue
            layer.weight[token] = found["weight"][row]
            layer.bias[token] = found["bias"][row] - lowered[token]


def leave_untrained(model: nn.Module, directory: Path, criterion: Sequence[str]) -> None:
    """Leave a model that nothing was trained of by the names that decoding and finalising know."""
    save(directory / UNTRAINED, model.state_dict())
    for name in (
        "latest",
        f"{criterion[0]}.{criterion[1]}.best",
        f"{criterion[0]}.{criterion[1]}.ave",
    ):
        relink(directory / f"{name}.pth", directory / UNTRAINED)
