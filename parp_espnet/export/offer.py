"""Which of a format's files are offered: those that the validation set tells to be the same
model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from parp_espnet.errors import UserError
from parp_espnet.export.judged import Judged, hear, judge
from parp_espnet.export.runtimes import Runtime
from parp_espnet.export.speech import Samples, Speech, training_waves, validation_speech
from parp_espnet.export.trained import Trained
from parp_espnet.scoring.alignment import Phones

JUDGED_SECONDS = 1200.0
"""Of the validation set, so that judging takes minutes where it has hours."""

CALIBRATED = 48
"""Utterances of training."""

IN_FLOAT = "convolutions_in_float"
"""What recogniser.json has of int8: how many of the first ones are."""


@dataclass(frozen=True)
class ForInt8:
    """What int8 needs: speech to calibrate it, and to judge it."""

    calibration: list[Samples]
    validation: Speech


class Int8(NamedTuple):
    """How a format makes int8: with so many convolutions in float."""

    make: Callable[[int], object]
    """Writes the file."""
    convolutions: Sequence[int]
    """From the fastest file to what is nearest to fp32."""


def speech_for(trained: Trained) -> ForInt8 | str:
    """Return the speech of an experiment, or why there is none."""
    try:
        return ForInt8(
            training_waves(trained, CALIBRATED), validation_speech(trained, JUDGED_SECONDS)
        )
    except UserError as error:
        return str(error)


@dataclass
class Offer:
    """Files of a format by their precision, fp32 first."""

    files: Mapping[str, Path]
    runtime: Callable[[Path], Runtime]
    trained: Trained
    table: dict[str, Any] = field(default_factory=dict)
    """What is offered: file, bytes, how it was judged."""

    def unjudged(self) -> list[str]:
        """Offer all, unheard; return what is to be said."""
        return [self._keep(precision, None) for precision in self.files]

    def judged(self, speech: Speech, int8: Int8) -> list[str]:
        """Hear the validation set with each file, and remove what is another model; return what is
        to be said.

        int8 is the fastest that is shown to be near fp32, or else what is nearest.
        """
        said = []
        fp32 = self._heard("fp32", speech)
        for precision, path in self.files.items():
            told = ""
            if precision == "int8":
                verdict, convolutions = self._fastest(int8, speech, fp32)
                told = f", convolutions in float: {convolutions}"
            else:
                heard = fp32 if precision == "fp32" else self._heard(precision, speech)
                verdict = judge(speech, heard, fp32)
            if verdict.offered:
                said.append(f"{self._keep(precision, verdict.as_dict())}{told}, {verdict}")
                if precision == "int8":
                    self.table[precision][IN_FLOAT] = convolutions
                continue
            said.append(f"{path.name} is not offered{told}: {verdict}")
            _remove(path)
        return said

    def _fastest(
        self, int8: Int8, speech: Speech, fp32: Mapping[str, Phones]
    ) -> tuple[Judged, int]:
        """Make the fastest int8 that is near; return how it was judged, and how many of its
        convolutions are in float.
        """
        for convolutions in int8.convolutions:
            # A runtime may still have the last one mapped into memory.
            _remove(self.files["int8"])
            int8.make(convolutions)
            verdict = judge(speech, self._heard("int8", speech), fp32)
            if verdict.near:
                break
        return verdict, convolutions

    def _heard(self, precision: str, speech: Speech) -> dict[str, Phones]:
        return hear(self.runtime(self.files[precision]), speech, self.trained.tokens)

    def _keep(self, precision: str, judged: dict[str, Any] | None) -> str:
        size, path = _bytes(self.files[precision]), self.files[precision]
        share = size / _bytes(self.files["fp32"])
        self.table[precision] = {"file": path.name, "bytes": size, "judged": judged}
        return f"{path.name}: {size / 1e6:.1f} MB, {share:.3f} of fp32's"


def _parts(path: Path) -> list[Path]:
    """The files of a model: OpenVINO's is two."""
    return [part for part in (path, path.with_suffix(".bin")) if part.exists()]


def _remove(path: Path) -> None:
    for part in _parts(path):
        part.unlink()


def _bytes(path: Path) -> int:
    return sum(part.stat().st_size for part in _parts(path))
