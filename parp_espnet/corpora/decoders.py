"""What libsndfile has to be able to decode."""

from pathlib import Path

import soundfile

from parp_espnet.errors import UserError


def need_mp3(where: str = "") -> None:
    """Raise `UserError`, which begins with `where`, if this libsndfile is one that does not decode mp3 (before 1.1)."""
    if "MP3" not in soundfile.available_formats():
        raise UserError(
            f"{where}this libsndfile ({soundfile.__libsndfile_version__}) decodes no mp3; expected 1.1 or later: "
            "pip install --upgrade soundfile, which brings one"
        )


def need_decoder(path: Path) -> None:
    """Raise `UserError` where this libsndfile cannot decode what a recording's name says that it is.

    The recording is not at fault then, and neither are a thousand others like it.
    """
    if path.suffix.lower() == ".mp3":
        need_mp3(f"{path}: ")
