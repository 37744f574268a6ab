"""Speech to phones: in our batches, and by ESPnet's `asr_inference`, an utterance at a time.

    python3 -m parp_espnet.bench.decode WAY SIZE THREADS

is one measurement, in a process of its own, and prints it as JSON. Both load the model, read the
recordings and write the phones within the time that is measured. The model is a shipped upstream
with a CTC head drawn at random, whose blank wins two frames in three, as in speech, and which is so
sure of itself that the best path and a search over sums of paths give the same phones;
`tokens_crc32` says whether they did.
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml
from numpy.typing import NDArray

from parp_espnet.bench.memory import peak
from parp_espnet.corpora import cldr
from parp_espnet.corpora.speech import SAMPLE_RATE
from parp_espnet.espnet.decode import decode
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.names import file_name
from parp_espnet.phones.ipa import load_inventory
from parp_espnet.pipeline.shipped import SHIPPED

UPSTREAM = "multi"
SIZES = {"1min": 1.0, "6min": 6.0}
"""Minutes of speech; six are the test set of a recipe of synthetic speech. Of one, loading counts.
"""
LANGUAGE = "es"
BLANKS = 2 / 3  # of the frames
SURENESS = 10.0  # standard deviation of the head's weights; logits are some 16 times that apart


def ours(model: Path, data: Path, out: Path) -> Path:
    """Greedily, in batches of utterances of like length."""
    return decode(model, data, out)


def stock(model: Path, data: Path, out: Path, beam: int = 1) -> Path:
    """As near to greedy as ESPnet's own search comes: CTC alone, a beam of one."""
    from espnet2.bin import asr_inference  # noqa: PLC0415  # before the clock: see `measure`

    words = {
        "ctc_weight": 1.0, "lm_weight": 0.0, "beam_size": beam, "batch_size": 1, "ngpu": 0,
        "log_level": "ERROR",
        "asr_train_config": model.parent / "config.yaml", "asr_model_file": model,
        "output_dir": out,
        "data_path_and_name_and_type": f"{data}/wav.scp,speech,sound",
    }  # fmt: skip
    command: list[str] = []
    for name, value in words.items():
        command += [f"--{name}", str(value)]
    asr_inference.main(command)
    return out / "1best_recog/text"


def stock_beam20(model: Path, data: Path, out: Path) -> Path:
    """As users find it: with the beam that it has unless told otherwise."""
    return stock(model, data, out, beam=20)


WAYS = {"ours": ours, "stock": stock, "stock_beam20": stock_beam20}


def measure(way: str, size: str, threads: int) -> dict[str, float]:
    """Return the `seconds` from files to files, the `extra_bytes` that they needed, and what came
    out.
    """
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        waves = make_data(folder / "data", SIZES[size])
        model = make_model(folder / "exp", waves)
        if way != "ours":
            importlib.import_module("espnet2.bin.asr_inference")
        before, started, worked = peak(reset=True), time.perf_counter(), time.process_time()
        text = WAYS[way](model, folder / "data", folder / way)
        seconds, cpu, extra = (
            time.perf_counter() - started,
            time.process_time() - worked,
            peak() - before,
        )
        lines = text.read_text(encoding="utf-8").splitlines()
    spent = {"seconds": seconds, "extra_bytes": extra, "cpu_seconds": cpu}
    return spent | describe_text(lines, waves)


def describe_text(lines: Sequence[str], waves: Sequence[Sized]) -> dict[str, float]:
    """What came out: how much, of how much audio, and a sum that the same text has in any order.

    Args:
        lines: of a Kaldi `text`: an utterance's id and its phones.
        waves: the recordings' samples.
    """
    plain = sorted(" ".join(line.split()) for line in lines)
    return {
        "audio_seconds": sum(map(len, waves)) / SAMPLE_RATE,
        "utterances": len(plain),
        "tokens": sum(line.count(" ") for line in plain),
        "tokens_crc32": zlib.crc32("\n".join(plain).encode()),
    }


def make_data(folder: Path, minutes: float) -> list[NDArray[np.float32]]:
    """Write recordings and a `wav.scp`; return the samples of each."""
    folder.mkdir()
    waves, lines = [], []
    for spoken in cldr.generate(LANGUAGE, "test", minutes, seed=0, jobs=1):
        path = folder / file_name(spoken.id, ".wav")
        soundfile.write(path, spoken.samples, SAMPLE_RATE, subtype="PCM_16")
        waves.append(soundfile.read(path, dtype="float32")[0])
        lines.append(f"{spoken.id} {path}\n")
    (folder / "wav.scp").write_text("".join(lines))
    return waves


def make_model(folder: Path, waves: Sequence[NDArray[np.float32]]) -> Path:
    """Write `config.yaml` and a model on a shipped upstream as a training leaves them; return the
    model's file.
    """
    tokens = ["<blank>", "<unk>", *load_inventory(LANGUAGE), "<sos/eos>"]
    config: dict[str, Any] = PruningASRTask.get_default_config() | {
        "encoder": None, "decoder": None, "specaug": None, "normalize": None, "init": None,
        "model_conf": {"ctc_weight": 1.0, "extract_feats_in_collect_stats": False},
        "frontend": "s3prl",
        "frontend_conf": {
            "frontend_conf": {"upstream": "hf_hubert_custom",
            "path_or_url": str(SHIPPED / UPSTREAM)},
            "multilayer_feature": False,
        },
        "token_type": "word", "token_list": tokens,
    }  # fmt: skip
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    model = PruningASRTask.build_model(argparse.Namespace(**config)).eval()
    set_head(model, waves)
    torch.save(model.state_dict(), folder / "model.pth")
    return folder / "model.pth"


@torch.inference_mode()
def set_head(model: Any, waves: Sequence[NDArray[np.float32]]) -> None:
    """Draw the head's weights, and give the blank the bias with which it wins as often as it
    should.
    """
    head = model.ctc.ctc_lo
    head.weight.normal_(std=SURENESS, generator=torch.Generator().manual_seed(0))
    head.bias.zero_()
    head.bias[[1, -1]] = -1e4  # <unk> and <sos/eos>
    frames = []
    for wave in waves:
        encoded, _ = model.encode(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))
        frames.append(encoded[0])
    logits = head(torch.cat(frames))
    head.bias[0] = torch.quantile(logits[:, 1:].max(dim=1).values - logits[:, 0], BLANKS)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
