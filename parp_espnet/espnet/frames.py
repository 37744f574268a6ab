"""How many frames an utterance has.

s3prl reports ⌈samples/320⌉ frames, one to three more than the convolutions make. Alone, an utterance gets
them as copies of its last frame, which change nothing. In a batch all but the longest get outputs at padding
instead, and a head can learn to read phones there that it will not find when it decodes one utterance at a
time.
"""

from typing import Any

import torch
from torch import Tensor, nn


def hf_upstream(model: Any) -> nn.Module | None:
    """Return the Hugging Face model inside an ESPnet model's s3prl frontend; None for s3prl's native ones."""
    inner = getattr(model.frontend.upstream.upstream, "model", None)
    return inner if hasattr(inner, "_get_feat_extract_output_lengths") else None


def count_frames_exactly(model: Any) -> None:
    """Make the frontend report the frames that the convolutions make, so that batched and single agree.

    A forward hook: the model's state_dict and its stock decoding stay as they are.
    """
    upstream: Any = hf_upstream(model)
    if upstream is None:
        return

    def clamp(_: nn.Module, inputs: tuple[Tensor, Tensor], outputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        features, reported = outputs
        made = upstream._get_feat_extract_output_lengths(inputs[1]).clamp(min=1)
        return features, torch.minimum(reported, made.to(reported))

    model.frontend.register_forward_hook(clamp)
