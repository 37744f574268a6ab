"""Kaldi data directories as espnet3 takes them."""

from pathlib import Path
from typing import Any

from espnet3.components.data.base_dataset import BaseDataset  # type: ignore[import-untyped]
from espnet3.contract import Field  # type: ignore[import-untyped]

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.files import write_text
from parp_espnet.recognition.audio import RATE, read

LENGTHS = "speech_shape"


class KaldiDataset(BaseDataset):  # type: ignore[misc]  # espnet3 is untyped
    """Speech at 16 kHz, and its phones, of a data directory; sorted by the utterances' ids."""

    fields = (Field("speech", "audio"), Field("text", "text"))

    def __init__(self, path: str) -> None:
        """Raises `UserError` where the directory is damaged."""
        self.utterances = read_data_dir(Path(path))

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> dict[str, Any]:
        utterance = self.utterances[index]
        return {"speech": read(Path(utterance.wav)), "text": " ".join(utterance.phones)}


def write_lengths(path: Path) -> None:
    """Write the samples of each utterance, by the numbers that espnet3 calls them, for batches of
    like length.
    """
    lines = []
    for number, utterance in enumerate(read_data_dir(path)):
        lines.append(f"{number} {round(utterance.duration * RATE)}\n")
    write_text(path / LENGTHS, "".join(lines))
