"""Runtimes that run an exported model: waves in, log-probabilities out, without torch."""

import functools
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parp_espnet.errors import UserError, describe
from parp_espnet.export.extras import need
from parp_espnet.files import need_file

Samples = NDArray[np.float32]


class Runtime(ABC):
    """A loaded model file."""

    def logprobs(self, audio: Sequence[Samples]) -> list[NDArray[np.float32]]:
        """Return natural logarithms, (frames, labels), of each utterance of a batch.

        Args:
            audio: samples in [-1, 1] at 16 kHz.
        """
        lengths = np.array([len(samples) for samples in audio], np.int64)
        waves = np.zeros((len(audio), int(lengths.max(initial=1))), np.float32)
        for row, samples in zip(waves, audio, strict=True):
            row[: len(samples)] = samples
        found, frames = self.run(waves, lengths)
        return [row[:count] for row, count in zip(found, frames.tolist(), strict=True)]

    @abstractmethod
    def run(
        self, waves: NDArray[np.float32], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return logarithms (utterances, frames, labels), and how many frames each has."""


class OnnxRuntime(Runtime):
    """onnxruntime on the CPU."""

    def __init__(self, model: Path, threads: int | None = None) -> None:
        """Load a file; `threads` is OMP_NUM_THREADS unless given, else one for each core.

        Raises `UserError` where onnxruntime is not installed, or refuses the file.
        """
        need_file(model, "no such file; expected the ONNX model that was exported with its folder")
        onnxruntime = need("onnxruntime", "onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or default_threads()
        options.inter_op_num_threads = 1
        # It warns of input_lengths, which is an initialiser that is an input on purpose.
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no base of their own
            raise UserError(f"{model}: expected an ONNX model ({describe(error)})") from None

    def run(
        self, waves: NDArray[np.float32], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """As `Runtime.run`."""
        logprobs, frames = self._session.run(
            ["logprobs", "frames"], {"input_values": waves, "input_lengths": lengths}
        )
        return logprobs, frames


class OpenVino(Runtime):
    """OpenVINO on the CPU, always in fp32 where a model is: its own choice, bf16 on some
    processors, is another model.
    """

    def __init__(self, model: Path, threads: int | None = None) -> None:
        """Load an .xml beside its .bin; `threads` as for `OnnxRuntime`.

        Raises `UserError` where openvino is not installed, or refuses the file.
        """
        core = _core()
        settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        need_file(model, "no such file; an OpenVINO model is a .xml and a .bin")
        wanted = threads or default_threads()
        if wanted:
            settings["INFERENCE_NUM_THREADS"] = str(wanted)
        try:
            self._model: Any = core.compile_model(str(model), "CPU", settings)
        except Exception as error:
            raise UserError(f"{model}: expected an OpenVINO model ({describe(error)})") from None

    def run(
        self, waves: NDArray[np.float32], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """As `Runtime.run`."""
        found = self._model({"input_values": waves, "input_lengths": lengths})
        return found["logprobs"], found["frames"]


@functools.cache
def _core() -> Any:
    """OpenVINO's core: one for the process, which ends with it.

    The first that compiles a model for the CPU gives the thread a stack for signal handlers, and
    takes it back at its end, with that of before in its place. Of two that overlap, the first that
    ends leaves a stack to the second one that is unmapped, and the next signal that Python handles,
    such as a child's end, is written there (openvino 2026.4.1).
    """
    return need("openvino", "openvino").Core()


def default_threads() -> int:
    """Threads that the environment asks for; 0, which runtimes take for all, where it does not."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() else 0
