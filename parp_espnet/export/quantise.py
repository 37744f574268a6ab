"""ONNX models of less precision, made from the fp32 one: half, int8 by the way, int8 calibrated."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parp_espnet.errors import UserError
from parp_espnet.export.extras import need
from parp_espnet.export.quiet import quiet
from parp_espnet.export.runtimes import Samples
from parp_espnet.export.sparse import HALF_LARGEST

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


def int8_static(source: Path, target: Path, calibration: Sequence[Samples]) -> None:
    """Products with weights and convolutions in int8 (QDQ), inputs scaled by speech of training.

    The first convolution, which hears the samples, stays in float: nearly all that int8 costs is
    its. So do attention's products of two inputs, which gain little.
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
            nodes_to_exclude=left_in_float(onnx.load(str(source))),
        )


def first_convolution(model: Any) -> str:
    """The name of the node that hears the samples."""
    return next(str(node.name) for node in model.graph.node if node.op_type == "Conv")


def left_in_float(model: Any) -> list[str]:
    """The names of the nodes that static int8 leaves: the first convolution, and products of two
    inputs.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    names = [first_convolution(model)]
    for node in model.graph.node:
        if node.op_type == "MatMul" and not weights.intersection(node.input):
            names.append(str(node.name))
    return names


def _halve(onnx: Any, model: Any) -> None:
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        numbers = onnx.numpy_helper.to_array(tensor)
        if numbers.size < SMALLEST:
            continue
        largest = float(np.abs(numbers).max())
        if not largest <= HALF_LARGEST:
            raise UserError(
                f"{tensor.name}: its largest number is {largest:g}, fp16 ends at {HALF_LARGEST:g}"
            )
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
