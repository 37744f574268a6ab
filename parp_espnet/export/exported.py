"""A recogniser of what `--to onnx` and `--to openvino` wrote: without torch, which takes seconds
to import.
"""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.errors import UserError, describe
from parp_espnet.export.runtimes import OnnxRuntime, OpenVino, Runtime
from parp_espnet.files import read_json
from parp_espnet.recognition.grid import Grid
from parp_espnet.recognition.listening import Heard, Listener, Samples
from parp_espnet.upstreams.starts import RECOGNISER, RECOGNISER_FILES

RUNTIMES: dict[str, type[OnnxRuntime] | type[OpenVino]] = {
    "parp-espnet onnx 1": OnnxRuntime,
    "parp-espnet openvino 1": OpenVino,
}
"""Format → what runs it."""


def is_exported(path: Path) -> bool:
    """Whether a path is such a directory, or a model file in one."""
    folder = path.parent if path.suffix in RECOGNISER_FILES else path
    return (folder / RECOGNISER).is_file()


class ExportedRecogniser(Listener):
    """A model file in the runtime that it is for; an utterance gets in a batch what it gets
    alone.
    """

    def __init__(self, path: Path, device: str = "cpu", threads: int | None = None) -> None:
        """Open a directory, of which fp32 is taken, or a model file in it.

        Raises `UserError` where it is damaged, its runtime is not installed, or the device is not
        the CPU.
        """
        if device != "cpu":
            raise UserError(
                f"--device {device}: {path}: such models are run on the CPU here; take a bundle"
            )
        folder = path.parent if path.suffix in RECOGNISER_FILES else path
        beside = folder / RECOGNISER
        found = read_json(beside)
        try:
            kind = RUNTIMES[found["format"]]
            tokens = tuple(str(token) for token in found["tokens"])
            grid = Grid(int(found["grid"]["stride"]), int(found["grid"]["field"]))
            full = folder / str(found["files"]["fp32"]["file"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{beside}: expected what parp-export writes of a model ({describe(error)}); "
                f"export it again"
            ) from None
        self._runtime: Runtime = kind(full if path.is_dir() else path, threads)
        self.tokens = tokens
        self.grid = grid
        self.batchable = True

    def listen(self, audio: Sequence[Samples]) -> list[Heard]:
        """Return what is heard in each utterance; `audio` holds samples in [-1, 1] at 16 kHz."""
        return [Heard(row.argmax(1), row) for row in self._runtime.logprobs(audio)]
