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
            about = soundfile.info(path)
            found = f"{about.samplerate} Hz, {about.channels} channels"
            as_wanted = about.samplerate == RATE and about.channels == 1
        except (OSError, soundfile.SoundFileError) as error:
            found, as_wanted = " ".join(str(error).split()), False
        if not as_wanted:
            raise UserError(
                f"{label}: {utterance}: {path}: expected {RATE} Hz mono, as stage 2 "
                f"leaves it, found {found}; "
                "it has changed since: run stages 1 to 3 again"
            )
