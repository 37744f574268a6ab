"""What libsndfile has to be able to decode."""

from pathlib import Path

import soundfile

from parp_espnet.errors import UserError
from parp_espnet.sound.ffmpeg import find_ffmpeg

NO_MP3 = (
    f"this libsndfile ({soundfile.__libsndfile_version__}) decodes no mp3, and there is no ffmpeg "
    f"on PATH; expected "
    "libsndfile 1.1 or later: pip install --upgrade soundfile, which brings one"
)


def lacks_mp3(path: Path) -> bool:
    """Whether a recording is an mp3 by its name, and this libsndfile is one that decodes none
    (before 1.1).
    """
    return path.suffix.lower() == ".mp3" and "MP3" not in soundfile.available_formats()


def need_mp3() -> None:
    """Raise `UserError` if nothing here decodes mp3."""
    if lacks_mp3(Path("x.mp3")) and find_ffmpeg() is None:
        raise UserError(NO_MP3)
