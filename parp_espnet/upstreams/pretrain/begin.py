"""What a pretraining begins with that goes on from an upstream."""

from pathlib import Path

import torch
from transformers import HubertModel

from parp_espnet.errors import UserError, describe
from parp_espnet.files import atomic_write
from parp_espnet.upstreams.pretrain.config import PretrainConfig
from parp_espnet.upstreams.pretrain.model import Predictor

CHECKPOINT = "init.pt"


def begin(config: PretrainConfig, upstream: Path, exp: Path) -> Path:
    """Leave a checkpoint of an upstream in `exp`, as one of an iteration before; return it.

    Raises `UserError` where its weights are not those of the architecture.
    """
    place = exp / CHECKPOINT
    if place.is_file():
        return place
    torch.manual_seed(config.seed)
    model = Predictor(config, config.iterations[0].clusters)
    try:
        states = HubertModel.from_pretrained(upstream, dtype=torch.float32).state_dict()
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"--init {upstream}: cannot be loaded ({describe(error)})") from None
    own = model.encoder.state_dict()
    # Of a model that was trained without masks there is no embedding of them.
    lacking = own.keys() - states.keys() - {"masked_spec_embed"}
    if lacking or states.keys() - own.keys():
        different = sorted(lacking | (states.keys() - own.keys()))
        raise UserError(
            f"--init {upstream}: expected the weights of its config.json, found others: "
            f"{different[0]}"
        )
    model.encoder.load_state_dict(own | states)
    with atomic_write(place) as temporary:
        torch.save({"model": model.state_dict()}, temporary)
    return place
