"""Recordings as stage 2 leaves them: 16 kHz, mono. ESPnet takes others for such, without a word."""

from pathlib import Path

import soundfile

from parp_espnet.data.lines import pairs_of
from parp_espnet.errors import UserError
from parp_espnet.files import lines_of, text_of
from parp_espnet.pipeline.formatting import RATE


def check_formatted(scp: Path, label: str) -> None:
    """Raise `UserError`, which begins with `label`, for a recording that is not 16 kHz mono."""
    for utterance, path in pairs_of(lines_of(text_of(scp))):
        try:
            sound = soundfile.info(path)
        except (OSError, soundfile.SoundFileError) as error:
            said = " ".join(str(error).split())
        else:
            if sound.samplerate == RATE and sound.channels == 1:
                continue
            said = f"{sound.samplerate} Hz, {sound.channels} channels"
        raise UserError(
            f"{label}: {utterance}: {path}: expected {RATE} Hz mono, as stage 2 leaves it, found "
            f"{said}; it has changed since: run stages 1 to 3 again"
        )
