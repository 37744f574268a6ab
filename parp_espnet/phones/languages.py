"""Languages that eSpeak NG speaks, beyond those of the project: which there are, by which codes.

Of these the project has no inventory, knows no script, and has heard nobody: the phones are what
eSpeak NG prints, cleaned by the rules of `parp_espnet.phones.ipa`.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import espeakng_loader

SAME: Mapping[str, str] = {
    "cmn": "zh",
    "zh-cmn": "zh",
    "en-us": "en",
    "fr-fr": "fr",
}
"""Codes of eSpeak NG's for voices that the project calls otherwise."""
_NEAREST = 5
_USUAL_RANK = 5
"""Of a voice for a language where its file says none."""


@dataclass(frozen=True)
class _Voice:
    """A voice: the file that it is, what English calls the language, and the codes of it, each with
    how good a voice it is for that: the lower, the better.
    """

    file: str
    english: str
    codes: Mapping[str, int]


@cache
def voices() -> Mapping[str, str]:
    """Return eSpeak NG's name of a voice by each code that it knows for a language, in lower case.

    One whose dictionary was not shipped is left out: it would read every word letter by letter.
    """
    best: dict[str, tuple[int, str]] = {}
    for voice in _voices():
        for code, rank in voice.codes.items():
            best[code] = min(best.get(code, (rank, voice.file)), (rank, voice.file))
    return {code: name for code, (_, name) in sorted(best.items())}


@cache
def _voices() -> tuple[_Voice, ...]:
    data = Path(espeakng_loader.get_data_path())
    found: list[_Voice] = []
    for file in sorted((data / "lang").rglob("*")):
        if not file.is_file():
            continue
        told = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
        codes: dict[str, int] = {}
        names: dict[str, str] = {}
        for entry in told:
            if len(entry) > 1 and entry[0] == "language":
                codes[entry[1].lower()] = int(entry[2]) if len(entry) > 2 else _USUAL_RANK
            elif len(entry) > 1:
                names.setdefault(entry[0], " ".join(entry[1:]))
        usual = next(iter(codes), file.name).partition("-")[0]
        if (data / f"{names.get('dictionary', usual).lower()}_dict").is_file():
            found.append(_Voice(file.name, names.get("name", file.name), codes))
    return tuple(found)


def known_as(code: str, own: Mapping[str, str]) -> str | None:
    """Return what a language is called here: a code of the project's (the keys of `own`), or
    eSpeak NG's in lower case; None where nobody speaks it.
    """
    lower = code.lower()
    if code in own:
        return code
    if SAME.get(lower) in own:
        return SAME[lower]
    return lower if lower in voices() else None


def codes_of(name: str, own: Iterable[str]) -> list[str]:
    """Return the codes of the languages that have an English name, which may be misspelt: those of
    the project's (`own`) first.
    """
    known = set(own)
    names: dict[str, list[str]] = {}
    for voice in _voices():
        code = next(iter(voice.codes))
        for other in voice.codes:
            if SAME.get(other, other) in known:
                code = SAME.get(other, other)
        english = voice.english.lower()
        # Greek is before Greek (Ancient).
        names.setdefault(english, []).insert(0, code)
        if "(" in english:
            names.setdefault(english.partition("(")[0].strip(), []).append(code)
    alike = difflib.get_close_matches(name.strip().lower(), names, n=1, cutoff=0.8)
    codes = names[alike[0]] if alike else []
    return sorted(dict.fromkeys(codes), key=lambda code: code not in known)


def meant(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean es?" of a language's English name; "" where none of `known` is
    meant.
    """
    codes = set(known)
    for code in codes_of(name, codes):
        if code in codes:
            return f"; did you mean {code}?"
    return ""


def nearest(code: str, own: Mapping[str, str]) -> list[str]:
    """Return the codes that are most like one that does not exist, those of the languages
    that have it for their English name, and those that begin with it.
    """
    every = sorted({*own, *voices()})
    lower = code.lower()
    named = codes_of(code, own)
    close = difflib.get_close_matches(lower, every, n=_NEAREST, cutoff=0.5)
    begun = [name for name in every if lower and name.startswith(lower[:2])]
    return list(dict.fromkeys([*named, *close, *begun]))[:_NEAREST]
