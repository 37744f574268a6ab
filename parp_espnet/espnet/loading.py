"""A trained model, loaded from wherever one is and as strictly as can be."""

import argparse
from pathlib import Path
from typing import Any

import torch

from parp_espnet.devices import check_device
from parp_espnet.errors import UserError, describe
from parp_espnet.espnet.found import find_upstream, read_config
from parp_espnet.espnet.states import load_model_state
from parp_espnet.espnet.task import PruningASRTask


def load_model(model_file: Path, device: str = "cpu") -> tuple[Any, argparse.Namespace]:
    """Return an ESPnet model, in float32 and ready to infer, and the configuration of its training.

    Raises `UserError`: the model, its configuration or its upstream is missing, damaged or not what
    it should be.
    """
    args = read_config(model_file.parent / "config.yaml")
    states = load_model_state(model_file)
    config = model_file.parent / "config.yaml"
    find_upstream(args, config)
    try:
        model = PruningASRTask.build_model(args)
    except Exception as error:  # ESPnet, s3prl and transformers raise many kinds
        raise UserError(f"{config}: the model cannot be built ({describe(error)})") from None
    try:
        # ESPnet loads with strict=False, which would run the untuned weights if the names were off.
        model.load_state_dict(states, strict=True)
    except RuntimeError as error:
        unfit = " ".join(str(error).split())[:300]
        raise UserError(f"{model_file}: does not fit {config.name} beside it: {unfit}") from None
    return model.to(device=check_device(device), dtype=torch.float32).eval(), args
