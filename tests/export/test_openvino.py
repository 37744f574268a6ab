"""An experiment as OpenVINO: the same tokens, int8 with both ends in float."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
import soundfile

from parp_espnet.errors import UserError
from parp_espnet.export import onnx as exporting
from parp_espnet.export import openvino as converting
from parp_espnet.export.formats import Options, export
from parp_espnet.export.openvino import convert, write
from parp_espnet.export.runtimes import OnnxRuntime, OpenVino
from parp_espnet.export.trained import load_trained


@pytest.fixture(scope="module")
def told(learned: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("openvino")
    return folder, write(load_trained(learned), folder, Options())


@pytest.fixture(scope="module")
def audio(tones: Path) -> list[Any]:
    return [soundfile.read(path, dtype="float32")[0] for path in sorted(tones.glob("*.wav"))]


def test_log_probabilities_are_those_of_onnx(
    told: tuple[Path, list[str]], learned: Path, tmp_path: Path, audio: list[Any]
) -> None:
    """Of all utterances, alone and in a padded batch."""
    exporting.export_onnx(load_trained(learned), tmp_path / "model.onnx")
    onnx, vino = OnnxRuntime(tmp_path / "model.onnx", 1), OpenVino(told[0] / "model.xml", 1)
    for samples, together in zip(audio, vino.logprobs(audio), strict=True):
        (expected,), (alone,) = onnx.logprobs([samples]), vino.logprobs([samples])
        assert np.abs(expected - alone).max() <= 5e-5
        assert np.abs(expected - together).max() <= 5e-5


def test_it_computes_in_fp32(told: tuple[Path, list[str]]) -> None:
    """Whatever OpenVINO would choose on this processor."""
    settings = OpenVino(told[0] / "model.xml")._model
    assert settings.get_property("INFERENCE_PRECISION_HINT") == openvino.Type.f32


def test_int8_leaves_both_ends_in_float(told: tuple[Path, list[str]]) -> None:
    model = openvino.Core().read_model(told[0] / "model.int8.xml")
    convolutions = [
        operation
        for operation in model.get_ordered_ops()
        if "Convolution" in operation.get_type_name()
    ]
    weights = [operation.input_value(1).get_node().get_type_name() for operation in convolutions]
    # int8 weights are multiplied by their scale.
    assert weights == ["Constant"] + ["Multiply"] * 4 + [weights[-1]]
    assert "pos_conv_embed" in convolutions[-1].get_friendly_name()
    assert weights[-1] != "Multiply"


def test_int8_hears_the_tones(told: tuple[Path, list[str]], audio: list[Any]) -> None:
    """It is smaller, too; the tones are learnt so well that it changes none."""
    full, small = OpenVino(told[0] / "model.xml", 1), OpenVino(told[0] / "model.int8.xml", 1)
    for expected, found in zip(full.logprobs(audio), small.logprobs(audio), strict=True):
        assert 0 < np.abs(expected - found).max() < 2
    beside = json.loads((told[0] / "recogniser.json").read_text())["files"]
    assert beside["int8"]["bytes"] < beside["fp32"]["bytes"]
    assert beside["int8"]["judged"]["other_tokens"] == 0
    assert beside["int8"]["convolutions_in_float"] == 1


def test_stock_openvino_has_the_tokens(told: tuple[Path, list[str]], tones: Path) -> None:
    """Where this package is not imported; no lengths is zero."""
    program = (
        "import json, sys, numpy as np, openvino, soundfile\n"
        "model = openvino.Core().compile_model(sys.argv[1], 'CPU',\n"
        "    {'INFERENCE_PRECISION_HINT': 'f32'})\n"
        "samples, _ = soundfile.read(sys.argv[2], dtype='float32')\n"
        "found = model({'input_values': samples[None], 'input_lengths': np.zeros(1, np.int64)})\n"
        "assert not {'parp_espnet', 'torch'} & set(sys.modules)\n"
        "print(json.dumps(found['logprobs'][0].argmax(1).tolist()))\n"
    )
    recording = tones / "tone-0.wav"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, told[0] / "model.xml", recording],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    (expected,) = OpenVino(told[0] / "model.xml").logprobs(
        [soundfile.read(recording, dtype="float32")[0]]
    )
    assert json.loads(done.stdout) == expected.argmax(1).tolist()


def test_what_is_said(told: tuple[Path, list[str]]) -> None:
    hint, full, small, tokens = told[1]
    assert hint == "model.xml: set INFERENCE_PRECISION_HINT to f32 where you load it by hand"
    assert full.startswith("model.xml: ")
    assert small.startswith("model.int8.xml: ")
    assert tokens.startswith("tokens were not compared: there is no test set")
    models = {"model.bin", "model.int8.bin", "model.int8.xml", "model.xml", "recogniser.json"}
    card = {"README.md", "CITATION.bib", "sparsity.png"}
    assert {path.name for path in told[0].iterdir()} >= models | {"README.md"}
    assert {path.name for path in told[0].iterdir()} <= models | card


def test_no_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.xml: no such file; an OpenVINO model is"):
        OpenVino(tmp_path / "model.xml")
    (tmp_path / "model.xml").write_text("something else")
    with pytest.raises(UserError, match="expected an OpenVINO model") as refused:
        OpenVino(tmp_path / "model.xml")
    assert "\n" not in str(refused.value)


def test_a_converter_that_dies_leaves_nothing(
    learned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parp_dies.py").write_text(
        "import os, signal, sys\n"
        "open(sys.argv[2], 'w').write('<half')\n"
        "os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(converting, "CONVERTER", "parp_dies")
    with pytest.raises(UserError) as refused:
        export(load_trained(learned), tmp_path / "out" / "models", ["openvino"], Options())
    assert str(refused.value) == (
        "model.xml, converted by OpenVINO: its process was ended by SIGSEGV; nothing is written: "
        "give the command again"
    )
    assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_converted_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"something else")
    with pytest.raises(UserError, match=r"model.xml, converted by OpenVINO: ") as refused:
        convert(tmp_path / "model.onnx", tmp_path / "model.xml")
    assert "\n" not in str(refused.value)


def test_a_full_disk_is_one_line(
    learned: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    exporting.export_onnx(load_trained(learned), tmp_path / "model.onnx", default_lengths=False)
    request.getfixturevalue("small_files")
    with pytest.raises(UserError, match=r"cannot be written \(File too large\)"):
        convert(tmp_path / "model.onnx", tmp_path / "model.xml")
