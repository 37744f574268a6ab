"""What a finetuning of a wav2vec 2.0 of Base size needs of memory: with PARP, with layers that are
computed again, and stock ESPnet's dense one, of the same batch.

    python3 -m parp_espnet.bench.finetuning WAY SIZE THREADS

is one measurement, in a process of its own: a whole training of a few updates, validation and
checkpoints included, by `espnet2.bin.asr_train` or ours. It prints its seconds and the peak of its
resident memory as JSON.
"""

import json
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from parp_espnet.bench.memory import peak
from parp_espnet.bench.processes import apart

SIZES = {"base_20s": 2, "base_60s": 6}
"""How many utterances a batch has: what layers compute grows with it, weights and Adam do not."""
RATE = 16000
SECONDS = 10
"""Of an utterance."""
UPDATES = 2
"""An optimizer has its state from the first on; a mask is adjusted, and a model saved."""
PARP = {"prune_conf": {"method": "parp", "sparsity": 0.5, "interval": 1}}
WAYS: dict[str, dict[str, Any]] = {
    "stock": {},
    "parp": PARP,
    "parp_checkpointing": PARP | {"gradient_checkpointing": True},
}
TOKENS = ("<blank>", "<unk>", *"abcd", "<sos/eos>")
FROZEN = "frontend.upstream.upstream.model.feature_extractor"
"""The convolutions, which our trainings never train: stock ESPnet is told not to, too."""


def measure(way: str, size: str, threads: int) -> dict[str, float]:
    """Return the `seconds` of a training, and its `peak_bytes`, all of the process's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        apart(draw_upstream, folder / "upstream")
        write_speech(folder, SIZES[size])
        config = folder / "train.yaml"
        options = training(folder, SIZES[size]) | WAYS[way]
        if way == "stock":
            options["freeze_param"] = [FROZEN]
        config.write_text(yaml.safe_dump(options), encoding="utf-8")
        started = time.perf_counter()
        with redirect_stdout(sys.stderr):
            train(config, way == "stock", threads)
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "extra_bytes": peak(), "peak_bytes": peak()}


def draw_upstream(folder: Path) -> None:
    """Write a wav2vec 2.0 with random weights, as the preflight leaves one. Hugging Face's defaults
    are those of wav2vec2-base: 94 M parameters.
    """
    import torch  # noqa: PLC0415
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model  # noqa: PLC0415

    torch.manual_seed(0)
    config = Wav2Vec2Config(mask_time_prob=0.0, layerdrop=0.0)
    Wav2Vec2Model(config).save_pretrained(folder)
    extractor: Any = Wav2Vec2FeatureExtractor
    extractor().save_pretrained(folder)


def write_speech(folder: Path, utterances: int) -> None:
    """Write noise and words, one batch of utterances."""
    random = np.random.default_rng(0)
    scp, text = [], []
    for number in range(utterances):
        path = folder / f"u{number}.wav"
        noise = random.integers(-3000, 3000, SECONDS * RATE, np.int16)
        soundfile.write(path, noise, RATE, subtype="PCM_16")
        scp.append(f"u{number} {path}\n")
        text.append(f"u{number} {' '.join(random.choice(list('abcd'), 8 * SECONDS))}\n")
    (folder / "wav.scp").write_text("".join(scp))
    (folder / "text").write_text("".join(text))
    write_tokens(folder)


def write_tokens(folder: Path) -> None:
    """Write what a training's labels are."""
    (folder / "tokens.txt").write_text("".join(f"{token}\n" for token in TOKENS))


def training(folder: Path, utterances: int) -> dict[str, Any]:
    """Return options that ESPnet's own task knows, as `conf/train` has them."""
    data = [
        [str(folder / "wav.scp"), "speech", "sound"],
        [str(folder / "text"), "text", "text"],
    ]
    shapes = [str(folder / "text")]
    upstream = {"upstream": "hf_wav2vec2_custom", "path_or_url": str(folder / "upstream")}
    return {
        "output_dir": str(folder / "exp"), "ngpu": 0, "num_workers": 0, "seed": 0,
        "encoder": None, "decoder": None, "specaug": None, "normalize": None, "init": None,
        "model_conf": {"ctc_weight": 1.0, "extract_feats_in_collect_stats": False},
        "frontend": "s3prl",
        "frontend_conf": {"frontend_conf": upstream, "multilayer_feature": False},
        "unused_parameters": True, "num_att_plot": 0, "use_tensorboard": False,
        "use_matplotlib": False, "keep_nbest_models": 1,
        "best_model_criterion": [["valid", "loss", "min"]],
        "token_type": "word", "token_list": str(folder / "tokens.txt"),
        "train_data_path_and_name_and_type": data, "train_shape_file": shapes,
        "valid_data_path_and_name_and_type": data, "valid_shape_file": shapes,
        "batch_type": "unsorted", "batch_size": utterances,
        "num_iters_per_epoch": UPDATES, "max_epoch": 1,
        "optim": "adam", "optim_conf": {"lr": 1e-5},
    }  # fmt: skip


def train(config: Path, is_stock: bool, threads: int) -> None:
    """Train as ESPnet does, or as we do."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(threads)
    if is_stock:
        from espnet2.tasks.asr import ASRTask as Task  # noqa: PLC0415
    else:
        from parp_espnet.espnet.task import PruningASRTask as Task  # noqa: PLC0415
    Task.main(cmd=["--config", str(config)])


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
