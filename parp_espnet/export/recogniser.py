"""A recogniser of transformers' own classes: the same labels as ESPnet's model, without ESPnet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from parp_espnet.devices import check_device
from parp_espnet.espnet.layouts import speed_up_upstream
from parp_espnet.export.bundle import Bundle, bundle_of
from parp_espnet.export.model import CtcModel, filled
from parp_espnet.export.trained import load_trained
from parp_espnet.recognition.grid import grid_of_convolutions
from parp_espnet.recognition.listening import SHORTEST, Heard, Listener, Samples


class PlainRecogniser(Listener):
    """An upstream with its CTC head, one utterance like another whatever it is in a batch with."""

    def __init__(self, bundle: Bundle, device: str = "cpu") -> None:
        """Raises `UserError` where weights and configuration do not fit each other."""
        model = filled(bundle.family, bundle.upstream, bundle.weights, str(bundle.folder))
        self._normalise = bundle.normalise
        self._family = bundle.family
        self._model = CtcModel(model, bundle.normalise, bundle.family.epsilon)
        if device == "cpu":
            speed_up_upstream(self._model.upstream)
        self._model.to(check_device(device))
        self.device = device
        self.tokens = bundle.tokens
        self.grid = grid_of_convolutions(
            bundle.upstream["conv_kernel"], bundle.upstream["conv_stride"]
        )
        # What training ran in s3prl's own code is heard one by one, as stage 12 does.
        self.batchable = not bundle.family.native

    @torch.inference_mode()
    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        """Return what is heard in each utterance; `audio` holds samples in [-1, 1] at 16 kHz."""
        lengths = torch.tensor([max(SHORTEST, len(samples)) for samples in audio])
        speech = torch.zeros(len(audio), int(lengths.max()))
        for row, samples, length in zip(speech, audio, lengths.tolist(), strict=True):
            row[:length] = torch.from_numpy(self._prepared(samples))
        heard = torch.arange(speech.shape[1]) < lengths[:, None]
        logprobs, frames = self._model.of_normalised(
            speech.to(self.device), heard.to(self.device), lengths.to(self.device)
        )
        rows = logprobs.cpu().numpy()
        found = [row[:count] for row, count in zip(rows, frames.tolist(), strict=True)]
        return [Heard(row.argmax(1), row) for row in found]

    def _prepared(self, samples: Samples) -> Samples:
        """Samples as training had them: with silence up to the shortest, and normalised by the same
        sums.
        """
        wave = np.zeros(max(SHORTEST, len(samples)), np.float32)
        wave[: len(samples)] = samples
        if not self._normalise:
            return wave
        if self._family.native:
            signal = torch.from_numpy(wave)
            return functional.layer_norm(signal, signal.shape).numpy()
        made: Samples = (wave - wave.mean()) / np.sqrt(wave.var() + self._family.epsilon)
        return made


def of_experiment(experiment: Path, searched: bool = True) -> Bundle:
    """Return what a bundle of a complete experiment would hold, without its tuned searches where
    these are not `searched`. Raises `UserError` as `load_trained`.
    """
    return bundle_of(load_trained(experiment), searched)
