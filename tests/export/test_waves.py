"""What leaves for other runtimes hears an utterance the same alone, padded, and without lengths, in
every family; its ONNX is torch's model.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from parp_espnet.export.model import CtcModel
from parp_espnet.export.onnx import difference_of, write_onnx
from parp_espnet.export.runtimes import OnnxRuntime
from parp_espnet.export.waves import WaveModel
from parp_espnet.recognition.listening import SHORTEST

NEAR = 2e-5
TINY: dict[str, Any] = {
    "vocab_size": 12, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 64, "conv_dim": (32,) * 5, "conv_kernel": (20, 8, 4, 4, 4),
    "conv_stride": (10, 4, 2, 2, 2), "num_feat_extract_layers": 5, "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}  # fmt: skip
GROUP = {"feat_extract_norm": "group"}
LAYER = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
FAMILIES = {
    "hubert": ("Hubert", LAYER),
    "wav2vec2_group": ("Wav2Vec2", GROUP),
    "xlsr": ("Wav2Vec2", LAYER),
    "wavlm_group": ("WavLM", GROUP),
    "wavlm_layer": ("WavLM", LAYER),
    "data2vec": ("Data2VecAudio", {"conv_pos_kernel_size": 9, "num_conv_pos_embeddings": 3}),
}


@pytest.fixture(scope="module")
def make_waves() -> Callable[..., WaveModel]:
    """A tiny model of a family, drawn at random, sharper than transformers draws it."""

    def make(family: str, normalise: bool = True) -> WaveModel:
        kind, settings = FAMILIES[family]
        torch.manual_seed(0)
        config = getattr(transformers, f"{kind}Config")(**TINY | settings)
        model = getattr(transformers, f"{kind}ForCTC")(config).eval().requires_grad_(False)
        model.lm_head.weight.normal_(std=0.3)
        return WaveModel(CtcModel(model, normalise, 1e-7)).eval()

    return make


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def pair(
    request: pytest.FixtureRequest,
    make_waves: Callable[..., WaveModel],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[WaveModel, OnnxRuntime]:
    """A model and its ONNX."""
    model = make_waves(request.param)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    write_onnx(model, path, {})
    return model, OnnxRuntime(path, threads=1)


def noise(*lengths: int) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    random = np.random.default_rng(sum(lengths))
    return [random.normal(0.02, 0.1, length).astype(np.float32) for length in lengths]


EIGHT = (31000, 5000, 4001, 16000, 9999, 40000, 2500, 24321)


def test_log_probabilities_are_torchs(pair: tuple[WaveModel, OnnxRuntime]) -> None:
    assert difference_of(*pair) <= NEAR


def test_eight_alone_and_in_a_batch(pair: tuple[WaveModel, OnnxRuntime]) -> None:
    """Padding is not seen, by a group norm neither."""
    audio = noise(*EIGHT)
    together = pair[1].logprobs(audio)
    for samples, heard in zip(audio, together, strict=True):
        (alone,) = pair[1].logprobs([samples])
        assert alone.shape == heard.shape
        assert np.abs(alone - heard).max() <= NEAR


def test_padding_may_be_anything(pair: tuple[WaveModel, OnnxRuntime]) -> None:
    (samples,) = noise(8000)
    padded = np.concatenate([samples, np.full(3000, 9.0, np.float32)])[None]
    found, frames = pair[1].run(padded, np.array([8000]))
    (alone,) = pair[1].logprobs([samples])
    assert np.abs(found[0, : frames[0]] - alone).max() <= NEAR


@pytest.mark.parametrize("lengths", [None, [0], [0, 0, 0]])
def test_without_lengths_all_samples_count(
    pair: tuple[WaveModel, OnnxRuntime], lengths: list[int] | None
) -> None:
    waves = np.stack(noise(8000, 8000, 8000))
    given = {} if lengths is None else {"input_lengths": np.array(lengths)}
    logprobs, frames = pair[1]._session.run(None, {"input_values": waves} | given)
    expected, counts = pair[1].run(waves, np.array([8000] * 3))
    assert np.array_equal(logprobs, expected)
    assert np.array_equal(frames, counts)


@pytest.mark.parametrize("length", [1, 100, SHORTEST - 1, SHORTEST])
def test_the_shortest(pair: tuple[WaveModel, OnnxRuntime], length: int) -> None:
    """Silence is added, as where ESPnet's model decodes."""
    (samples,) = noise(length)
    added = np.concatenate([samples, np.zeros(SHORTEST - length, np.float32)])
    (short,), (long,) = pair[1].logprobs([samples]), pair[1].logprobs([added])
    assert np.abs(short - long).max() <= NEAR


def test_a_minute(pair: tuple[WaveModel, OnnxRuntime]) -> None:
    (samples,) = noise(60 * 16000)
    (heard,) = pair[1].logprobs([samples])
    assert np.exp(heard).sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_normalisation_is_inside(make_waves: Callable[..., WaveModel]) -> None:
    """Louder speech with an offset is the same speech, where training normalised it."""
    waves = torch.from_numpy(np.stack(noise(8000)))
    lengths = torch.tensor([0])
    normalising, plain = make_waves("hubert"), make_waves("hubert", normalise=False)
    with torch.inference_mode():
        one, _ = normalising(waves, lengths)
        louder, _ = normalising(5 * waves + 0.3, lengths)
        assert (one - louder).abs().max() < 1e-3
        assert (plain(waves, lengths)[0] - plain(5 * waves + 0.3, lengths)[0]).abs().max() > 1e-3
