"""OpenVINO's conversion and nncf's calibration, which run in a process of their own.

    python3 -P -m parp_espnet.export.convert SOURCE.onnx TARGET.xml [CALIBRATION.npz CONVOLUTIONS]

prints how many utterances of the calibration are done, a line each. nncf makes cores of OpenVINO of
its own, and several may leave a process without a stack for its signal handlers: see
`parp_espnet.export.runtimes`.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from parp_espnet.errors import UserError, cannot_write, command, describe
from parp_espnet.export.apart import end_with_parent, progress_stream
from parp_espnet.export.extras import need
from parp_espnet.export.quantise import left_in_float
from parp_espnet.export.quiet import quiet
from parp_espnet.export.runtimes import Samples
from parp_espnet.files import refusal


@command
def main() -> None:
    """Convert a file, in int8 where there is a calibration."""
    end_with_parent()
    source, target = map(Path, sys.argv[1:3])
    for_int8 = sys.argv[3:]
    with progress_stream() as progress:
        try:
            if for_int8:
                calibration, convolutions = for_int8
                with np.load(calibration) as waves:
                    speech = list(waves.values())
                _convert_int8(source, target, speech, int(convolutions), progress)
            else:
                _convert(source, target)
        except (OSError, MemoryError, UserError):
            raise
        except Exception as error:
            # OpenVINO only says that it could not write.
            if (number := refusal(error, target.with_suffix(".room"))) is not None:
                raise UserError(cannot_write(target, number)) from None
            raise UserError(f"{source.name}: {describe(error)}") from None


def _convert(source: Path, target: Path) -> None:
    openvino = need("openvino", "openvino")
    with quiet():
        model = openvino.convert_model(str(source))
        openvino.save_model(model, str(target), compress_to_fp16=False)


def _convert_int8(
    source: Path,
    target: Path,
    calibration: Sequence[Samples],
    convolutions: int,
    progress: IO[str],
) -> None:
    """All products and convolutions in int8 but those of `left_in_float`."""
    onnx = need("onnx", "onnx")
    openvino = need("openvino", "openvino")
    nncf = need("nncf", "openvino")
    done = 0
    # A node with a bias becomes two, of which one has a longer name.
    left = left_in_float(onnx.load(str(source)), convolutions)
    patterns = [f"{re.escape(name)}(/.*)?$" for name in left]

    def inputs(samples: Samples) -> dict[str, Any]:
        nonlocal done
        done += 1
        print(done, file=progress)
        return {"input_values": samples[None], "input_lengths": [len(samples)]}

    with quiet():
        quantised = nncf.quantize(
            openvino.convert_model(str(source)),
            nncf.Dataset(calibration, inputs),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(calibration),
            ignored_scope=nncf.IgnoredScope(patterns=patterns, validate=False),
        )
        openvino.save_model(quantised, str(target), compress_to_fp16=False)


if __name__ == "__main__":
    main()
