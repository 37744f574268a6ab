"""Every family that trains leaves: as transformers' own class it computes what ESPnet's stock
forward does.

Their weights are drawn, not trained: nothing here depends on what they are.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from parp_espnet.errors import UserError
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.export.formats import export
from parp_espnet.export.model import ctc_module
from parp_espnet.export.opened import open_model
from parp_espnet.export.trained import load_trained
from parp_espnet.recognition.audio import read

CLOSE = {"wavlm": 2e-5, "data2vec": 2e-5}
"""s3prl runs these in code of its own; the others agree to the bit."""


@pytest.mark.parametrize("kind", ["hubert", "wav2vec2, group norm", "XLSR", "wavlm", "data2vec"])
def test_it_computes_what_it_did(
    kind: str,
    make_drawn: Callable[..., Path],
    tones: Path,
    tmp_path: Path,
):
    experiment = make_drawn(kind, tmp_path / "e")
    trained = load_trained(experiment)
    module = ctc_module(trained)
    stock, _ = load_model(experiment / "valid.loss.ave.pth")
    waves = [torch.from_numpy(read(path)) for path in sorted(tones.glob("*.wav"))[:4]]
    lengths = torch.tensor([len(wave) for wave in waves])
    batch = torch.nn.utils.rnn.pad_sequence(waves, batch_first=True)
    with torch.inference_mode():
        together, frames = module(batch, lengths)
        for row, wave in enumerate(waves):
            length = lengths[row : row + 1]
            encoded, _ = stock.encode(wave[None], length)
            theirs = stock.ctc.log_softmax(encoded)[0, : frames[row]]
            alone, _ = module(wave[None], length)
            assert (alone[0] - theirs).abs().max() < 2e-5
            assert (together[row, : frames[row]] - alone[0]).abs().max() < 2e-5


@pytest.mark.parametrize("kind", ["hubert", "wav2vec2, group norm", "XLSR", "wavlm", "data2vec"])
def test_a_bundle_hears_what_stage_12_does(
    kind: str,
    make_drawn: Callable[..., Path],
    tones: Path,
    tmp_path: Path,
):
    experiment = make_drawn(kind, tmp_path / "e")
    export(load_trained(experiment), tmp_path / "bundle", ["bundle"])
    ours, _ = open_model(tmp_path / "bundle")
    theirs = Recogniser(experiment / "valid.loss.ave.pth")
    audio = [read(path) for path in sorted(tones.glob("*.wav"))[:4]]
    for group in ([one] for one in audio) if not theirs.batchable else ([audio]):
        for one, other in zip(ours.listen(group), theirs.listen(group), strict=True):
            difference = abs(one.logprobs - other.logprobs[: len(one.logprobs)]).max()
            assert difference <= CLOSE.get(kind, 0.0)


def test_what_a_format_cannot_hold(make_drawn: Callable[..., Path], tmp_path: Path):
    experiment = make_drawn("wavlm", tmp_path / "e")
    with pytest.raises(UserError, match=r"expected a HuBERT or a wav2vec 2.0, found a wavlm"):
        export(load_trained(experiment), tmp_path / "out", ["s3prl"])
    assert not (tmp_path / "out").exists()
    for changes, said in (
        ({"encoder": "conformer"}, "encoder: expected none, found 'conformer'"),
        ({"frontend_conf": {"multilayer_feature": True}}, "multilayer_feature: expected false"),
        ({"frontend": "default"}, "frontend: expected s3prl, a model of speech with an upstream"),
    ):
        config = experiment / "config.yaml"
        plain = config.read_text()
        config.write_text(yaml.safe_dump(yaml.safe_load(plain) | changes))
        with pytest.raises(UserError, match=said):
            load_trained(experiment)
        config.write_text(plain)
