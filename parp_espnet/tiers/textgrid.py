"""Praat's files (.TextGrid), read by praatio: its long and its short form, in UTF-8 or UTF-16."""

from collections.abc import Sequence
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.tiers.tier import Annotation, Tier, Tiers


def read_textgrid(path: Path) -> Tiers:
    """Read the tiers of intervals of a TextGrid; points in time are none.

    Raises:
        UserError: it is none, or in another form.
    """
    # It takes .1 s to import, and few need it.
    from praatio import textgrid  # noqa: PLC0415
    from praatio.utilities.errors import PraatioException  # noqa: PLC0415

    try:
        grid = textgrid.openTextgrid(
            str(path), includeEmptyIntervals=False, duplicateNamesMode="rename"
        )
    except UnicodeError:
        raise UserError(f"{path}: expected a TextGrid in UTF-8 or UTF-16, found neither") from None
    except (PraatioException, ValueError, LookupError, AttributeError):
        raise UserError(
            f"{path}: expected a TextGrid of Praat's, found another file, or a damaged one"
        ) from None
    tiers = []
    for tier in grid.tiers:
        if not isinstance(tier, textgrid.IntervalTier):
            continue
        annotations = [
            Annotation(float(begin), float(end), " ".join(text.split()))
            for begin, end, text in tier.entries
        ]
        tiers.append(Tier(tier.name, annotations, tier.name.partition("@")[2] or None))
    return Tiers(path, tiers)


def write_textgrid(tiers: Sequence[Tier], seconds: float) -> str:
    """Return a TextGrid in Praat's long form, of tiers of intervals in a recording of so many
    seconds; those between the annotations are empty.
    """
    end = f"{seconds:.4f}"
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, tier in enumerate(tiers, 1):
        intervals = _intervals(tier.annotations, end)
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f'        name = "{_quoted(tier.name)}"',
            "        xmin = 0",
            f"        xmax = {end}",
            f"        intervals: size = {len(intervals)}",
        ]
        for place, (begin, until, text) in enumerate(intervals, 1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {begin}",
                f"            xmax = {until}",
                f'            text = "{_quoted(text)}"',
            ]
    return "".join(f"{line}\n" for line in lines)


def _intervals(annotations: Sequence[Annotation], end: str) -> list[tuple[str, str, str]]:
    """Annotations with what lies between them, from 0 to `end`, times as they are written."""
    intervals: list[tuple[str, str, str]] = []
    at = f"{0:.4f}"
    for annotation in annotations:
        begin, until = f"{annotation.begin:.4f}", f"{annotation.end:.4f}"
        if begin != at:
            intervals.append((at, begin, ""))
        intervals.append((begin, until, annotation.text))
        at = until
    if at != end or not intervals:
        intervals.append((at, end, ""))
    return intervals


def _quoted(text: str) -> str:
    return text.replace('"', '""')
