"""Which of a format's files are offered: those that the validation set tells to be the same
model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError
from parp_espnet.export.judged import hear, judge
from parp_espnet.export.runtimes import Runtime
from parp_espnet.export.speech import Samples, Speech, training_waves, validation_speech
from parp_espnet.export.trained import Trained

JUDGED_SECONDS = 1200.0
"""Of the validation set, so that judging takes minutes where it has hours."""

CALIBRATED = 48
"""Utterances of training."""


@dataclass(frozen=True)
class ForInt8:
    """What int8 needs: speech to calibrate it, and to judge it."""

    calibration: list[Samples]
    validation: Speech


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

    def judged(self, speech: Speech) -> list[str]:
        """Hear the validation set with each file, and remove what is another model; return what is
        to be said.
        """
        said = []
        tokens = self.trained.tokens
        fp32 = hear(self.runtime(self.files["fp32"]), speech, tokens)
        for precision, path in self.files.items():
            heard = hear(self.runtime(path), speech, tokens) if precision != "fp32" else fp32
            verdict = judge(speech, heard, fp32)
            if verdict.offered:
                said.append(f"{self._keep(precision, verdict.as_dict())}, {verdict}")
                continue
            said.append(f"{path.name} is not offered: {verdict}")
            for part in _parts(path):
                part.unlink()
        return said

    def _keep(self, precision: str, judged: dict[str, Any] | None) -> str:
        size, path = _bytes(self.files[precision]), self.files[precision]
        share = size / _bytes(self.files["fp32"])
        self.table[precision] = {"file": path.name, "bytes": size, "judged": judged}
        return f"{path.name}: {size / 1e6:.1f} MB, {share:.3f} of fp32's"


def _parts(path: Path) -> list[Path]:
    """The files of a model: OpenVINO's is two."""
    return [part for part in (path, path.with_suffix(".bin")) if part.exists()]


def _bytes(path: Path) -> int:
    return sum(part.stat().st_size for part in _parts(path))
