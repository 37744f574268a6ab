#!/usr/bin/env bash
# onnxruntime 1.32.0: three of the four ways to calibrate a model want inputs of one length.
#
# A model whose second axis is free, as that of any speech model, and two inputs of it to calibrate
# with. Where both have 50 frames, quantize_static works by MinMax, Entropy, Percentile and
# Distribution. Where one has 50 and the other 60, only MinMax does: the others put the values of all
# inputs into one NumPy array, though they make histograms of single numbers. The error names neither
# the input nor its length. Who has speech has to cut or pad it, and calibrates on the padding.
#
# Seen: "50 and 50 frames: MinMax, Entropy, Percentile, Distribution" and
# "50 and 60 frames: MinMax; Entropy ValueError, Percentile ValueError, Distribution ValueError
# (… inhomogeneous shape …)". Exit code 1 says that this has changed.
#
#     findings/calibration_wants_one_length.sh      needs Python 3.12 or 3.13 and PyPI
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 sympy==1.14.0
venv/bin/python - <<'PYTHON'
import contextlib
import logging
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, quantize_static

logging.disable(logging.WARNING)
noise = np.random.default_rng(0)
weights = noise.standard_normal(64).astype(np.float32)
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"])],
    "a product",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, "frames", 8))],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, "frames", 8))],
    [helper.make_tensor("w", TensorProto.FLOAT, (8, 8), weights)],
)
opset = [helper.make_opsetid("", 17)]
onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), "model.onnx")


class Inputs(CalibrationDataReader):
    def __init__(self, lengths):
        self.left = [{"x": noise.standard_normal((1, n, 8)).astype(np.float32)} for n in lengths]

    def get_next(self):
        return self.left.pop(0) if self.left else None


seen = {}
for lengths in ((50, 50), (50, 60)):
    worked, failed, said = [], [], ""
    for method in CalibrationMethod:
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
                quantize_static("model.onnx", "int8.onnx", Inputs(lengths), calibrate_method=method)
            worked.append(method.name)
        except ValueError as error:
            failed.append(f"{method.name} ValueError")
            said = f" ({str(error)[:90]} …)"
    seen[lengths] = worked
    failures = f"; {', '.join(failed)}{said}" if failed else ""
    print(f"{lengths[0]} and {lengths[1]} frames: {', '.join(worked)}{failures}")
sys.exit(seen != {(50, 50): [way.name for way in CalibrationMethod], (50, 60): ["MinMax"]})
PYTHON
