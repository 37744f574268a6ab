#!/usr/bin/env bash
# openvino 2026.4.1: where the time or the batch axis of a model is free, its recurrent layers run over the padding, whatever the lengths say.
#
# ONNX's LSTM, GRU and RNN take the lengths of the sequences of a batch (`sequence_lens`), and so do OpenVINO's own operations
# (`sequence_lengths`), so that padding is not read. On a CPU OpenVINO keeps to them in a model of fixed shapes. In one whose time or batch
# axis is free, as that of any model of speech, they are as if not given, even where they are constants: the backward direction begins in the
# padding, the last state is that of the padding, and frames behind the end are not zero. Nothing is said, and one recording at a time is
# right, so that what is recognised depends on how long the other recordings of a batch are. ONNX Runtime gives, of the same files, what
# each recording gives alone.
#
# Seen, of three recordings of 20, 12 and 5 frames, the largest difference of a batch's frames to those of each alone:
# "LSTM: fixed axes 0.00, free time 0.16, free batch 0.16; ONNX Runtime 0.00 0.00 0.00",
# "GRU: fixed axes 0.00, free time 1.93, free batch 1.93; ONNX Runtime 0.00 0.00 0.00",
# "RNN: fixed axes 0.00, free time 1.98, free batch 1.98; ONNX Runtime 0.00 0.00 0.00".
# Exit code 1 says that this has changed.
#
#     findings/openvino_forgets_lengths.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet openvino==2026.4.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.3.5
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

LENGTHS = [20, 12, 5]
FEATURES, CELLS = 4, 8
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
random = np.random.default_rng(0)
sounds = [random.normal(size=(length, 1, FEATURES)).astype(np.float32) for length in LENGTHS]
batch = np.zeros((max(LENGTHS), len(LENGTHS), FEATURES), np.float32)
for row, sound in enumerate(sounds):
    batch[: len(sound), row] = sound[:, 0]


def layer(kind, weights, time, size):
    """A file of one layer of two directions, whose axes are numbers, or names where they are free."""
    node = helper.make_node(kind, ["x", "W", "R", "B", "lengths"], ["y"], hidden_size=CELLS, direction="bidirectional")
    given = [("x", TensorProto.FLOAT, [time, size, FEATURES]), ("lengths", TensorProto.INT32, [size])]
    inputs = [helper.make_tensor_value_info(*one) for one in given]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    constants = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([node], "layer", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def by_onnxruntime(file, x, lengths):
    return onnxruntime.InferenceSession(file).run(None, {"x": x, "lengths": np.array(lengths, np.int32)})[0]


def by_openvino(file, x, lengths):
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled({"x": x, "lengths": np.array(lengths, np.int32)})[0]


def difference(run, file, alone):
    """The largest one between frames of the batch, its padding aside, and the same frames of each recording alone."""
    y = run(file, batch, LENGTHS)
    return max(float(np.abs(y[: len(one), :, row] - one[:, :, 0]).max()) for row, one in enumerate(alone))


as_seen = True
for kind, gates in GATES.items():
    shapes = {"W": (2, gates * CELLS, FEATURES), "R": (2, gates * CELLS, CELLS), "B": (2, 2 * gates * CELLS)}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    axes = [(max(LENGTHS), len(LENGTHS)), ("time", len(LENGTHS)), (max(LENGTHS), "batch")]
    files = [layer(kind, weights, *pair) for pair in axes]
    free = layer(kind, weights, "time", "batch")
    alone = [by_openvino(free, sound, [len(sound)]) for sound in sounds]
    seen = [difference(by_openvino, file, alone) for file in files]
    peer = [difference(by_onnxruntime, file, alone) for file in files]
    ours = "fixed axes {:.2f}, free time {:.2f}, free batch {:.2f}".format(*seen)
    print(f"{kind}: {ours}; ONNX Runtime {' '.join(f'{one:.2f}' for one in peer)}")
    as_seen = as_seen and seen[0] < 0.01 and min(seen[1:]) > 0.1 and max(peer) < 0.01
sys.exit(not as_seen)
PYTHON
