"""Where full scale is, by how samples are coded: not every code reaches 1."""

FULL = 32767 / 32768
"""The greatest sample of 16 bits, of a full scale of 1."""
_BY_SUBTYPE = {
    "PCM_S8": 127 / 128,
    "PCM_U8": 127 / 128,
    "DPCM_8": 127 / 128,
    "ULAW": 32124 / 32768,
    "ALAW": 32256 / 32768,
}
_EXACT = ("PCM_", "FLOAT", "DOUBLE", "ALAC_", "DPCM_", "DWVW_")
_LOSSY = 0.99
"""A codec that only resembles what it was given makes flat tops a little uneven."""


def full_scale(subtype: str) -> float:
    """Return the level at which, and beyond which, samples of a subtype of libsndfile's are at full
    scale.

    A "" means that ffmpeg has decoded it.
    """
    if subtype in _BY_SUBTYPE:
        return _BY_SUBTYPE[subtype]
    return FULL if subtype.startswith(_EXACT) else _LOSSY
