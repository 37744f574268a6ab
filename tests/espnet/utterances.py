"""Two utterances, and a training that they are enough for."""

import torch
from torch import Tensor

QUICK = {"max_epoch": 2, "num_iters_per_epoch": 3, "keep_nbest_models": 1}
MODEL = "valid.loss.ave.pth"
"""What such a training leaves."""


def batch() -> dict[str, Tensor]:
    """Two utterances, of which one is padded."""
    speech = 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))
    return {
        "speech": speech,
        "speech_lengths": torch.tensor([8000, 5000]),
        "text": torch.tensor([[2, 3], [4, -1]]),
        "text_lengths": torch.tensor([2, 1]),
    }
