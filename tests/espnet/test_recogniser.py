"""What the recogniser hears in an utterance does not depend on the batch, whichever norm the
upstream has.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.files import read_json, write_json
from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.listening import SHORTEST
from parp_espnet.recognition.transcripts import Phone

LENGTHS = (16000, 9000, 30011, 4000, 12345)


@pytest.fixture(scope="module", params=["group", "layer"])
def model(request, make_upstream, recipe_on, tmp_path_factory) -> Path:
    """A model on a small wav2vec 2.0: with a group norm, as wav2vec2-base, or layer norms, as the
    large ones.
    """
    folder = tmp_path_factory.mktemp(request.param)
    upstream = make_upstream(folder / "upstream", family="wav2vec2", norm=request.param)
    if request.param == "group":
        config = read_json(upstream / "config.json")
        write_json(upstream / "config.json", config | {"do_stable_layer_norm": False})
        extractor = read_json(upstream / "preprocessor_config.json")
        write_json(
            upstream / "preprocessor_config.json", extractor | {"return_attention_mask": False}
        )
    inner = {"upstream": "hf_wav2vec2_custom", "path_or_url": str(upstream)}
    frontend = {"frontend_conf": inner, "multilayer_feature": False}
    return recipe_on(upstream).train(
        folder / "exp", max_epoch=1, keep_nbest_models=1, frontend_conf=frontend
    )


def sounds() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [(0.1 * rng.standard_normal(length)).astype(np.float32) for length in LENGTHS]


def encode(recogniser: Recogniser, audio: list[np.ndarray]) -> list[torch.Tensor]:
    lengths = torch.tensor([len(samples) for samples in audio])
    speech = torch.nn.utils.rnn.pad_sequence(
        [torch.from_numpy(samples) for samples in audio], batch_first=True
    )
    with torch.inference_mode():
        encoded, frames = recogniser._model.encode(speech, lengths)
    return [one[:count] for one, count in zip(encoded, frames.tolist(), strict=True)]


def test_a_batch_gives_what_each_gets_alone(model: Path):
    recogniser = Recogniser(model / "valid.loss.ave.pth")
    assert recogniser.batchable
    together = encode(recogniser, sounds())
    for one, samples in zip(together, sounds(), strict=True):
        torch.testing.assert_close(one, encode(recogniser, [samples])[0], rtol=0, atol=1e-4)
    for one, samples in zip(recogniser.label(sounds()), sounds(), strict=True):
        assert one.tolist() == recogniser.label([samples])[0].tolist()


def test_without_care_a_group_norm_hears_the_padding(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("parp_espnet.espnet.recogniser.hide_padding", lambda model: None)
    recogniser = Recogniser(model / "valid.loss.ave.pth")
    one, alone = encode(recogniser, sounds())[3], encode(recogniser, sounds()[3:4])[0]
    group = recogniser._model.frontend.upstream.upstream.model.config.feat_extract_norm == "group"
    assert bool((one - alone).abs().max() > 1e-2) == group


def test_phones_are_where_their_frames_are(model: Path):
    recogniser = Recogniser(model / "valid.loss.ave.pth")
    # Its convolutions see 20 + 7·10 + 3·40 + 3·80 + 3·160 samples, and go on by 320.
    assert recogniser.grid == Grid(320, 930)
    names = recogniser.tokens
    found = recogniser.phones(np.array([0, 2, 2, 0, 2, 3, 0, 3]), seconds=0.15)
    edge = (930 - 320) / 2 / 16000
    assert found == (
        Phone(names[2], pytest.approx(0.02 + edge), pytest.approx(0.06 + edge)),
        Phone(names[2], pytest.approx(0.08 + edge), pytest.approx(0.10 + edge)),
        Phone(names[3], pytest.approx(0.10 + edge), pytest.approx(0.12 + edge)),
    )


def test_a_very_short_one_has_no_phones_after_its_end(model: Path):
    recogniser = Recogniser(model / "valid.loss.ave.pth")
    (phones,) = recogniser.recognise([np.full(100, 0.1, np.float32)])
    assert all(phone.end <= 100 / 16000 for phone in phones)
    assert len(recogniser.label([np.zeros(1, np.float32)])[0]) == (SHORTEST - 930) // 320 + 1
