"""Upstreams that ESPnet pretrained itself, XEUS among them: a model file of `espnet2.bin.ssl_train`
beside its `config.yaml`. ESPnet's frontend `espnet_ssl` runs them.

ESPnet builds what the configuration says and loads what fits of the file; what is missing would
stay as it was drawn. Here the file is whole, or refused.
"""

import argparse
import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from parp_espnet.errors import UserError, describe, printable
from parp_espnet.files import atomic_write, parse_yaml, write_text
from parp_espnet.later import imported_later
from parp_espnet.upstreams.second import RATE, STRIDE, check_output, noise
from parp_espnet.upstreams.starts import CONFIG, is_pretraining
from parp_espnet.upstreams.weights import load_weights

ENCODERS = ("e_branchformer",)
"""Encoders whose layers are known."""
DROPS = "layer_drop_rate"
"""The setting of an encoder by which layers are left out in training."""
MODEL = "model.pth"
OF_PRETRAINING = ("losses.", "util_modules.", "global_step")
"""What the frontend throws away, or does not need."""
_SHOWN = 3

Changes = dict[str, tuple[Any, Any]]


def is_one(path: Path) -> bool:
    """Whether a file is a model that ESPnet pretrained."""
    return is_pretraining(path.parent / CONFIG)


def prepare(path: Path, out: Path, random_seed: int | None) -> tuple[Changes, nn.Module]:
    """Leave in `out` a configuration that drops no layers, and the model as ESPnet opens it, or one
    whose weights are drawn; return what was adapted, and the model, which a second of noise went
    through.

    Raises `UserError` where it is damaged, a part of one, or of another encoder.
    """
    config = _read(path.parent / CONFIG)
    changes = _adapt(config)
    if random_seed is not None:
        torch.manual_seed(random_seed)
    model = _built(path.parent / CONFIG, config)
    if random_seed is None:
        weights = load_weights(path)
        _check_whole(path, weights, model.state_dict())
        model.load_state_dict(weights, strict=False)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / CONFIG, yaml.safe_dump(config, allow_unicode=True, sort_keys=False))
    with atomic_write(out / MODEL) as temporary:
        torch.save(model.state_dict(), temporary)
    _check_second(path, model)
    return changes, nn.ModuleDict({"encoder": model.encoder})


def _read(file: Path) -> dict[str, Any]:
    try:
        config = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: expected YAML, found something else ({error})") from None
    encoder = config.get("encoder") if isinstance(config, dict) else None
    if encoder not in ENCODERS:
        raise UserError(
            f"{file}: encoder: a pretrained model of ESPnet's with encoder {encoder}; known are "
            f"{', '.join(ENCODERS)}"
        )
    return dict(config)


def _adapt(config: dict[str, Any]) -> Changes:
    settings = dict(config.get("encoder_conf") or {})
    before = settings.get(DROPS, 0.0)
    config["encoder_conf"] = settings | {DROPS: 0.0}
    return {DROPS: (before, 0.0)} if before else {}


def _built(file: Path, config: Mapping[str, Any]) -> Any:
    """The model of a configuration. Raises `UserError` where ESPnet cannot build it."""
    with imported_later():  # it takes seconds
        from espnet2.tasks.ssl import SSLTask  # noqa: PLC0415

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return SSLTask.build_model(argparse.Namespace(**config))
    except Exception as error:  # ESPnet raises many kinds
        raise UserError(f"{file}: ESPnet cannot build it: {describe(error)}") from None


def _check_whole(path: Path, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise `UserError` where a file has other tensors than the model of its configuration."""
    wrong = []
    for name in dict.fromkeys([*expected, *found]):
        if name.startswith(OF_PRETRAINING):
            continue
        if name not in found or name not in expected or found[name].shape != expected[name].shape:
            wrong.append(name)
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise UserError(
            f"{path}: {len(wrong)} weights are missing, misshapen, or none of the model that "
            f"{CONFIG} beside it describes: {', '.join(map(printable, wrong[:_SHOWN]))}{more}; "
            f"fetch both again"
        )


def _check_second(path: Path, model: Any) -> None:
    """Let a model hear a second of noise. Raises `UserError` where it makes other frames than one
    for `STRIDE` samples, or none.
    """
    try:
        with torch.no_grad():
            _, layers, lengths = model.eval().inference_encode(noise(), torch.tensor([RATE]))
    except Exception as error:  # torch and ESPnet raise many kinds
        raise UserError(
            f"{path}: the model does not run: {describe(error)}; look at {CONFIG} beside it"
        ) from None
    frames = int(lengths[0])
    if abs(frames - RATE // STRIDE) > 2:
        raise UserError(
            f"{path}: expected about {RATE // STRIDE} frames for a second, found {frames}; take "
            f"another upstream"
        )
    check_output(path, layers[-1], frames, model.encoder.output_size(), {})
