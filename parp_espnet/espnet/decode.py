"""Greedy CTC decoding of a whole data set in one process, and what a search needs instead of the
model.
"""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parp_espnet.data.kaldi import is_command
from parp_espnet.data.lines import read_lines
from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.errors import UserError
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.files import write_json, write_text
from parp_espnet.progress import bar
from parp_espnet.recognition.grid import RATE
from parp_espnet.recognition.listening import make_batches
from parp_espnet.recognition.transcripts import Phone, Transcript, ctm
from parp_espnet.sound.channels import mono
from parp_espnet.sound.errors import SoundError
from parp_espnet.sound.reader import open_sound

LOGPROBS = "logprobs.safetensors"


def decode(
    model_file: Path,
    data: Path,
    out: Path,
    batch_seconds: float | None = None,
    device: str = "cpu",
    keep_logprobs: bool = False,
) -> Path:
    """Write `out/text` ("utt p1 p2 …", sorted), `out/ctm` (when each phone was) and
    `out/decode.json` (how it went).

    Args:
        model_file: an ESPnet model beside its `config.yaml`.
        data: a Kaldi data directory; only `wav.scp` is read (16 kHz, mono).
        batch_seconds: audio in a batch, padding included; None is what suits the device.
        keep_logprobs: whether to leave `out/logprobs.safetensors` for a search; one hour takes 40
            MB with 60 tokens.

    Raises:
        UserError: a file is missing, damaged, or not what it should be.
    """
    wavs = read_wav_scp(data)
    recogniser = Recogniser(model_file, device)
    samples = {}
    for utterance, path in wavs.items():
        samples[utterance] = samples_in(utterance, path)
    hypotheses: dict[str, tuple[Phone, ...]] = {}
    logprobs: dict[str, NDArray[np.float32]] = {}
    started = time.perf_counter()
    with bar(len(wavs), f"decode {data.name}", unit="utt") as shown:
        for batch in make_batches(samples, recogniser.limit(batch_seconds)):
            audio = [read_samples(utterance, wavs[utterance]) for utterance in batch]
            for utterance, heard in zip(batch, recogniser.listen(audio), strict=True):
                hypotheses[utterance] = recogniser.phones(heard.labels, samples[utterance] / RATE)
                if keep_logprobs:
                    logprobs[utterance] = heard.logprobs
            shown.update(len(batch))
    seconds = time.perf_counter() - started
    timed, lines = [], []
    for utterance, phones in sorted(hypotheses.items()):
        timed.append(ctm(Transcript(utterance, samples[utterance] / RATE, phones)))
        lines.append(" ".join([utterance, *(phone.name for phone in phones)]) + "\n")
    write_text(out / "ctm", "".join(timed))
    if keep_logprobs:
        LogProbs(recogniser.tokens, logprobs).write(out / LOGPROBS)
    else:
        # A later search would take those of an earlier decoding for this one's.
        (out / LOGPROBS).unlink(missing_ok=True)
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
    write_text(out / "text", "".join(lines))
    return out / "text"


def read_wav_scp(data: Path) -> dict[str, Path]:
    """Read `wav.scp`. Raises `UserError` naming the line that is not "<utterance> <path>"."""
    lines = read_lines(data / "wav.scp", "no such file; expected a Kaldi data directory")
    wavs = {}
    for id_, line in lines.items():
        if not line.value or is_command(line.value):
            entry = f"{id_} {line.value}".strip()
            raise UserError(f"{line.where}: expected '<utterance> <path.wav>', found {entry!r}")
        wavs[id_] = Path(line.value)
    return wavs


def samples_in(utterance: str, path: Path) -> int:
    """Return how many samples an utterance has. Raises `UserError` unless it is 16 kHz mono."""
    try:
        with open_sound(path) as sound:
            frames = sound.frames()
    except SoundError as error:
        raise UserError(f"{utterance}: {path} cannot be read as audio ({error})") from None
    if sound.rate != RATE or sound.channels != 1:
        raise UserError(
            f"{utterance}: {path}: expected {RATE} Hz mono, found {sound.rate} Hz, "
            f"{sound.channels} channels"
        )
    return frames


def read_samples(utterance: str, path: Path) -> NDArray[np.float32]:
    """Return an utterance's samples in [-1, 1]. Raises `UserError` where they cannot be read."""
    try:
        with open_sound(path) as sound:
            return mono(sound.read())
    except SoundError as error:
        raise UserError(f"{utterance}: {path} cannot be read to its end ({error})") from None
