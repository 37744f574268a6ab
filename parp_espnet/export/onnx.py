"""ONNX: one file with raw 16 kHz in and the normalisation inside, for onnxruntime and sherpa-onnx.

`input_values` (utterances, samples) and `input_lengths` (utterances,), which may be left out: then
all samples count. `logprobs` (utterances, frames, labels) and `frames` (utterances,) come out. Any
length, any number of utterances; padding is not seen. The exporter is torch's older one, which
needs no package beside onnx; the opset is `OPSET`.
"""

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from parp_espnet.decoding.label_prior import FILE as LABEL_PRIOR
from parp_espnet.errors import UserError
from parp_espnet.export.card import Facts, write_card
from parp_espnet.export.exported import ExportedRecogniser
from parp_espnet.export.extras import need
from parp_espnet.export.formats import Options
from parp_espnet.export.model import ctc_module
from parp_espnet.export.offer import Int8, Offer, speech_for
from parp_espnet.export.quantise import (
    convolutions_in_float,
    half,
    int8_dynamic,
    int8_static,
)
from parp_espnet.export.quiet import quiet
from parp_espnet.export.runtimes import OnnxRuntime, Runtime
from parp_espnet.export.test_set import compare, find_test_set
from parp_espnet.export.trained import Trained
from parp_espnet.export.waves import WaveModel
from parp_espnet.files import write_json, write_text
from parp_espnet.phones.spelled import SPACE, holds_words
from parp_espnet.recognition.listening import SHORTEST
from parp_espnet.upstreams.starts import RECOGNISER

OPSET = 17
EXPORTER = f"torch {torch.__version__}, torch.onnx.export(dynamo=False)"
INPUTS = ("input_values", "input_lengths")
OUTPUTS = ("logprobs", "frames")
AXES = {
    "input_values": {0: "batch", 1: "samples"},
    "input_lengths": {0: "batch"},
    "logprobs": {0: "batch", 1: "frames"},
    "frames": {0: "batch"},
}
FORMAT = "parp-espnet onnx 1"
FILES = {
    "fp32": "model.onnx",
    "fp16": "model.fp16.onnx",
    "int8": "model.int8.onnx",
    "int8_dynamic": "model.int8_dynamic.onnx",
}
MOST_BYTES = 2_000_000_000
"""What one protobuf holds, 2 GiB, less room for the graph."""

NEAR = 1e-3
"""Log-probabilities that differ by more are another model's; 2e-5 is what is usual."""

NOISE = ((SHORTEST // 2,), (7 * SHORTEST, 2 * SHORTEST, 5 * SHORTEST))
"""Samples of the utterances of two batches that are compared."""

LEAST_EQUAL = 0.5
"""Below this share of utterances with stage 12's tokens it is another model, by some defect."""

BLANK = "<blk>"
DROPPED = "SIL"


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write model.onnx, and files of less precision as far as the validation set offers them, with
    tokens.txt; return what is to be said.

    Raises `UserError` where onnx or onnxruntime is not installed, or the model is too large.
    """
    need("onnx", "onnx")
    need("onnxruntime", "onnx")
    files = {precision: folder / name for precision, name in FILES.items()}
    export_onnx(trained, files["fp32"])
    half(files["fp32"], files["fp16"])
    difference = largest_difference(trained, files["fp32"])
    said = [
        f"model.onnx: opset {OPSET}, log-probabilities within {difference:.1e} of torch's",
        *sherpa_notes(trained),
    ]
    speech = speech_for(trained)
    if isinstance(speech, str):
        offer = Offer({"fp32": files["fp32"], "fp16": files["fp16"]}, OnnxRuntime, trained)
        said.append(f"int8 is left out: it is calibrated and judged on speech, and {speech}")
        said += offer.unjudged()
    else:
        int8_dynamic(files["fp32"], files["int8_dynamic"])
        calibrated = partial(int8_static, files["fp32"], files["int8"], speech.calibration)
        int8 = Int8(calibrated, convolutions_in_float(files["fp32"]))
        offer = Offer(files, OnnxRuntime, trained)
        said += offer.judged(speech.validation, int8)
    write_text(folder / "tokens.txt", tokens_table(trained.tokens))
    write_json(folder / RECOGNISER, recogniser(trained, FORMAT, offer.table))
    return said + introduce("onnx", trained, folder, options)


def introduce(form: str, trained: Trained, folder: Path, options: Options) -> list[str]:
    """Put what parp-align needs beside what was written, compare that with stage 12, and write its
    card; return what is to be said.

    Raises `UserError` where most utterances have other tokens.
    """
    if (trained.folder / LABEL_PRIOR).is_file():
        shutil.copyfile(trained.folder / LABEL_PRIOR, folder / LABEL_PRIOR)
    compared = None
    tests = find_test_set(trained, options.data)
    if tests is not None:
        compared = compare(tests, ExportedRecogniser(folder).names)
        if compared.equal < LEAST_EQUAL * compared.utterances:
            raise UserError(
                f"{trained.folder}: as {form} it is another model: only {compared.told}; are its "
                f"packages newer than tested?"
            )
    facts = Facts(form, compared=compared)
    write_card(trained, folder, facts, options)
    return [facts.told_of_tokens]


def export_onnx(trained: Trained, path: Path, default_lengths: bool = True) -> None:
    """Write the fp32 model. Raises `UserError` where it is too large.

    Args:
        default_lengths: whether `input_lengths` may be left out.
    """
    size = 4 * sum(tensor.numel() for tensor in trained.states.values())
    if size > MOST_BYTES:
        raise UserError(
            f"{trained.folder}: expected at most {MOST_BYTES / 1e9:.0f} GB of weights, which is "
            f"what an ONNX file holds, found {size / 1e9:.1f}; take --to bundle (no --onnx) or hf"
        )
    write_onnx(WaveModel(ctc_module(trained)), path, metadata(trained), default_lengths)


def write_onnx(
    model: WaveModel, path: Path, told: Mapping[str, str], default_lengths: bool = True
) -> None:
    """Write a model, and what its file says of itself."""
    onnx = need("onnx", "onnx")
    waves = 0.1 * torch.randn(2, 4 * SHORTEST, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([4 * SHORTEST, 3 * SHORTEST])
    with quiet():
        torch.onnx.export(
            model.eval(),
            (waves, lengths),
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=AXES,
            opset_version=OPSET,
            dynamo=False,
        )
    written = onnx.load(str(path))
    if default_lengths:
        none = onnx.numpy_helper.from_array(np.zeros(1, np.int64), "input_lengths")
        written.graph.initializer.append(none)
    for key, value in told.items():
        entry = written.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(written, str(path))


def metadata(trained: Trained) -> dict[str, str]:
    """What an ONNX file says of itself."""
    told = {
        "model_type": trained.family.model_type,
        "model": trained.name,
        "vocab_size": str(len(trained.tokens)),
        "sample_rate": "16000",
        "frame_shift_samples": str(trained.frame_shift),
        "blank_id": "0",
        "normalize_samples": str(int(trained.do_normalize)),
        "normalization": "inside the model" if trained.do_normalize else "none",
        "opset": str(OPSET),
        "exporter": EXPORTER,
        "sparsity": f"{trained.sparsity:.6f}",
    }
    if trained.mask_sha256 is not None:
        told["mask_sha256"] = trained.mask_sha256
    return told


def recogniser(trained: Trained, form: str, files: dict[str, Any]) -> dict[str, Any]:
    """What `parp-recognize` needs beside a model file."""
    return {
        "format": form,
        "experiment": trained.name,
        "tokens": list(trained.tokens),
        "grid": {"stride": trained.grid.stride, "field": trained.grid.field},
        "do_normalize": trained.do_normalize,
        "sparsity": trained.sparsity,
        "opset": OPSET,
        "exporter": EXPORTER,
        "files": files,
    }


def tokens_table(tokens: tuple[str, ...]) -> str:
    """The `tokens.txt` with which sherpa-onnx spells as our texts do: a space before each phone,
    where the tokens are phones; the space's own, where they are letters or
    subwords.
    """
    letters = holds_words(tokens)
    lines = [f"{BLANK} 0"]
    for number, token in enumerate(tokens[1:], 1):
        if token == SPACE:
            spelled = "▁"
        else:
            spelled = token if letters or token.startswith("<") else f"▁{token}"
        lines.append(f"{spelled} {number}")
    return "\n".join(lines) + "\n"


def sherpa_notes(trained: Trained) -> list[str]:
    """What sherpa-onnx cannot do as we do."""
    notes = []
    if not trained.do_normalize:
        notes.append(
            "sherpa-onnx always normalises samples, which this model was not trained with: use "
            "onnxruntime"
        )
    if DROPPED in trained.tokens:
        notes.append(f"sherpa-onnx leaves {DROPPED} out of its texts")
    return notes


def largest_difference(trained: Trained, path: Path) -> float:
    """Return by how much log-probabilities of noise differ from torch's, in two batches.

    Raises `UserError` where the file is another model.
    """
    largest = difference_of(WaveModel(ctc_module(trained)).eval(), OnnxRuntime(path))
    if not largest <= NEAR:
        raise UserError(
            f"{trained.folder}: log-probabilities of the ONNX model differ by {largest:.2g} from "
            f"torch's, expected at most {NEAR}: nothing is written"
        )
    return largest


def difference_of(model: WaveModel, runtime: Runtime) -> float:
    """Return by how much a runtime's log-probabilities differ from torch's."""
    largest = 0.0
    generator = torch.Generator().manual_seed(1)
    for lengths in NOISE:
        audio = [0.1 * torch.randn(count, generator=generator) for count in lengths]
        batch = torch.nn.utils.rnn.pad_sequence(audio, batch_first=True)
        with torch.inference_mode():
            expected, frames = model(batch, torch.tensor(lengths))
        found = runtime.logprobs([samples.numpy() for samples in audio])
        for row, count, own in zip(expected, frames.tolist(), found, strict=True):
            largest = max(largest, float(np.abs(row[:count].numpy() - own).max()))
    return largest
