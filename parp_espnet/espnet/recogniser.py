"""A trained model that turns samples into phones, greedily and in batches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.espnet.frames import grid_of, hf_upstream, hide_padding
from parp_espnet.espnet.layouts import speed_up
from parp_espnet.espnet.loading import load_model
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.recognition.listening import SHORTEST, Heard, Listener, Samples


class Recogniser(Listener):
    """An ESPnet model with an s3prl frontend and a CTC head, loaded as strictly as can be."""

    def __init__(self, model_file: Path, device: str = "cpu") -> None:
        """Raises `UserError`: see `load_model`."""
        model, args = load_model(model_file, device)
        hide_padding(model)
        if device == "cpu":
            speed_up(model)
        self.grid = grid_of(model)
        self._model: Any = model
        # Of s3prl's native models it is not known.
        self.batchable = hf_upstream(model) is not None
        self.tokens: tuple[str, ...] = tuple(args.token_list)
        self._pruning = PruneSettings.parse(getattr(args, "prune_conf", None))
        self.device = device

    @property
    def sparsity(self) -> float:
        """Fraction of the pool that is zero."""
        pool = self.pool()
        return 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())

    def pool(self) -> dict[str, Tensor]:
        """Return the tensors that may be pruned, as they are in the model, by canonical names."""
        return self._pruning.find_pool(dict(self._model.named_parameters()))

    @torch.inference_mode()
    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        """Return what is heard in each utterance; `audio` holds samples in [-1, 1] at 16 kHz."""
        lengths = torch.tensor([max(SHORTEST, len(samples)) for samples in audio])
        speech = torch.zeros(len(audio), int(lengths.max()))
        for row, samples in zip(speech, audio, strict=True):
            row[: len(samples)] = torch.from_numpy(samples)
        encoded, frames = self._model.encode(speech.to(self.device), lengths.to(self.device))
        logprobs = self._model.ctc.log_softmax(encoded).cpu().numpy()
        heard = []
        for row, count in zip(logprobs, frames.tolist(), strict=True):
            heard.append(Heard(row[:count].argmax(1), row[:count]))
        return heard
