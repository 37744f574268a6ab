"""ONNX models of less precision, made from the fp32 one: half, int8 by the way, int8 calibrated."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parp_espnet.export.extras import need
from parp_espnet.export.halves import need_half_holds
from parp_espnet.export.quiet import quiet
from parp_espnet.export.runtimes import Samples

IN_FLOAT = re.compile(r"feature_projection/|pos_conv_embed/|lm_head/")
"""What costs many errors where it is in int8 and little time where it is not, by the names of
transformers' modules: what enters the layers, and what leaves them.
"""
CONVOLUTION = re.compile(r"feature_extractor/conv_layers\.(\d+)/")
MOST_CONVOLUTIONS = 3
"""Of those that hear samples, how many may stay in float: each costs errors in int8, and time in
float, the second most.
"""

SCALE = "_scale"
"""How onnxruntime's names of scales end: they are too small for halves."""

SMALLEST = 1024
"""Numbers from which a tensor is stored in halves."""


def half(source: Path, target: Path) -> None:
    """Store weights as fp16, with a cast behind each, which a runtime does once, as it loads.

    Computed is in fp32: sums of fifteen seconds of samples are too large for fp16. Raises
    `UserError` where a weight is too large.
    """
    onnx = need("onnx", "onnx")
    model = onnx.load(str(source))
    _halve(onnx, model)
    onnx.save(model, str(target))


def int8_dynamic(source: Path, target: Path) -> None:
    """Products with weights in int8, their inputs scaled as they come; all else in fp32, whose
    weights are stored in halves.
    """
    quantization = need("onnxruntime.quantization", "onnx")
    onnx = need("onnx", "onnx")
    with quiet():
        quantization.quantize_dynamic(
            str(source),
            str(target),
            op_types_to_quantize=["MatMul"],
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
        )
    model = onnx.load(str(target))
    _halve(onnx, model)
    onnx.save(model, str(target))


def int8_static(
    source: Path, target: Path, calibration: Sequence[Samples], convolutions: int
) -> None:
    """Products with weights and convolutions in int8 (QDQ), inputs scaled by speech of training.

    What `left_in_float` names stays in float, stored in halves. The scale of an input is of a mean
    utterance's range, not of the widest, of which a few numbers would take most of 256 steps.

    Args:
        convolutions: how many of the first stay in float.
    """
    quantization = need("onnxruntime.quantization", "onnx")
    onnx = need("onnx", "onnx")

    base: Any = quantization.CalibrationDataReader

    class Reader(base):  # type: ignore[misc]
        """Hands on an utterance at a time."""

        def __init__(self) -> None:
            self._waves: Iterator[Samples] = iter(calibration)

        def get_next(self) -> dict[str, Any] | None:
            """An input, or None at the end."""
            samples = next(self._waves, None)
            return None if samples is None else {"input_values": samples[None]}

    with quiet():
        quantization.quantize_static(
            str(source),
            str(target),
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MatMul"],
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=left_in_float(onnx.load(str(source)), convolutions),
            extra_options={"CalibMovingAverage": True},
        )
    model = onnx.load(str(target))
    _halve(onnx, model)
    onnx.save(model, str(target))


def convolutions_in_float(source: Path) -> range:
    """How many convolutions of an ONNX file may stay in float where it is made int8: from the
    fastest to what is nearest to fp32.
    """
    onnx = need("onnx", "onnx")
    graph = onnx.load(str(source)).graph
    own = {found[1] for node in graph.node if (found := CONVOLUTION.search(node.name))}
    most = min(MOST_CONVOLUTIONS, len(own))
    # A model that hears log-mels has none.
    return range(min(1, most), most + 1)


def left_in_float(model: Any, convolutions: int) -> list[str]:
    """The names of the nodes that calibrated int8 leaves: the first `convolutions`, those of
    `IN_FLOAT`, and attention's products of two inputs.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    names = []
    for node in model.graph.node:
        of_inputs = node.op_type == "MatMul" and not weights.intersection(node.input)
        product = node.op_type in ("Conv", "MatMul")
        if of_inputs or (product and _is_in_float(node.name, convolutions)):
            names.append(str(node.name))
    return names


def _is_in_float(name: str, convolutions: int) -> bool:
    place = CONVOLUTION.search(name)
    if place is not None:
        return int(place[1]) < convolutions
    return IN_FLOAT.search(name) is not None


def _halve(onnx: Any, model: Any) -> None:
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or tensor.name.endswith(SCALE):
            continue
        numbers = onnx.numpy_helper.to_array(tensor)
        if numbers.size < SMALLEST:
            continue
        need_half_holds(tensor.name, numbers)
        name = tensor.name
        half_name = f"{name}.fp16"
        tensor.CopyFrom(onnx.numpy_helper.from_array(numbers.astype(np.float16), half_name))
        casts.append(
            onnx.helper.make_node(
                "Cast", [half_name], [name], f"{name}/Cast", to=onnx.TensorProto.FLOAT
            )
        )
    # Nodes stand in the order in which they are computed.
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
