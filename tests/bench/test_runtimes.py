"""The benchmark of runtimes hears the same tokens as stock ESPnet does, at other speeds."""

from collections.abc import Iterator
from typing import Any

import pytest

from parp_espnet.bench import decode, runtimes
from parp_espnet.bench.parts import PARTS, RUNTIMES


@pytest.fixture(scope="module")
def stock() -> Iterator[dict[str, float]]:
    """A few seconds of speech through ESPnet."""
    # What a module's fixture left there would be another test's.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(decode.SIZES, "tiny", 0.1)
        yield decode.measure("stock", "tiny", 1)


@pytest.mark.parametrize(
    "way",
    # It is `openvino_int8_careful` without the search for what must stay.
    [
        pytest.param(way, marks=[pytest.mark.thorough] * (way == "openvino_int8"))
        for way in RUNTIMES
    ],
)
def test_decoding(stock: dict[str, float], way: str) -> None:
    found = runtimes.measure(way, "tiny", 1)
    assert found["seconds"] > 0
    assert found.keys() == stock.keys()
    for key in ("audio_seconds", "utterances"):
        assert found[key] == stock[key]
    if "int8" not in way:
        assert found["tokens_crc32"] == stock["tokens_crc32"]


@pytest.mark.parametrize("way", ["torch", "onnx_int8_dynamic"])
def test_a_large_model(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Here of two layers."""
    config = runtimes.transformers.Wav2Vec2Config
    small: dict[str, Any] = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    monkeypatch.setattr(
        runtimes.transformers, "Wav2Vec2Config", lambda **given: config(**given | small)
    )
    found = runtimes.measure(way, "base", 1)
    assert found["seconds"] > 0


def test_the_parts_are_measured_here() -> None:
    assert set(PARTS["int8"].ways) == {"torch", *RUNTIMES}
    assert set(PARTS["runtimes"].ways) == {"ours", "stock", *RUNTIMES}
