"""How many frames an utterance has, where they are in it, and what they see.

s3prl reports ⌈samples/320⌉ frames, one to three more than the convolutions make. Alone, an
utterance gets them as copies of its last frame, which change nothing. In a batch all but the
longest get outputs at padding instead, and a head can learn to read phones there that it will not
find when it decodes one utterance at a time.
"""

from typing import Any

import torch
from torch import Tensor, nn

from parp_espnet.recognition.grid import Grid, grid_of_convolutions


def grid_of(model: Any) -> Grid:
    """Return where the frames of an ESPnet model are."""
    upstream: Any = hf_upstream(model)
    if upstream is None:
        return Grid()
    return grid_of_convolutions(upstream.config.conv_kernel, upstream.config.conv_stride)


def hf_upstream(model: Any) -> nn.Module | None:
    """Return the Hugging Face model inside an ESPnet model's s3prl frontend; None for s3prl's
    native ones.
    """
    inner = _counting_upstream(model)
    # s3prl's own wav2vec 2.0 and data2vec count frames, too, and have no `config`.
    return inner if hasattr(inner, "config") else None


def _counting_upstream(model: Any) -> nn.Module | None:
    """Return the model inside an ESPnet model's s3prl frontend if it can say how many frames it
    makes.
    """
    outer = getattr(model.frontend, "upstream", None)
    inner = getattr(getattr(outer, "upstream", None), "model", None)
    return inner if hasattr(inner, "_get_feat_extract_output_lengths") else None


def count_frames_exactly(model: Any) -> None:
    """Make the frontend report the frames that the convolutions make, so that batched and single
    agree.

    A forward hook: the model's state_dict and its stock decoding stay as they are.
    """
    upstream: Any = _counting_upstream(model)
    if upstream is None:
        return

    def clamp(
        _: nn.Module, inputs: tuple[Tensor, Tensor], outputs: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        features, reported = outputs
        made = upstream._get_feat_extract_output_lengths(inputs[1]).clamp(min=1)
        return features, torch.minimum(reported, made.to(reported))

    model.frontend.register_forward_hook(clamp)


def hide_padding(model: Any) -> None:
    """Make a group norm in the upstream's convolutions see each utterance as if it were alone.

    wav2vec2-base and its like have one, over all frames, the padding's too: what an utterance gets
    would depend on what else is in its batch. Nothing else sees padding: s3prl always passes
    Hugging Face's models an attention mask.
    """
    upstream: Any = hf_upstream(model)
    if upstream is None or upstream.config.feat_extract_norm != "group":
        return
    norm = upstream.feature_extractor.conv_layers[0].layer_norm
    width, step = upstream.config.conv_kernel[0], upstream.config.conv_stride[0]
    plain = norm.forward
    lengths: list[int] = []

    def remember(_: nn.Module, inputs: tuple[Tensor, Tensor]) -> None:
        lengths[:] = ((inputs[1] - width) // step + 1).tolist()

    def apart(hidden: Tensor) -> Tensor:
        normed = torch.zeros_like(hidden)  # (utterances, channels, frames)
        for row, frames in enumerate(lengths):
            normed[row, :, :frames] = plain(hidden[row : row + 1, :, :frames])[0]
        return normed

    model.frontend.register_forward_pre_hook(remember)
    norm.forward = apart
