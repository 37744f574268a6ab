"""More memory or time for a job that needs it."""

import re


def more_memory(text: str) -> str | None:
    """Return twice as much as `4G`, or None where `text` is no amount."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", text)
    if match is None or float(match[1]) == 0:
        return None
    return f"{2 * float(match[1]):g}{match[2]}"


def more_time(text: str) -> str | None:
    """Return twice as long as a time in Slurm's spelling (`90`, in minutes, `1:30:00`, `2-12`), or
    None.
    """
    match = re.fullmatch(r"(?:(\d+)-)?(\d+(?::\d+){0,2})", text)
    if match is None:
        return None
    parts = list(map(int, match[2].split(":")))
    # A part alone is minutes; behind days, the parts begin with hours.
    units = (3600, 60, 1) if match[1] else {1: (60,), 2: (60, 1), 3: (3600, 60, 1)}[len(parts)]
    seconds = 86400 * int(match[1] or 0)
    for part, unit in zip(parts, units, strict=False):
        seconds += part * unit
    seconds *= 2
    if seconds == 0:
        return None
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}-{clock}" if days else clock
