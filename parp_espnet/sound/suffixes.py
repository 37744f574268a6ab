"""What a file ends with that is a recording."""

from parp_espnet.sound.ffmpeg import SUFFIXES as FOR_FFMPEG

DECODED = (
    ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".aifc", ".au", ".snd",
    ".caf", ".w64", ".rf64",
    ".sph", ".wve", ".voc", ".mp2", ".bwf",
)  # fmt: skip
"""What libsndfile decodes."""
SUFFIXES = frozenset(DECODED) | FOR_FFMPEG
"""All that is looked for in a directory."""
