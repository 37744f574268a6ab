"""The sparse format as a directory: model, configuration, tokens, mask, and what reads it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.export import read_sparse
from parp_espnet.export.card import Facts, write_card
from parp_espnet.export.formats import Options
from parp_espnet.export.judged import hear, judge, tokens_in
from parp_espnet.export.model import CtcModel, filled
from parp_espnet.export.offer import JUDGED_SECONDS
from parp_espnet.export.runtimes import Runtime
from parp_espnet.export.sparse import Array, floor_bytes, halved, load_sparse, save_sparse
from parp_espnet.export.speech import validation_speech
from parp_espnet.export.test_set import Compared, compare, find_test_set
from parp_espnet.export.trained import Trained
from parp_espnet.export.waves import WaveModel
from parp_espnet.files import write_json, write_text

WEIGHTS = "model.sparse.safetensors"
READER = "read_sparse.py"


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write a model, fp16 unless fp32 is asked for, and compare what it hears with stage 12.

    Raises `UserError` where a weight is too large for fp16.
    """
    weights = {name: tensor.numpy() for name, tensor in trained.weights().items()}
    dense = sum(tensor.nbytes for tensor in weights.values())
    stored = halved(weights) if options.sparse_dtype == "fp16" else weights
    save_sparse(folder / WEIGHTS, stored, _told(trained, options))
    write_json(folder / "config.json", trained.upstream | {"vocab_size": len(trained.tokens)})
    write_json(folder / "preprocessor_config.json", trained.preprocessor)
    write_text(folder / "tokens.txt", "".join(f"{token}\n" for token in trained.tokens))
    shutil.copyfile(read_sparse.__file__, folder / READER)
    if trained.fitting_mask is not None:
        shutil.copyfile(trained.fitting_mask, folder / "mask.safetensors")
    facts = Facts("sparse", dtype=options.sparse_dtype, compared=_compare(trained, folder, options))
    write_card(trained, folder, facts, options)
    size = (folder / WEIGHTS).stat().st_size
    said = [
        f"{WEIGHTS}: {options.sparse_dtype}, {size / 1e6:.2f} MB, "
        f"{size / dense:.3f} of dense fp32, {size / floor_bytes(stored):.3f} of the entropy",
        facts.told_of_tokens,
    ]
    if options.sparse_dtype == "fp16":
        said.append(_judge(trained, weights, folder))
    return said


def _told(trained: Trained, options: Options) -> dict[str, str]:
    """What the file says of itself."""
    told = {
        "model": trained.name,
        "dtype": options.sparse_dtype,
        "sparsity": f"{trained.sparsity:.9f}",
        "class": trained.family.model_class,
    }
    if trained.mask_sha256 is not None:
        told["mask_sha256"] = trained.mask_sha256
    return told


class TorchRuntime(Runtime):
    """Weights in transformers' own class, as other runtimes hear."""

    def __init__(self, trained: Trained, weights: Mapping[str, Array]) -> None:
        """Take weights by the names of Hugging Face's class with a CTC head."""
        tensors: dict[str, Tensor] = {}
        for name, tensor in weights.items():
            tensors[name] = torch.from_numpy(tensor).float()
        plain: Any = filled(trained.family, trained.upstream, tensors, str(trained.folder))
        model = CtcModel(plain, trained.do_normalize, trained.epsilon)
        self._model = WaveModel(model).eval()

    @torch.inference_mode()
    def run(
        self, waves: NDArray[np.float32], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """As `Runtime.run`."""
        logprobs, frames = self._model(torch.from_numpy(waves), torch.from_numpy(lengths))
        return logprobs.numpy(), frames.numpy()


def _compare(trained: Trained, folder: Path, options: Options) -> Compared | None:
    """Read what was written, and compare what it hears, which fp16 may change, with stage 12."""
    tests = find_test_set(trained, options.data)
    if tests is None:
        return None
    runtime = TorchRuntime(trained, load_sparse(folder / WEIGHTS))
    return compare(tests, lambda samples: tokens_in(runtime, samples, trained.tokens))


def _judge(trained: Trained, full: Mapping[str, Array], folder: Path) -> str:
    """What halves cost on the validation set, in words."""
    try:
        speech = validation_speech(trained, JUDGED_SECONDS)
    except UserError as error:
        return f"what fp16 costs was not measured: {error}"
    fp32 = hear(TorchRuntime(trained, full), speech, trained.tokens)
    half = hear(TorchRuntime(trained, load_sparse(folder / WEIGHTS)), speech, trained.tokens)
    return f"fp16: {judge(speech, half, fp32)}"
