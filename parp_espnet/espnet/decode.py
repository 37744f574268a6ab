"""Greedy CTC decoding of a whole data set in one process, and what a search needs instead of the model."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor

from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.errors import UserError
from parp_espnet.espnet.checkpoints import load_model_state
from parp_espnet.espnet.frames import hf_upstream
from parp_espnet.espnet.greedy import collapse
from parp_espnet.espnet.task import PruningASRTask
from parp_espnet.files import write_json, write_text
from parp_espnet.progress import bar
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.settings import PruneSettings

RATE = 16000
LOGPROBS = "logprobs.safetensors"
SHORTEST = RATE // 4  # s3prl fails on an utterance of a few frames; silence is added


def decode(
    model_file: Path,
    data: Path,
    out: Path,
    batch_seconds: float = 60.0,
    device: str = "cpu",
    keep_logprobs: bool = False,
) -> Path:
    """Write `out/text` ("utt p1 p2 …", sorted) and `out/decode.json` (times in seconds, how it was decoded).

    Args:
        model_file: an ESPnet model beside its `config.yaml`.
        data: a Kaldi data directory; only `wav.scp` is read (16 kHz, mono).
        batch_seconds: audio in a batch, padding included.
        keep_logprobs: whether to leave `out/logprobs.safetensors` for a search; one hour takes 40 MB with 60 tokens.

    Raises:
        UserError: a file is missing, damaged, or not what it should be.
    """
    wavs = read_wav_scp(data)
    recogniser = Recogniser(model_file, device)
    limit = int(batch_seconds * RATE) if recogniser.batchable else 0
    samples = {utterance: _samples_in(utterance, path) for utterance, path in wavs.items()}
    hypotheses: dict[str, list[str]] = {}
    logprobs: dict[str, np.ndarray] = {}
    started = time.perf_counter()
    with bar(len(wavs), f"decode {data.name}", unit="utt") as shown:
        for batch in make_batches(samples, limit):
            audio = [_read(utterance, wavs[utterance]) for utterance in batch]
            for utterance, heard in zip(batch, recogniser.listen(audio), strict=True):
                hypotheses[utterance] = heard.tokens
                if keep_logprobs:
                    logprobs[utterance] = heard.logprobs
            shown.update(len(batch))
    seconds = time.perf_counter() - started
    write_text(out / "text", "".join(f"{' '.join([key, *hypotheses[key]])}\n" for key in sorted(hypotheses)))
    if keep_logprobs:
        LogProbs(recogniser.tokens, logprobs).write(out / LOGPROBS)
    summary = {
        "decoding": "greedy",
        "model": str(model_file),
        "dataset": data.name,
        "utterances": len(wavs),
        "audio_seconds": sum(samples.values()) / RATE,
        "decode_seconds": seconds,
        "batched": recogniser.batchable,
        "sparsity_measured": recogniser.sparsity,
    }
    write_json(out / "decode.json", summary)
    return out / "text"


@dataclass(frozen=True)
class Heard:
    """What a model says of an utterance."""

    tokens: list[str]
    """Of the best path."""
    logprobs: np.ndarray
    """Natural logarithms, (frames, tokens), float32."""


class Recogniser:
    """An ESPnet model with an s3prl frontend and a CTC head, loaded as strictly as can be."""

    def __init__(self, model_file: Path, device: str = "cpu") -> None:
        config = model_file.parent / "config.yaml"
        if not config.exists():
            raise UserError(f"{config}: no such file; expected the training configuration beside the model")
        states = load_model_state(model_file)
        # ESPnet loads with strict=False, which would run the untuned weights if the names were off.
        model, args = PruningASRTask.build_model_from_file(config, None, device)
        model.load_state_dict(states, strict=True)
        self._model: Any = model.to(dtype=torch.float32).eval()
        self.tokens: tuple[str, ...] = tuple(args.token_list)
        self._pruning = PruneSettings.parse(getattr(args, "prune_conf", None))
        self._upstream = hf_upstream(model)
        self._device = device

    @property
    def batchable(self) -> bool:
        """Whether an utterance gets in a batch what it gets alone: a group norm sees the padding."""
        return getattr(getattr(self._upstream, "config", None), "feat_extract_norm", None) == "layer"

    @property
    def sparsity(self) -> float:
        """Fraction of the pool that is zero."""
        pool: dict[str, Tensor] = self._pruning.find_pool(dict(self._model.named_parameters()))
        return 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())

    @torch.no_grad()
    def listen(self, audio: Sequence[np.ndarray]) -> list[Heard]:
        """Return what is heard in each utterance; `audio` holds float32 samples in [-1, 1] at 16 kHz."""
        lengths = torch.tensor([len(samples) for samples in audio])
        speech = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(samples) for samples in audio], batch_first=True)
        encoded, frames = self._model.encode(speech.to(self._device), lengths.to(self._device))
        best = self._model.ctc.argmax(encoded).cpu()
        logprobs = self._model.ctc.log_softmax(encoded).cpu().numpy()
        return [
            Heard([self.tokens[token] for token in collapse(path[:count].tolist())], of_all[:count])
            for path, of_all, count in zip(best, logprobs, frames.tolist(), strict=True)
        ]


def make_batches(samples: Mapping[str, int], limit: int) -> list[list[str]]:
    """Group utterances of like length, longest first.

    A padded batch holds at most `limit` samples, or one utterance.
    """
    batches: list[list[str]] = []
    for utterance in sorted(samples, key=lambda key: (-samples[key], key)):
        if batches and (len(batches[-1]) + 1) * samples[batches[-1][0]] <= limit:
            batches[-1].append(utterance)
        else:
            batches.append([utterance])
    return batches


def read_wav_scp(data: Path) -> dict[str, Path]:
    """Read `wav.scp`. Raises `UserError` naming the line that is not "<utterance> <path>"."""
    scp = data / "wav.scp"
    if not scp.is_file():
        raise UserError(f"{scp}: no such file; expected a Kaldi data directory")
    wavs = {}
    for number, line in enumerate(scp.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split(maxsplit=1)
        if len(fields) != 2 or fields[1].endswith("|"):
            raise UserError(f"{scp}:{number}: expected '<utterance> <path.wav>', found {line!r}")
        wavs[fields[0]] = Path(fields[1].strip())
    if not wavs:
        raise UserError(f"{scp}: expected utterances, found none")
    return wavs


def _samples_in(utterance: str, path: Path) -> int:
    try:
        info = soundfile.info(path)
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError(f"{utterance}: {path} cannot be read as audio ({error})") from None
    if info.samplerate != RATE or info.channels != 1:
        raise UserError(
            f"{utterance}: {path}: expected {RATE} Hz mono, found {info.samplerate} Hz, {info.channels} channels"
        )
    return int(info.frames)


def _read(utterance: str, path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float32")
    return np.pad(samples, (0, max(0, SHORTEST - len(samples))))
