"""Files that look like transcripts by their names, and hold more than what is said: times, tiers, a
program's marks.
"""

import json
import re
from collections.abc import Mapping, Sequence

_TEXT = "write the text of each recording to a .txt of its name"
_TABLE = "save it as a table, .csv or .tsv"
UNREAD: Mapping[str, str] = {
    **dict.fromkeys((".trs", ".cha", ".flextext", ".antx", ".exb"), _TEXT),
    **dict.fromkeys(
        (".phn", ".wrd", ".srt", ".vtt", ".ctm", ".stm", ".docx", ".doc", ".odt", ".rtf"), _TEXT
    ),
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".parquet", ".arrow", ".sqlite", ".numbers"), _TABLE),
}
"""What to do about files of kinds that people have and that are not read, by their endings."""

_TIMES = re.compile(r"\s*(\d+(?:\.\d+)?)[\s,;]+(\d+(?:\.\d+)?)(?:[\s,;]+\S.*)?")
_LEAST_SAMPLES = 100
"""A text may begin with two numbers, and so may its lines; times are seconds with a point, or go to
thousands.
"""
_BEGINNINGS: Mapping[str, str] = {
    'file type = "ootextfile': "a TextGrid of Praat",
    '"ootextfile': "a TextGrid of Praat",
    "{\\rtf": "a file of a word processor (RTF)",
    "<?xml": "XML",
    "<!doctype": "a web page",
    "<html": "a web page",
    "webvtt": "subtitles",
    "@utf8": "a transcript of CHAT",
    "@begin": "a transcript of CHAT",
    "\\_sh ": "a file of Toolbox",
}


def what_it_holds(lines: Sequence[str]) -> str:
    """Return what a transcript, by its lines, is that is more than a text, in a few words; "" where
    it is a text.
    """
    if not lines:
        return ""
    begin = lines[0].strip().lower()
    for words, what in _BEGINNINGS.items():
        if begin.startswith(words):
            return what
    if any(re.search(r"\d\s*-->\s*\d", line) for line in lines[:3]):
        return "subtitles"
    if begin.startswith(("{", "[{")) and _is_json("\n".join(lines)):
        return "JSON"
    return _labels(lines)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _labels(lines: Sequence[str]) -> str:
    """Labels with times, as HTK, TIMIT, WaveSurfer and Audacity write them: times never go back."""
    times: list[tuple[float, float]] = []
    for line in lines:
        label = _TIMES.fullmatch(line)
        if label is None:
            return ""
        begin, end = float(label[1]), float(label[2])
        if begin > end or (times and begin < times[-1][0]):
            return ""
        times.append((begin, end))
    many = times[-1][1] >= _LEAST_SAMPLES and (len(times) > 1 or times[0][0] == 0)
    is_sure = "." in lines[0].split()[0] or many
    shown = " ".join(lines[0].split())[:40]
    return f"labels with times ({shown})" if is_sure else ""
