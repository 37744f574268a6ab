#!/usr/bin/env bash
# openvino 2026.4.1 and onnx 1.23.2: of an LSTM's options one leaves out the peepholes, the other the activations, both the coupled gates.
#
# An LSTM of an ONNX file may have peepholes (input P: gates see the cell), an input gate coupled to the forget gate (`input_forget`), and
# other functions than sigmoid and tanh (`activations`). OpenVINO reads a file with peepholes or coupled gates and computes an LSTM without
# them; of other functions it says that it cannot. The ReferenceEvaluator of onnx, which others are compared with, does peepholes and takes
# the usual functions and gates whatever the file says. Numbers are of the usual size, shapes are right, nothing is said: a recogniser
# with peepholes or coupled gates gets worse, and a comparison with the reference blames the runtime that is right.
# ONNX Runtime computes what ONNX's equations say, which are written out here.
#
# Seen, the largest difference to the equations, of three layers of other weights, in which outputs are up to 1:
# "plain: ONNX Runtime 0.00, OpenVINO 0.00, reference 0.00",
# "peepholes: ONNX Runtime 0.00, OpenVINO 0.32, reference 0.00",
# "coupled gates: ONNX Runtime 0.00, OpenVINO 0.39, reference 0.39",
# "softsign: ONNX Runtime 0.00, OpenVINO refused, reference 0.42".
# Exit code 1 says that this has changed.
#
#     findings/lstm_without_its_options.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
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
from onnx.reference import ReferenceEvaluator

FRAMES, FEATURES, CELLS = 6, 3, 4
SHAPES = {"W": (4 * CELLS, FEATURES), "R": (4 * CELLS, CELLS), "B": (8 * CELLS,), "P": (3 * CELLS,)}
FUNCTIONS = {"Sigmoid": lambda x: 1 / (1 + np.exp(-x)), "Tanh": np.tanh, "Softsign": lambda x: x / (1 + np.abs(x))}
CASES = {
    "plain": (False, {}),
    "peepholes": (True, {}),
    "coupled gates": (False, {"input_forget": 1}),
    "softsign": (False, {"activations": ["Sigmoid", "Softsign", "Softsign"]}),
}
NAMES = ("ONNX Runtime", "OpenVINO", "reference")
RIGHT = {
    "plain": (True, True, True),
    "peepholes": (True, False, True),
    "coupled gates": (True, False, False),
    "softsign": (True, None, False),
}


def by_equations(x, weights, peepholes, input_forget=0, activations=("Sigmoid", "Tanh", "Tanh")):
    """The outputs of all frames, by the equations of ONNX's LSTM, whose gates are input, output, forget and cell."""
    f, g, h = (FUNCTIONS[name] for name in activations)
    bias = weights["B"][: 4 * CELLS] + weights["B"][4 * CELLS :]
    see_i, see_o, see_f = weights["P"].reshape(3, CELLS) * peepholes
    hidden = cell = np.zeros(CELLS)
    outputs = []
    for frame in x:
        i, o, forget, new = (weights["W"] @ frame + weights["R"] @ hidden + bias).reshape(4, CELLS)
        i = f(i + see_i * cell)
        forget = 1 - i if input_forget else f(forget + see_f * cell)
        cell = forget * cell + i * g(new)
        hidden = f(o + see_o * cell) * h(cell)
        outputs.append(hidden)
    return np.array(outputs)


def layer(weights, peepholes, options):
    names = ["x", "W", "R", "B", "", "", "", "P"] if peepholes else ["x", "W", "R", "B"]
    node = helper.make_node("LSTM", names, ["y"], hidden_size=CELLS, **options)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [FRAMES, 1, FEATURES])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [FRAMES, 1, 1, CELLS])
    constants = [numpy_helper.from_array(weights[name][None], name) for name in names[1:] if name]
    graph = helper.make_graph([node], "layer", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def by_onnxruntime(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def by_openvino(model, x):
    core = openvino.Core()
    read = core.read_model(model.SerializeToString())
    return core.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({"x": x})[0]


def by_reference(model, x):
    return ReferenceEvaluator(model).run(None, {"x": x})[0]


def differences(run, model, x, right):
    try:
        return float(np.abs(run(model, x).reshape(right.shape) - right).max())
    except RuntimeError:
        return None


random = np.random.default_rng(0)
seen = {case: [] for case in CASES}
for _ in range(3):
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}
    x = random.normal(size=(FRAMES, 1, FEATURES)).astype(np.float32)
    for case, (peepholes, options) in CASES.items():
        right = by_equations(x[:, 0], weights, peepholes, **options)
        model = layer(weights, peepholes, options)
        runs = (by_onnxruntime, by_openvino, by_reference)
        seen[case].append([differences(run, model, x, right) for run in runs])
as_seen = True
for case, layers in seen.items():
    columns = list(zip(*layers))
    largest = [None if None in column else max(column) for column in columns]
    words = ["refused" if one is None else f"{one:.2f}" for one in largest]
    print(f"{case}: {', '.join(f'{name} {word}' for name, word in zip(NAMES, words))}")
    as_seen = as_seen and tuple(None if one is None else one < 0.01 for one in largest) == RIGHT[case]
sys.exit(not as_seen)
PYTHON
