"""The model that leaves for other runtimes: any waves in, normalisation inside."""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from parp_espnet.export.model import CtcModel
from parp_espnet.recognition.listening import SHORTEST


class WaveModel(nn.Module):
    """A CTC model that takes what a runtime hands it: batches padded with anything, no lengths,
    and utterances of a few samples.
    """

    def __init__(self, model: CtcModel) -> None:
        """Take a model of its own: parametrisations such as weight norm become plain weights."""
        super().__init__()
        self.model = model.eval()
        for module in list(model.modules()):
            if parametrize.is_parametrized(module):
                for name in list(module.parametrizations):  # type: ignore[arg-type]
                    parametrize.remove_parametrizations(module, name)

    def forward(self, input_values: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probabilities, (utterances, frames, labels), and the frames of each.

        Args:
            input_values: samples in [-1, 1] at 16 kHz, (utterances, samples) float32.
            input_lengths: samples of each utterance, or of all, (utterances,) or (1,) int64; 0
                stands for all of them.
        """
        samples = torch._shape_as_tensor(input_values)[1]
        said = torch.where(input_lengths > 0, input_lengths, samples)
        lengths = said + torch.zeros_like(input_values[:, :1], dtype=torch.int64).sum(1)
        longest = samples.clamp(min=SHORTEST)
        waves = nn.functional.pad(input_values, (0, SHORTEST))[:, :longest]
        heard = torch.arange(waves.shape[1], device=waves.device) < lengths[:, None]
        logprobs, frames = self.model(waves * heard, lengths.clamp(min=SHORTEST))
        return logprobs, frames
