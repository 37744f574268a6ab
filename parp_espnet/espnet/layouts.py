"""The same sums of an upstream's convolutions on a CPU, in the layout that oneDNN is fast with.

Hugging Face's convolutions are of one dimension, channel by channel, and go back and forth between
that and the layout of their layer norms, frame by frame. Here they are frame by frame all along:
convolutions of two dimensions with "channels last", of which torch makes views. The positional
convolution's weight norm is computed once. Nothing of the state_dict changes; what is computed
differs in the last bits, as it does between a batch and an utterance alone.
"""

import platform
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from parp_espnet.espnet.frames import hf_upstream


def speed_up(model: Any) -> None:
    """Replace the forwards of the upstream's convolutions, for inference alone, on x86, where it
    was measured.

    Linear layers stay as they are: with weights that are packed once, oneDNN is faster than MKL,
    and loses it again where it makes new code, for every length of a batch.
    """
    upstream = hf_upstream(model)
    if upstream is not None:
        speed_up_upstream(upstream)


def speed_up_upstream(upstream: Any) -> None:
    """The same of a Hugging Face upstream."""
    measured = platform.machine() in ("x86_64", "AMD64") and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not measured:
        return
    convolutions: list[Any] = [layer.conv for layer in upstream.feature_extractor.conv_layers]
    convolutions.append(getattr(getattr(upstream.encoder, "pos_conv_embed", None), "conv", None))
    for convolution in convolutions:
        if _is_plain(convolution):
            convolution.forward = _convolution(convolution)


def _is_plain(module: Any) -> bool:
    return (
        isinstance(module, nn.Conv1d)
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
    )


def _convolution(conv: nn.Conv1d) -> Callable[[Tensor], Tensor]:
    """(utterances, channels, frames) as `conv` has them, but in memory frame by frame."""
    # Under a weight norm it is computed here.
    weight, bias = conv.weight.detach(), conv.bias
    (width,), (stride,), (dilation,) = conv.kernel_size, conv.stride, conv.dilation
    padding = int(conv.padding[0])
    if conv.in_channels == 1 and dilation == 1 and not padding:
        flat = weight[:, 0].contiguous()

        def of_samples(signal: Tensor) -> Tensor:
            return functional.linear(signal[:, 0].unfold(1, width, stride), flat, bias).transpose(
                1, 2
            )

        return of_samples
    last = weight[:, :, None].contiguous(memory_format=torch.channels_last)

    def of_frames(hidden: Tensor) -> Tensor:
        wide = hidden[:, :, None].contiguous(memory_format=torch.channels_last)
        return functional.conv2d(
            wide, last, bias, (1, stride), (0, padding), (1, dilation), conv.groups
        )[:, :, 0]

    return of_frames
