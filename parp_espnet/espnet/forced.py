"""ESPnet's own forced aligner on an experiment's model, to compare with."""

from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.espnet.found import find_model

type Begins = Callable[[NDArray[np.float32], Sequence[str]], list[float]]


def stock_begins(experiment: Path) -> Begins:
    """Return a function that takes samples at 16 kHz and their tokens, and says when ESPnet has
    each begin, in seconds (espnet2.bin.align, of ESPnet 202611).

    Raises `UserError` where the experiment has no model.
    """
    from espnet2.bin.align import ForcedAligner  # noqa: PLC0415  # seconds of imports

    model = find_model(experiment).resolve()
    # A configuration names its upstream as its recipe's directory has it.
    with chdir(experiment.resolve().parent.parent):
        aligner = ForcedAligner(
            asr_train_config=str(model.parent / "config.yaml"), asr_model_file=str(model)
        )

    def begins(samples: NDArray[np.float32], tokens: Sequence[str]) -> list[float]:
        (segment,) = aligner(samples, [" ".join(tokens)])
        return [token.start for token in segment.tokens]

    return begins
