"""OpenVINO: the runtime that is fastest on most processors, in fp32 and in calibrated int8.

The model is that of `parp_espnet.export.onnx`, with `input_lengths` always given (0 stands for all
samples). Whoever loads it by hand sets INFERENCE_PRECISION_HINT to f32: OpenVINO's own choice is
bf16 on some processors, which is slower there and another model.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parp_espnet.export.extras import need
from parp_espnet.export.formats import Options
from parp_espnet.export.offer import ForInt8, Offer, speech_for
from parp_espnet.export.onnx import export_onnx, recogniser
from parp_espnet.export.quantise import first_convolution
from parp_espnet.export.quiet import quiet
from parp_espnet.export.runtimes import OpenVino
from parp_espnet.export.trained import Trained
from parp_espnet.files import write_json

FORMAT = "parp-espnet openvino 1"
RECOGNISER = "recogniser.json"
FILES = {"fp32": "model.xml", "int8": "model.int8.xml"}


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write model.xml, and int8 where the validation set offers it; return what is to be said.

    Raises `UserError` where openvino, nncf or onnx is not installed, or the model is too large.
    """
    openvino = need("openvino", "openvino")
    nncf = need("nncf", "openvino")
    onnx = need("onnx", "onnx")
    files = {precision: folder / name for precision, name in FILES.items()}
    speech = speech_for(trained)
    with quiet(), TemporaryDirectory() as scratch:
        source = Path(scratch) / "model.onnx"
        export_onnx(trained, source, default_lengths=False)
        model = openvino.convert_model(str(source))
        openvino.save_model(model, str(files["fp32"]), compress_to_fp16=False)
        if isinstance(speech, ForInt8):
            first = first_convolution(onnx.load(str(source)))
            quantised = _int8(nncf, model, speech, first)
            openvino.save_model(quantised, str(files["int8"]), compress_to_fp16=False)
    said = ["model.xml: set INFERENCE_PRECISION_HINT to f32 where you load it by hand"]
    if isinstance(speech, ForInt8):
        offer = Offer(files, OpenVino, trained)
        said += offer.judged(speech.validation)
    else:
        offer = Offer({"fp32": files["fp32"]}, OpenVino, trained)
        said.append(f"int8 is left out: it is calibrated and judged on speech, and {speech}")
        said += offer.unjudged()
    write_json(folder / RECOGNISER, recogniser(trained, FORMAT, offer.table))
    return said


def _int8(nncf: Any, model: Any, speech: ForInt8, first: str) -> Any:
    """The model with products and convolutions in int8, all but the first convolution."""
    calibration = nncf.Dataset(
        speech.calibration,
        lambda samples: {"input_values": samples[None], "input_lengths": [len(samples)]},
    )
    return nncf.quantize(
        model,
        calibration,
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(speech.calibration),
        ignored_scope=nncf.IgnoredScope(names=[first]),
    )
