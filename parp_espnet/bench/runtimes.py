"""Speech to phones through each runtime that models are exported for, against stock ESPnet; and
what int8 gives on a large model, against dense PyTorch.

    python3 -m parp_espnet.bench.runtimes WAY SIZE THREADS

is one measurement, in a process of its own, and prints it as JSON. At the sizes of minutes of
speech it is `parp_espnet.bench.decode`'s: the same model, from files to files. At "base" it is
wav2vec2-base at random and five seconds, loaded before, and `seconds` are the processor's, the
least of a few runs.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from parp_espnet.bench import decode
from parp_espnet.bench.memory import peak
from parp_espnet.bench.parts import CAREFUL
from parp_espnet.corpora.speech import SAMPLE_RATE
from parp_espnet.espnet.decode import read_wav_scp
from parp_espnet.export.extras import need
from parp_espnet.export.model import CtcModel, ctc_module
from parp_espnet.export.onnx import write_onnx
from parp_espnet.export.openvino import convert, convert_int8
from parp_espnet.export.quantise import MOST_CONVOLUTIONS, int8_dynamic, int8_static
from parp_espnet.export.runtimes import OnnxRuntime, OpenVino, Runtime
from parp_espnet.export.speech import Samples
from parp_espnet.export.trained import load_trained
from parp_espnet.export.waves import WaveModel
from parp_espnet.files import write_json
from parp_espnet.recognition.audio import read
from parp_espnet.recognition.labels import collapse
from parp_espnet.upstreams.starts import SUMMARY

EXTRA = {"onnxruntime": "onnx", "openvino": "openvino"}
SECONDS = 5.0
RUNS = 8
CALIBRATED = 8
FASTEST = 1
"""Convolutions in float, of calibrated int8: as export has them where the validation set allows."""

Make = Callable[[Path, list[Samples]], Path]


def onnx(source: Path, calibration: list[Samples]) -> Path:
    """The exported file itself."""
    return source


def onnx_dynamic(source: Path, calibration: list[Samples]) -> Path:
    """int8 products, scaled as inputs come."""
    int8_dynamic(source, source.with_name("dynamic.onnx"))
    return source.with_name("dynamic.onnx")


def onnx_static(source: Path, calibration: list[Samples]) -> Path:
    """int8 products and convolutions, calibrated."""
    int8_static(source, source.with_name("static.onnx"), calibration, FASTEST)
    return source.with_name("static.onnx")


def vino(source: Path, calibration: list[Samples]) -> Path:
    """OpenVINO's form of the file."""
    convert(source, source.with_name("model.xml"))
    return source.with_name("model.xml")


def vino_int8(source: Path, calibration: list[Samples], convolutions: int = FASTEST) -> Path:
    """OpenVINO's int8, calibrated, with so many convolutions in float."""
    convert_int8(source, source.with_name("int8.xml"), calibration, convolutions)
    return source.with_name("int8.xml")


RUNTIMES: dict[str, tuple[Make, Callable[[Path, int], Runtime]]] = {
    "onnx": (onnx, OnnxRuntime),
    "onnx_int8": (onnx_static, OnnxRuntime),
    "onnx_int8_dynamic": (onnx_dynamic, OnnxRuntime),
    "openvino": (vino, OpenVino),
    "openvino_int8": (vino_int8, OpenVino),
    CAREFUL: (partial(vino_int8, convolutions=MOST_CONVOLUTIONS), OpenVino),
}


def exported(way: str, model: WaveModel, folder: Path, calibration: list[Samples]) -> Path:
    """Write a model as a way takes it; return its file."""
    source = folder / "model.onnx"
    lengths_by_default = RUNTIMES[way][1] is OnnxRuntime
    write_onnx(model, source, {}, lengths_by_default)
    return RUNTIMES[way][0](source, calibration)


def measure(way: str, size: str, threads: int) -> dict[str, float]:
    """Return the `seconds`, and the `extra_bytes` that they needed."""
    for module, package in EXTRA.items():
        # Not within the time that is measured.
        need(module, package)
    torch.set_num_threads(threads)
    if size == "base":
        return measure_base(way, threads)
    if way not in RUNTIMES:
        return decode.measure(way, size, threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        waves = decode.make_data(folder / "data", decode.SIZES[size])
        experiment = decode.make_model(folder / "exp", waves).parent
        write_json(experiment / SUMMARY, {"model": "model.pth"})
        trained = load_trained(experiment)
        path = exported(way, WaveModel(ctc_module(trained)), folder, waves[:CALIBRATED])
        before, started, worked = peak(reset=True), time.perf_counter(), time.process_time()
        runtime = RUNTIMES[way][1](path, threads)
        lines = transcribe(runtime, trained.tokens, folder / "data")
        (folder / "text").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        extra = peak() - before
    spent = {"seconds": seconds, "extra_bytes": extra, "cpu_seconds": cpu}
    return spent | decode.describe_text(lines, waves)


def transcribe(runtime: Runtime, tokens: tuple[str, ...], data: Path) -> list[str]:
    """Return a line of phones for each recording, an utterance at a time."""
    lines = []
    for utterance, path in read_wav_scp(data).items():
        (logprobs,) = runtime.logprobs([read(path)])
        phones = [tokens[label] for label in collapse(logprobs.argmax(1).tolist())]
        lines.append(" ".join([utterance, *phones]))
    return lines


def measure_base(way: str, threads: int) -> dict[str, float]:
    """One utterance through a model of wav2vec2-base's size."""
    random = np.random.default_rng(0)
    count = round(SECONDS * SAMPLE_RATE)
    speech = [random.normal(0, 0.1, count).astype(np.float32) for _ in range(CALIBRATED)]
    model = make_base()
    with tempfile.TemporaryDirectory() as name:
        hear: Callable[[], Any]
        if way == "torch":
            waves, lengths = torch.from_numpy(speech[0])[None], torch.tensor([count])

            def hear() -> Any:
                return model(waves, lengths)
        else:
            path = exported(way, model, Path(name), speech)
            runtime = RUNTIMES[way][1](path, threads)

            def hear() -> Any:
                return runtime.logprobs(speech[:1])

        with torch.inference_mode():
            before, seconds = peak(reset=True), []
            for _ in range(RUNS):
                started = time.process_time()
                hear()
                seconds.append(time.process_time() - started)
    return {"seconds": min(seconds) / threads, "extra_bytes": peak() - before}


def make_base() -> WaveModel:
    """A wav2vec2-base with a head for fifty phones, drawn at random."""
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(vocab_size=50)
    model: Any = transformers.Wav2Vec2ForCTC(config)
    model.eval().requires_grad_(False)
    return WaveModel(CtcModel(model, True, 1e-7)).eval()


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
