"""What whole units are worth in time, in each stock runtime, against dense PyTorch in fp32.

    python3 -m parp_espnet.bench.speed RUNTIME.SHAPE SIZE THREADS

is one measurement, in a process of its own, and prints it as JSON: five seconds of sound through a
model drawn at random, loaded before; `seconds` are the processor's, the least of a few runs.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from parp_espnet.bench.memory import peak
from parp_espnet.bench.parts import SPEED_SHAPES
from parp_espnet.bench.runtimes import CALIBRATED, EXTRA, RUNS, RUNTIMES, SECONDS, exported
from parp_espnet.corpora.speech import SAMPLE_RATE
from parp_espnet.export.extras import need
from parp_espnet.export.model import CHANNELS, CtcModel, build, transformers_class
from parp_espnet.export.names import FAMILIES
from parp_espnet.export.waves import WaveModel
from parp_espnet.files import read_json
from parp_espnet.pipeline.shipped import SHIPPED
from parp_espnet.upstreams.starts import NARROWED

LABELS = 50


def measure(way: str, size: str, threads: int) -> dict[str, float]:
    """Return the `seconds`, the `extra_bytes` that they needed, the `file_bytes` of the model, and
    its multiply–adds in G.
    """
    runtime, _, shape = way.partition(".")
    for module, package in EXTRA.items():
        if runtime.startswith(package):
            # Not within the time that is measured.
            need(module, package)
    torch.set_num_threads(threads)
    model = shaped(SIZES[size](), shape)
    random = np.random.default_rng(0)
    count = round(SECONDS * SAMPLE_RATE)
    speech = [random.normal(0, 0.1, count).astype(np.float32) for _ in range(CALIBRATED)]
    waves, lengths = torch.from_numpy(speech[0])[None], torch.tensor([count])
    hear: Callable[[], Any] = lambda: model(waves, lengths)  # noqa: E731
    file_bytes = 4 * sum(tensor.numel() for tensor in model.state_dict().values())
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        with FlopCounterMode(display=False) as counter:
            model(waves, lengths)
        if runtime != "torch":
            path = exported(runtime, model, Path(name), speech)
            opened = RUNTIMES[runtime][1](path, threads)
            file_bytes = path.stat().st_size
            weights = path.with_suffix(".bin")
            if weights.exists():
                file_bytes += weights.stat().st_size
            hear = lambda: opened.logprobs(speech[:1])  # noqa: E731
        before, seconds = peak(reset=True), []
        for _ in range(RUNS):
            started = time.process_time()
            hear()
            seconds.append(time.process_time() - started)
    return {
        "seconds": min(seconds) / threads,
        "extra_bytes": peak() - before,
        "file_bytes": file_bytes,
        "products_g": counter.get_total_flops() / 2e9,
    }


def base() -> dict[str, Any]:
    """The configuration of wav2vec2-base."""
    config: dict[str, Any] = transformers_class("Wav2Vec2Config")().to_dict()
    return config


def small() -> dict[str, Any]:
    """That of the upstream that comes with the project."""
    config: dict[str, Any] = read_json(SHIPPED / "multi" / "config.json")
    return config


SIZES: Mapping[str, Callable[[], dict[str, Any]]] = {"base": base, "small": small}


def shaped(config: dict[str, Any], shape: str) -> WaveModel:
    """A model with a share of its feed-forward units and heads, and of its channels, of weights
    drawn at random.
    """
    torch.manual_seed(0)
    left, of_channels = SPEED_SHAPES[shape]
    layers = int(config["num_hidden_layers"])
    units = max(1, round(left * config["intermediate_size"]))
    heads = max(1, round(left * config["num_attention_heads"]))
    told = {"units": [units] * layers, "heads": [heads] * layers}
    changed = config if shape == "dense" else config | {NARROWED: told}
    if of_channels < 1:
        told[CHANNELS] = list(config["conv_dim"])
        changed["conv_dim"] = [max(1, round(of_channels * count)) for count in config["conv_dim"]]
    model = build(FAMILIES[config["model_type"]], changed, LABELS)
    model.eval().requires_grad_(False)
    return WaveModel(CtcModel(model, True, 1e-7)).eval()


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
