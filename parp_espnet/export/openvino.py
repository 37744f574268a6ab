"""OpenVINO: the runtime that is fastest on most processors, in fp32 and in calibrated int8.

The model is that of `parp_espnet.export.onnx`, with `input_lengths` always given (0 stands for all
samples). Whoever loads it by hand sets INFERENCE_PRECISION_HINT to f32: OpenVINO's own choice is
bf16 on some processors, which is slower there and another model.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from parp_espnet.export.apart import run_apart
from parp_espnet.export.extras import check_installed
from parp_espnet.export.formats import Options
from parp_espnet.export.offer import ForInt8, Int8, Offer, speech_for
from parp_espnet.export.onnx import export_onnx, introduce, recogniser
from parp_espnet.export.quantise import convolutions_in_float
from parp_espnet.export.runtimes import OpenVino
from parp_espnet.export.speech import Samples
from parp_espnet.export.trained import Trained
from parp_espnet.files import write_json
from parp_espnet.progress import bar
from parp_espnet.upstreams.starts import RECOGNISER

FORMAT = "parp-espnet openvino 1"
CONVERTER = "parp_espnet.export.convert"
FILES = {"fp32": "model.xml", "int8": "model.int8.xml"}
PASSES = 2
"""How often nncf goes through a calibration: to smooth what comes to the layers, and for ranges."""


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write model.xml, and int8 where the validation set offers it; return what is to be said.

    Raises `UserError` where openvino, nncf or onnx is not installed, or the model is too large.
    """
    for module in ("openvino", "nncf"):
        check_installed(module, "openvino")
    check_installed("onnx", "onnx")
    files = {precision: folder / name for precision, name in FILES.items()}
    speech = speech_for(trained)
    with TemporaryDirectory() as scratch:
        source = Path(scratch) / "model.onnx"
        export_onnx(trained, source, default_lengths=False)
        convert(source, files["fp32"])
        said = ["model.xml: set INFERENCE_PRECISION_HINT to f32 where you load it by hand"]
        if isinstance(speech, ForInt8):
            offer = Offer(files, OpenVino, trained)
            calibrated = partial(convert_int8, source, files["int8"], speech.calibration)
            int8 = Int8(calibrated, convolutions_in_float(source))
            said += offer.judged(speech.validation, int8)
        else:
            offer = Offer({"fp32": files["fp32"]}, OpenVino, trained)
            said.append(f"int8 is left out: it is calibrated and judged on speech, and {speech}")
            said += offer.unjudged()
    write_json(folder / RECOGNISER, recogniser(trained, FORMAT, offer.table))
    return said + introduce("openvino", trained, folder, options)


def convert(source: Path, target: Path) -> None:
    """Write an ONNX file, whose `input_lengths` has no default, as OpenVINO's .xml and .bin.

    Raises `UserError` where OpenVINO cannot, or its process ends by a signal.
    """
    run_apart(CONVERTER, [source, target], f"{target.name}, converted by OpenVINO")


def convert_int8(
    source: Path, target: Path, calibration: Sequence[Samples], convolutions: int
) -> None:
    """The same with products and convolutions in int8, calibrated on these samples, all but those
    that `quantise.left_in_float` names. Raises `UserError` as `convert`.

    Args:
        convolutions: how many of the first stay in float.
    """
    waves = {str(number): samples for number, samples in enumerate(calibration)}
    total = PASSES * len(calibration)
    with TemporaryDirectory() as scratch, bar(total, "calibrate", "utterance") as shown:
        kept = Path(scratch) / "calibration.npz"
        np.savez(kept, allow_pickle=False, **waves)
        run_apart(
            CONVERTER,
            [source, target, kept, convolutions],
            f"{target.name}, quantised by OpenVINO",
            told=lambda line: shown.update(min(int(line), total) - shown.n),
        )
