"""What a model hears on a GPU is what it hears on a CPU. Trainings there: `pytest --ngpu 1
tests/espnet tests/glue`.
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.espnet.decode import LOGPROBS, decode
from parp_espnet.espnet.recogniser import Recogniser

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


def test_decoding(learned: Path, tones: Path, tmp_path: Path) -> None:
    model = learned / "valid.loss.ave.pth"
    heard = [decode(model, tones, tmp_path / where, None, where, True) for where in ("cpu", "cuda")]
    assert heard[0].read_text() == heard[1].read_text()
    rows = [LogProbs.read(tmp_path / where / LOGPROBS).utterances for where in ("cpu", "cuda")]
    for utterance, row in rows[0].items():
        assert np.abs(np.exp(row) - np.exp(rows[1][utterance])).max() < 0.01, utterance


def test_recognising(learned: Path, tones: Path) -> None:
    audio = [soundfile.read(path, dtype="float32")[0] for path in sorted(tones.glob("*.wav"))]
    one, other = (
        Recogniser(learned / "valid.loss.ave.pth", where).recognise(audio)
        for where in ("cpu", "cuda")
    )
    assert one == other
