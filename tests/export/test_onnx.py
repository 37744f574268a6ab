"""An experiment as ONNX: stage 12's tokens in onnxruntime and in stock sherpa-onnx, where this
package is not.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
import torch

from parp_espnet.decoding.label_prior import LabelPrior, read_label_prior
from parp_espnet.errors import UserError
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.export import onnx as exporting
from parp_espnet.export.formats import Options
from parp_espnet.export.onnx import tokens_table, write
from parp_espnet.export.quantise import _halve, convolutions_in_float, int8_static
from parp_espnet.export.runtimes import OnnxRuntime, Samples
from parp_espnet.export.trained import Trained, load_trained
from parp_espnet.phones.spelled import SPACE

PRECISIONS = ("fp32", "fp16", "int8", "int8_dynamic")


@pytest.fixture(scope="module")
def trained(learned: Path) -> Trained:
    return load_trained(learned)


@pytest.fixture(scope="module")
def told(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An export, and what was said."""
    folder = tmp_path_factory.mktemp("onnx")
    return folder, write(trained, folder, Options())


@pytest.fixture(scope="module")
def exported(told: tuple[Path, list[str]]) -> Path:
    return told[0]


@pytest.fixture(scope="module")
def expected(learned: Path, tones: Path) -> dict[str, tuple[str, ...]]:
    """What our recogniser hears, by recording."""
    recogniser = Recogniser(learned / json.loads((learned / "training.json").read_text())["model"])
    found = {}
    for path in sorted(tones.glob("*.wav")):
        samples = soundfile.read(path, dtype="float32")[0]
        (phones,) = recogniser.recognise([samples])
        found[str(path)] = tuple(phone.name for phone in phones)
    return found


STOCK = """
import json, sys
import numpy as np, onnxruntime, soundfile
session = onnxruntime.InferenceSession(sys.argv[1])
tokens = [line.split()[0].lstrip("\\u2581") for line in open(sys.argv[2], encoding="utf-8")]
heard = {}
for path in sys.argv[3:]:
    samples, _ = soundfile.read(path, dtype="float32")
    (logprobs, _) = session.run(None, {"input_values": samples[None]})
    labels = logprobs[0].argmax(1).tolist()
    kept = [b for a, b in zip([0, *labels], labels) if b != a and b]
    heard[path] = [tokens[label] for label in kept]
assert not {"parp_espnet", "torch"} & set(sys.modules)
print(json.dumps(heard))
"""

SHERPA = """
import json, sys
import sherpa_onnx, soundfile
recognizer = sherpa_onnx.OfflineRecognizer.from_omnilingual_asr_ctc(sys.argv[1], sys.argv[2])
heard = {}
for path in sys.argv[3:]:
    samples, rate = soundfile.read(path, dtype="float32")
    stream = recognizer.create_stream()
    stream.accept_waveform(rate, samples)
    recognizer.decode_stream(stream)
    heard[path] = stream.result.text.strip()
assert not {"parp_espnet", "torch"} & set(sys.modules)
print(json.dumps(heard))
"""


def elsewhere(program: str, folder: Path, model: str, recordings: list[str]) -> dict[str, Any]:
    """Run a program in a directory that has a model and its tokens alone."""
    for name in (model, "tokens.txt"):
        shutil.copy(folder / name, Path.cwd() / name)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, model, "tokens.txt", *recordings],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("model", ["model.onnx", "model.fp16.onnx"])
def test_onnxruntime_alone_has_the_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: Path,
    expected: dict[str, tuple[str, ...]], model: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    heard = elsewhere(STOCK, exported, model, list(expected))
    assert {path: tuple(tokens) for path, tokens in heard.items()} == expected


@pytest.mark.parametrize("model", ["model.onnx", "model.int8.onnx"])
def test_stock_sherpa_has_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: Path,
    expected: dict[str, tuple[str, ...]], model: str,
) -> None:  # fmt: skip
    """With spaces between the phones; the tones are learnt so well that int8 changes none."""
    monkeypatch.chdir(tmp_path)
    heard = elsewhere(SHERPA, exported, model, list(expected))
    assert heard == {path: " ".join(tokens) for path, tokens in expected.items()}


def test_batches_with_lengths(exported: Path, expected: dict[str, tuple[str, ...]]) -> None:
    runtime = OnnxRuntime(exported / "model.onnx", threads=1)
    audio = [soundfile.read(path, dtype="float32")[0] for path in expected]
    assert len(audio) == 8
    assert len({len(samples) for samples in audio}) > 1
    for samples, heard in zip(audio, runtime.logprobs(audio), strict=True):
        (alone,) = runtime.logprobs([samples])
        assert np.abs(alone - heard).max() <= 2e-5


def test_what_is_said(told: tuple[Path, list[str]]) -> None:
    first, *files, compared = told[1]
    assert first.startswith("model.onnx: opset 17, log-probabilities within ")
    assert [line.split(":")[0] for line in files] == list(exporting.FILES.values())
    assert "1.000 of fp32's" in files[0]
    assert "errors on dev (+0.00 points beside fp32" in files[2]
    assert compared.startswith("tokens were not compared")


def test_nothing_of_the_exporters_is_seen(
    trained: Trained, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(trained, tmp_path, Options())
    assert capfd.readouterr() == ("", "")


def test_what_is_beside_the_model(exported: Path, trained: Trained) -> None:
    beside = json.loads((exported / "recogniser.json").read_text())
    assert beside["tokens"] == list(trained.tokens)
    assert beside["grid"] == {"stride": 320, "field": trained.grid.field}
    assert beside["opset"] == 17
    assert beside["exporter"].startswith("torch ")
    assert set(beside["files"]) == set(PRECISIONS)
    for entry in beside["files"].values():
        assert entry["bytes"] == (exported / entry["file"]).stat().st_size
        assert entry["judged"]["utterances"] == 8
    assert (
        exported / "tokens.txt"
    ).read_text() == "<blk> 0\n<unk> 1\n▁a 2\n▁e 3\n▁i 4\n▁o 5\n<sos/eos> 6\n"


def test_what_the_file_says_of_itself(exported: Path, trained: Trained) -> None:
    model = onnx.load(exported / "model.onnx")
    onnx.checker.check_model(model)
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert told["sample_rate"] == "16000"
    assert told["vocab_size"] == str(len(trained.tokens))
    assert told["normalization"] == "inside the model"
    assert told["sparsity"] == "0.500000"
    assert told["opset"] == "17"
    assert model.opset_import[0].version == 17
    # sherpa-onnx reads the number of labels from the third axis.
    axes = model.graph.output[0].type.tensor_type.shape.dim
    assert axes[2].dim_value == len(trained.tokens)
    assert [node.name for node in model.graph.input] == ["input_values", "input_lengths"]


def test_int8_leaves_both_ends_in_float(exported: Path) -> None:
    """Stored in halves; the other convolutions, and the layers' products, are in int8."""
    graph = onnx.load(exported / "model.int8.onnx").graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 6
    first, *others, positional = convolutions
    assert "pos_conv_embed" in positional.name
    for node in (first, positional):
        assert "DequantizeLinear" not in {made_by.get(name) for name in node.input[:2]}
    for node in others:
        assert {made_by[name] for name in node.input[:2]} == {"DequantizeLinear"}
    sizes = {tensor.name: tensor.data_type for tensor in graph.initializer}
    halved = next(node for node in graph.node if positional.input[1] in node.output)
    assert sizes[halved.input[0]] == onnx.TensorProto.FLOAT16
    products = [node for node in graph.node if node.op_type == "MatMul"]
    weights = [node for node in products if made_by.get(node.input[1]) == "DequantizeLinear"]
    # Query, key, value, output and two of feed-forward in both layers; neither projection nor head.
    assert len(weights) == 2 * 6


def test_scales_are_not_halved() -> None:
    """Those of a layer with a thousand units are as many, and may be below what fp16 holds."""
    scales = np.full(2000, 1e-6, np.float32)
    weights = np.full(2000, 0.5, np.float32)
    made = onnx.helper.make_graph(
        [], "", [], [],
        [onnx.numpy_helper.from_array(scales, "layer.weight_scale"),
         onnx.numpy_helper.from_array(weights, "layer.bias")],
    )  # fmt: skip
    model = onnx.helper.make_model(made)
    _halve(onnx, model)
    kept = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    float32, float16 = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16
    assert kept == {"layer.weight_scale": float32, "layer.bias.fp16": float16}


def test_fp16_is_the_weights_rounded(exported: Path) -> None:
    full = onnx.load(exported / "model.onnx").graph
    half = onnx.load(exported / "model.fp16.onnx").graph
    rounded = {tensor.name: tensor for tensor in half.initializer}
    count = 0
    for tensor in full.initializer:
        numbers = onnx.numpy_helper.to_array(tensor)
        if f"{tensor.name}.fp16" in rounded:
            stored = onnx.numpy_helper.to_array(rounded[f"{tensor.name}.fp16"])
            assert np.array_equal(stored, numbers.astype(np.float16))
            count += 1
        else:
            assert np.array_equal(onnx.numpy_helper.to_array(rounded[tensor.name]), numbers)
    assert count > 10


def test_letters_are_spaced_by_their_own_token() -> None:
    assert tokens_table(("<blank>", "<unk>", SPACE, "a")) == "<blk> 0\n<unk> 1\n▁ 2\na 3\n"
    assert tokens_table(("<blank>", "<unk>", "▁a", "b")) == "<blk> 0\n<unk> 1\n▁a 2\nb 3\n"


def test_what_sherpa_cannot_do_is_said(trained: Trained) -> None:
    odd = replace(
        trained, preprocessor={"do_normalize": False}, tokens=(*trained.tokens[:-1], "SIL")
    )
    notes = exporting.sherpa_notes(odd)
    assert notes[0].startswith("sherpa-onnx always normalises samples")
    assert notes[1] == "sherpa-onnx leaves SIL out of its texts"
    assert exporting.sherpa_notes(trained) == []


def test_without_its_speech_there_is_no_int8(trained: Trained, tmp_path: Path) -> None:
    config = trained.config | {
        "train_data_path_and_name_and_type": [
            ["gone/wav.scp", "speech", "sound"],
            ["gone/text", "text", "text"],
        ]
    }
    said = write(replace(trained, config=config), tmp_path, Options())
    (line,) = [line for line in said if "int8" in line]
    assert line.startswith(
        "int8 is left out: it is calibrated and judged on speech, and gone/wav.scp"
    )
    assert sorted(json.loads((tmp_path / "recogniser.json").read_text())["files"]) == [
        "fp16",
        "fp32",
    ]
    assert not list(tmp_path.glob("*int8*"))


def test_what_is_another_model_is_not_offered(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here of weights that are all the same."""

    def spoil(source: Path, target: Path) -> None:
        model = onnx.load(source)
        for tensor in model.graph.initializer:
            numbers = onnx.numpy_helper.to_array(tensor)
            if numbers.dtype == np.float32 and numbers.ndim == 2:
                tensor.CopyFrom(
                    onnx.numpy_helper.from_array(np.full_like(numbers, 0.1), tensor.name)
                )
        onnx.save(model, target)

    monkeypatch.setattr(exporting, "int8_dynamic", spoil)
    said = write(trained, tmp_path, Options())
    (line,) = [line for line in said if "not offered" in line]
    assert line.startswith("model.int8_dynamic.onnx is not offered: ")
    assert not (tmp_path / "model.int8_dynamic.onnx").exists()
    assert "int8_dynamic" not in json.loads((tmp_path / "recogniser.json").read_text())["files"]


@pytest.mark.parametrize("least", [1, 2, 3])
def test_int8_is_the_fastest_that_is_near(
    least: int, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here others are far, with layers of which nothing is left."""
    made: list[int] = []

    def spoil(source: Path, target: Path, calibration: list[Samples], convolutions: int) -> None:
        made.append(convolutions)
        int8_static(source, target, calibration, convolutions)
        if convolutions >= least:
            return
        model = onnx.load(target)
        for tensor in model.graph.initializer:
            numbers = onnx.numpy_helper.to_array(tensor)
            if numbers.ndim == 2:
                tensor.CopyFrom(onnx.numpy_helper.from_array(0 * numbers, tensor.name))
        onnx.save(model, target)

    monkeypatch.setattr(exporting, "int8_static", spoil)
    said = write(trained, tmp_path, Options())
    assert made == list(range(1, least + 1))
    (line,) = [line for line in said if line.startswith("model.int8.onnx: ")]
    assert f", convolutions in float: {least}, " in line
    files = json.loads((tmp_path / "recogniser.json").read_text())["files"]
    assert files["int8"]["convolutions_in_float"] == least
    graph = onnx.load(tmp_path / "model.int8.onnx").graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    in_float = []
    for node in graph.node:
        if node.op_type == "Conv":
            in_float.append(made_by[node.input[0]] != "DequantizeLinear")
    assert in_float == [True] * least + [False] * (5 - least) + [True]


def test_a_model_that_hears_no_samples_has_one_int8(exported: Path, tmp_path: Path) -> None:
    assert convolutions_in_float(exported / "model.onnx") == range(1, 4)
    model = onnx.load(exported / "model.onnx")
    for node in model.graph.node:
        node.name = node.name.replace("conv_layers", "other_layers")
    onnx.save(model, tmp_path / "model.onnx")
    assert convolutions_in_float(tmp_path / "model.onnx") == range(0, 1)


def test_too_large_for_a_protobuf(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match=r"which is what an ONNX file holds, found 0\.0"):
        write(trained, tmp_path, Options())


def test_a_file_that_is_another_model_is_refused(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    make_other: Callable[[Trained], Trained],
) -> None:  # fmt: skip
    exporting.export_onnx(make_other(trained), tmp_path / "model.onnx")
    with pytest.raises(UserError, match=r"differ by .* from torch's, expected at most 0.001"):
        exporting.largest_difference(trained, tmp_path / "model.onnx")


@pytest.fixture
def make_other() -> Callable[[Trained], Trained]:
    """The experiment with another head."""

    def make(trained: Trained) -> Trained:
        states = dict(trained.states)
        states["ctc.ctc_lo.bias"] = states["ctc.ctc_lo.bias"] + torch.arange(7)
        return replace(trained, states=states)

    return make


def test_no_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.onnx: no such file; expected the ONNX model"):
        OnnxRuntime(tmp_path / "model.onnx")
    (tmp_path / "model.onnx").write_bytes(b"something else")
    with pytest.raises(UserError, match="expected an ONNX model") as refused:
        OnnxRuntime(tmp_path / "model.onnx")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("form", ["onnx", "openvino"])
def test_label_priors_go_along(learned: Path, tmp_path: Path, form: str) -> None:
    """Without them parp-align would level nothing, and give other times than of the experiment."""
    shutil.copytree(learned, tmp_path / "exp", symlinks=True)
    trained = load_trained(tmp_path / "exp")
    logs = np.arange(len(trained.tokens), dtype=np.float32)
    LabelPrior(0.3, logs).write(trained.folder, trained.tokens)
    folder = tmp_path / form
    folder.mkdir()
    exporting.introduce(form, trained, folder, Options())
    assert "label_prior.json" in (folder / "README.md").read_text()
    for model in (folder, folder / "model.onnx", folder / "model.int8.xml"):
        prior = read_label_prior(model, trained.tokens)
        assert prior is not None
        assert (prior.weight, prior.logs.tolist()) == (0.3, logs.tolist())
