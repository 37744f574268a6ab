"""A second of noise through an upstream: does what comes out fit what s3prl and ESPnet expect of
it?
"""

import contextlib
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from parp_espnet.errors import UserError
from parp_espnet.later import imported_later

RATE = 16000
STRIDE = 320
"""Samples of a frame: s3prl reports it of every upstream, whatever its convolutions do."""


ALIKE = 1e-3
"""Of the largest number of an output: so much may two implementations differ, by rounding."""


def noise() -> Tensor:
    """Return a second of noise, (1, samples), the same each time."""
    return torch.randn(1, RATE, generator=torch.Generator().manual_seed(0))


def check_strides(place: Path, kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Return how many frames the convolutions make of a second.

    Raises `UserError` where a frame is not of `STRIDE` samples.
    """
    if math.prod(strides) != STRIDE:
        raise UserError(
            f"{place}: expected convolutions that make a frame of {STRIDE} samples, as s3prl says "
            f"of every upstream, "
            f"found strides {' × '.join(map(str, strides))} = {math.prod(strides)}; take another "
            f"upstream"
        )
    frames = RATE
    for kernel, stride in zip(kernels, strides, strict=True):
        frames = (frames - kernel) // stride + 1
    return frames


def check_output(
    place: Path, output: Tensor, frames: int, size: int, config: Mapping[str, Any]
) -> None:
    """Check an upstream's output of a second, (1, frames, size).

    Raises `UserError` where it has other frames or another size than the layers before it, or is
    not finite.
    """
    if tuple(output.shape) != (1, frames, size):
        cause = "something behind the last layer changes it"
        if config.get("add_adapter"):
            cause = (
                "its adapter (add_adapter) shortens it; in a copy of the directory set "
                "add_adapter to false"
            )
        raise UserError(
            f"{place}: expected {frames} frames of {size} numbers for a second, as the layers "
            f"have them, "
            f"found {output.shape[1]} of {output.shape[2]}: {cause}, or take another upstream"
        )
    if not torch.isfinite(output).all():
        raise UserError(
            f"{place}: the upstream's output is not finite on a second of noise; the weights are "
            f"damaged"
        )


def load_native(name: str, path: Path) -> nn.Module:
    """Return an s3prl upstream of a one-file checkpoint after a second of noise went through it.

    Raises `UserError` where it does not load, or gives something that s3prl and ESPnet would not
    expect.
    """
    return _heard(name, path)[0]


def check_converted(name: str, path: Path, model: Any, normalises: bool) -> None:
    """Check that s3prl's own code computes with a converted checkpoint what transformers' does.

    It knows fewer settings, and lets those alone that it does not know.

    Args:
        name: of the s3prl upstream.
        path: the checkpoint.
        model: that of transformers, which it was converted of.
        normalises: whether waves are normalised before it hears them.

    Raises `UserError` where it does not load, or the two differ.
    """
    _, found = _heard(name, path)
    wave = noise()
    if normalises:
        wave = functional.layer_norm(wave, (RATE,))
    with torch.no_grad():
        expected = model.eval()(wave).last_hidden_state
    most = float((found[:, : expected.shape[1]] - expected).abs().max())
    if not most <= ALIKE * float(expected.abs().max()):
        raise UserError(
            f"{path.parent}: as s3prl's {name}, which trains it, this {model.config.model_type} "
            f"computes something else than in transformers, by up to {most:.2g}; look at its "
            f"config.json for settings that s3prl has none of, such as hidden_act "
            f"{model.config.hidden_act} and feat_extract_activation "
            f"{model.config.feat_extract_activation}, or take another upstream"
        )


def _heard(name: str, path: Path) -> tuple[nn.Module, Tensor]:
    """An s3prl upstream, and its output of a second of noise. Raises `UserError`."""
    with imported_later():  # it takes seconds
        from s3prl import hub  # noqa: PLC0415

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            upstream: Any = getattr(hub, name)(ckpt=str(path)).eval()
            with torch.no_grad():
                output = upstream([noise()[0]])["hidden_states"][-1]
    except Exception as error:  # s3prl and torch raise many kinds
        said = " ".join(str(error).split())[:300]
        raise UserError(
            f"{path}: s3prl's {name} cannot load it: {type(error).__name__}: {said}"
        ) from None
    model: Any = upstream.model
    convolutions = [block[0] for block in model.feature_extractor.conv_layers]
    kernels = [convolution.kernel_size[0] for convolution in convolutions]
    strides = [convolution.stride[0] for convolution in convolutions]
    check_output(path, output, check_strides(path, kernels, strides), output.shape[-1], {})
    loaded: nn.Module = model
    return loaded, output
