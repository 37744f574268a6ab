"""What the options of `phn.sh` say of noise and rooms: refused where it cannot be, before anything
runs.
"""

import re
from pathlib import Path

from parp_espnet.data.kaldi import is_command
from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.pipeline.settings import Settings
from parp_espnet.sound.errors import SoundError

RATE = 16000
CONTAINERS = ("WAV", "WAVEX", "RF64", "FLAC")
"""ESPnet reads them by libsndfile, and by seeking."""
LOWEST, HIGHEST = -40, 100
"""Decibels. Noise of a hundred times the speech's amplitude leaves nothing of it; 16 bits have 96
decibels from their loudest to their quietest, so that noise beyond is none.
"""
_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})(?:_({_NUMBER}))?")


def check_noise(settings: Settings) -> None:
    """Raise `UserError` where an option changes nothing, or a range is none."""
    needs = {
        "noise_apply_prob": "noise_scp",
        "noise_db_range": "noise_scp",
        "rir_apply_prob": "rir_scp",
    }
    for name, other in needs.items():
        value = getattr(settings, name)
        if value is not None and getattr(settings, other) is None:
            raise UserError(f"phn.sh: --{name} {value} changes nothing without --{other}")
        if value == 0:
            raise UserError(f"phn.sh: --{other} changes nothing with --{name} 0")
    if settings.disturbing_lists and settings.updates == 0:
        name = "rir_scp" if settings.noise_scp is None else "noise_scp"
        raise UserError(
            f"phn.sh: --{name} changes nothing with --updates 0: nothing is trained on it"
        )
    given = settings.noise_db_range
    if given is not None and not _is_range(given):
        raise UserError(
            f"phn.sh: --noise_db_range {given}: expected LOW_HIGH in dB, such as 5_20, LOW no more "
            f"than HIGH, both from {LOWEST} to {HIGHEST}"
        )


def _is_range(given: str) -> bool:
    match = _RANGE.fullmatch(given)
    if match is None:
        return False
    low, high = float(match[1]), float(match[2] or match[1])
    return LOWEST <= low <= high <= HIGHEST


def check_noise_files(settings: Settings) -> None:
    """Raise `UserError` where a recording of a list is not there, or not as ESPnet takes it as it
    is: it is neither resampled nor decoded.

    Args:
        settings: with their paths as the recipe's directory sees them.
    """
    if settings.dry_run:
        return
    for name in ("noise_scp", "rir_scp"):
        scp = getattr(settings, name)
        if scp is not None:
            _check_list(f"phn.sh: --{name}", scp, settings.recipe)


def _check_list(option: str, scp: Path, recipe: Path) -> None:
    from parp_espnet.sound.reader import open_sound  # noqa: PLC0415  # NumPy

    try:
        # ESPnet takes an empty line for a recording, too.
        table = read_table(recipe / scp, blank=False)
    except UserError as error:
        raise UserError(f"{option}: {error}") from None
    said = f"{option} {scp}"
    for key, value in table.items():
        if not value or is_command(value):
            raise UserError(f"{said}: {key}: expected lines 'NAME FILE', found {value!r}")
        file = recipe / value
        if not file.is_file():
            raise UserError(f"{said}: {key}: {value}: no such file, from {recipe}")
        try:
            with open_sound(file) as sound:
                found = f"{sound.form} of {sound.rate} Hz"
                is_fit = sound.rate == RATE and sound.form in CONTAINERS and sound.frames() > 0
        except SoundError as error:
            raise UserError(f"{said}: {key}: cannot read {error}") from None
        if not is_fit:
            raise UserError(
                f"{said}: {key}: {value}: expected a wav or flac of {RATE} Hz, found {found}"
            )
