"""ESPnet's own language model, as trained by `espnet2.bin.lm_train`, for our search."""

from collections.abc import Hashable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from parp_espnet.decoding.language_model import LanguageModel
from parp_espnet.errors import UserError
from parp_espnet.espnet.states import load_model_state
from parp_espnet.espnet.stock import LMTask


class NeuralModel(LanguageModel):
    """A recurrent or transformer language model. A state is the tokens so far."""

    lasting = False

    def __init__(self, model_file: Path, tokens: Sequence[str], device: str = "cpu") -> None:
        """Load a model beside its `config.yaml`. Raises `UserError`, also when its tokens are not
        the recogniser's.
        """
        config = model_file.parent / "config.yaml"
        if not config.exists():
            raise UserError(
                f"{config}: no such file; expected the language model's configuration beside it"
            )
        states = load_model_state(model_file)
        model, args = LMTask.build_model_from_file(config, None, device)
        if list(args.token_list) != list(tokens):
            raise UserError(
                f"{model_file}: has other tokens than the recogniser; train it on this recipe's "
                f"token list"
            )
        model.load_state_dict(states, strict=True)
        for state in states.values():
            if not torch.isfinite(state).all():
                raise UserError(
                    f"{model_file}: its weights are not numbers; train it with a smaller lr in "
                    f"--lm_config"
                )
        self._lm: Any = model.lm.eval()
        self._end = len(tokens) - 1  # ESPnet's <sos/eos>
        self._device = device
        super().__init__(len(tokens))

    def forget(self) -> None:
        """Drop all states, and what the model made of them."""
        super().forget()
        self._memories: dict[tuple[int, ...], Any] = {}

    def _first(self) -> tuple[int, ...]:
        return ()

    def _follow(self, key: Hashable, token: int) -> tuple[int, ...]:
        assert isinstance(key, tuple)
        return (*key, token)

    @torch.no_grad()
    def _score(self, keys: Sequence[Hashable]) -> NDArray[np.float64]:
        prefixes = [key for key in keys if isinstance(key, tuple)]
        rows = np.empty((len(prefixes), self._size + 1))
        # A batch of ESPnet's has one length.
        order = sorted(range(len(prefixes)), key=lambda place: len(prefixes[place]))
        for _, group in groupby(order, key=lambda place: len(prefixes[place])):
            places = list(group)
            rows[places] = self._score_batch([prefixes[place] for place in places])
        return rows

    def _score_batch(self, prefixes: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
        tokens = torch.tensor([[self._end, *prefix] for prefix in prefixes], device=self._device)
        before = [self._memories[prefix[:-1]] if prefix else None for prefix in prefixes]
        logprobs, after = self._lm.batch_score(tokens, before, None)
        self._memories |= zip(prefixes, after, strict=True)
        scores: NDArray[np.float64] = logprobs.double().cpu().numpy()
        return np.concatenate([scores, scores[:, -1:]], axis=1)
