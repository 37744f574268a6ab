#!/usr/bin/env bash
# onnx-asr 0.12.0: what a Whisper model gets of a recording depends on the loudest one of its batch.
#
# Whisper's log mel spectrum has a floor: what is more than 80 dB below the largest value of a recording is raised to that. onnx-asr takes
# the largest value of all recordings that `recognize` is given in a list. A quiet one beside a loud one, of a far speaker or another
# microphone, loses its high frequencies and its weak sounds to a floor that is not its own; what is recognised depends on what else is in
# the list. It cannot be put down to padding, as Whisper's recordings are of 30 s always. So it is with the NumPy and both ONNX preprocessors.
# With `max_concurrent_workers` in `preprocessor_config`, an option for speed, each recording has its own floor again.
#
# Seen, by a model whose text says how many of ten features of a recording's 3 s are at the floor, the quiet one 40 dB below the loud one:
# "alone: quiet 1, loud 0", "quiet beside quiet 1 1, loud beside loud 0 0",
# "quiet beside loud: 5 0; with two workers 1 0", "by the other preprocessors: 5 0, 5 0".
# Exit code 1 says that this has changed.
#
#     findings/onnx_asr_hears_the_loudest.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet onnx-asr==0.12.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx_asr
from onnx import TensorProto, helper

RATE, SECONDS = 16000, 3
WORDS = [str(number) for number in range(11)]
CONTROLS = ["startoftranscript", "endoftext", "transcribe", "notimestamps", "en"]


def write_model(folder):
    """A model of Whisper's inputs and outputs; its one token is the number of tenths of the features that are at the floor."""
    nodes = [
        helper.make_node("ReduceMin", ["input_features", "axes"], ["least"], keepdims=1),
        helper.make_node("Slice", ["input_features", "begin", "end", "time"], ["spoken"]),
        helper.make_node("Sub", ["spoken", "least"], ["above"]),
        helper.make_node("Less", ["above", "little"], ["low"]),
        helper.make_node("Cast", ["low"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["ones", "axes"], ["share"], keepdims=1),
        helper.make_node("Mul", ["share", "ten"], ["tenths"]),
        helper.make_node("Round", ["tenths"], ["number"]),
        helper.make_node("Cast", ["number"], ["sequences"], to=TensorProto.INT32),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("begin", TensorProto.INT64, [1], [0]),
        helper.make_tensor("end", TensorProto.INT64, [1], [100 * SECONDS]),
        helper.make_tensor("time", TensorProto.INT64, [1], [2]),
        helper.make_tensor("little", TensorProto.FLOAT, [], [0.001]),
        helper.make_tensor("ten", TensorProto.FLOAT, [], [10.0]),
    ]
    inputs = [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, ["batch", 80, 3000])]
    for name in ("max_length", "min_length", "num_beams", "num_return_sequences"):
        inputs.append(helper.make_tensor_value_info(name, TensorProto.INT32, [1]))
    for name in ("length_penalty", "repetition_penalty"):
        inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]))
    inputs.append(helper.make_tensor_value_info("decoder_input_ids", TensorProto.INT32, ["batch", "tokens"]))
    outputs = [helper.make_tensor_value_info("sequences", TensorProto.INT32, ["batch", 1, 1])]
    graph = helper.make_graph(nodes, "floor", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    folder.mkdir()
    onnx.save(model, folder / "whisper-tiny_beamsearch.onnx")
    (folder / "config.json").write_text(json.dumps({"model_type": "whisper"}))
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(WORDS)}))
    control = {f"<|{word}|>": len(WORDS) + number for number, word in enumerate(CONTROLS)}
    (folder / "added_tokens.json").write_text(json.dumps(control))


def load(**config):
    return onnx_asr.load_model("whisper-ort", "model", providers=["CPUExecutionProvider"], preprocessor_config=config or None)


def hear(model, *recordings):
    return [int(text) for text in model.recognize(list(recordings), language="en")]


write_model(Path("model"))
noise = np.random.default_rng(0).normal(size=RATE * SECONDS)
# Less and less towards high frequencies, as speech, and swelling four times.
spectrum = np.fft.rfft(noise) / (1 + (np.arange(len(noise) // 2 + 1) / SECONDS / 500) ** 2)
swell = np.sin(np.pi * 4 * np.arange(len(noise)) / len(noise)) ** 2
loud = np.fft.irfft(spectrum) * swell
loud = (0.9 * loud / np.abs(loud).max()).astype(np.float32)
quiet = loud / 100
usual = load()
alone = hear(usual, quiet) + hear(usual, loud)
print(f"alone: quiet {alone[0]}, loud {alone[1]}")
same = hear(usual, quiet, quiet) + hear(usual, loud, loud)
print(f"quiet beside quiet {same[0]} {same[1]}, loud beside loud {same[2]} {same[3]}")
both, workers = hear(usual, quiet, loud), hear(load(max_concurrent_workers=2), quiet, loud)
print(f"quiet beside loud: {both[0]} {both[1]}; with two workers {workers[0]} {workers[1]}")
others = [
    hear(load(use_numpy_preprocessors=False, use_conv_preprocessors=conv, providers=["CPUExecutionProvider"]), quiet, loud)
    for conv in (False, True)
]
print("by the other preprocessors:", ", ".join(f"{one[0]} {one[1]}" for one in others))
as_seen = alone == [1, 0] and same == [1, 1, 0, 0] and workers == [1, 0] and both[0] > 3 and both[1] == 0
sys.exit(not (as_seen and all(other == both for other in others)))
PYTHON
