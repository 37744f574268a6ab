"""Which text belongs to which recording: a file for each, Kaldi's `text`, or tiers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

from parp_espnet import progress
from parp_espnet.corpora.annotations import what_it_holds
from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.files import is_file, lines_of, text_of
from parp_espnet.names import form_of_file
from parp_espnet.recognition.audio import Failure, Source
from parp_espnet.recognition.below import files_below
from parp_espnet.sound.mp3 import lead_in_praat
from parp_espnet.tiers.eaf import read_eaf
from parp_espnet.tiers.textgrid import read_textgrid
from parp_espnet.tiers.tier import Annotation, Tier, Tiers, list_tiers

PRAAT = ".textgrid"
"""What ends the name of a file of Praat's."""
READERS = {".eaf": read_eaf, PRAAT: read_textgrid}
SUFFIXES = (".txt", ".TextGrid", ".eaf")
"""Of files that have the text of one recording."""
_ROUNDING = 0.0005
"""Seconds by which annotations may lie over each other: programs round times."""


@dataclass(frozen=True)
class Text:
    """What is said in a recording.

    Attributes:
        parts: texts with their times, in order, none over another; or one text.
        whole: whether the text is that of the recording, whose times are not known.
        faults: what of it cannot be used, in words.
    """

    source: Source
    parts: tuple[Annotation, ...]
    whole: bool
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Wanted:
    """Which tier of files that have several, and whether TextGrids of mp3s have Praat's times."""

    tier: str | None
    as_praat: bool


def find_texts(
    sources: Sequence[Source | Failure], path: Path, tier: str | None, as_praat: bool = False
) -> list[Text | Failure]:
    """Return the text of each recording, or why it has none.

    Args:
        path: a text for one recording (`SUFFIXES`), a directory with one for each, or Kaldi's
            `text`, whose ids are the names of the recordings without their endings; with their
            folders, where several have one name.
        tier: which tier of ELAN's or Praat's has it (see `Tier.is_called`); None is the only one.
        as_praat: whether TextGrids of mp3s have the times that Praat shows (`sound.mp3`); those of
            what is returned are as it is decoded.

    Raises `UserError` where there is no such file, it is one text and there are several recordings,
    or Kaldi's text is damaged.
    """
    wanted = _Wanted(tier, as_praat)
    if path.is_dir():
        alike = _alike(sources)
        return [_from_folder(source, path, wanted, alike) for source in sources]
    if not path.is_file():
        raise UserError(f"{path}: expected a text, or a directory with some, found nothing")
    if path.suffix.lower() in {suffix.lower() for suffix in SUFFIXES}:
        if len(sources) != 1:
            raise UserError(
                f"{path}: expected one recording, found {len(sources)}; give a directory with a "
                f"text for each ({' '.join(SUFFIXES)}), or Kaldi's text"
            )
        return [_read(source, path, wanted) for source in sources]
    table = read_table(path, empty=True)
    alike = _alike(sources)
    used: set[str] = set()
    found = [_from_table(source, path, table, alike, used) for source in sources]
    if unused := [name for name in table if name not in used]:
        progress.say(f"{path}: {len(unused)} lines are of no recording, such as {unused[0]}")
    return found


def text_files(path: Path) -> list[Path]:
    """Return the files that `find_texts` may read: a text, or those below a directory."""
    if not path.is_dir():
        return [path]
    endings = {suffix.lower() for suffix in SUFFIXES}
    found = [file for file in files_below(path) if isinstance(file, Path)]
    return [file for file in found if file.suffix.lower() in endings]


def _alike(sources: Sequence[Source | Failure]) -> set[str]:
    """The names, without folders and endings, that recordings in several folders have."""
    wholes = {source.name.with_suffix("") for source in sources if isinstance(source, Source)}
    counts = Counter(whole.name for whole in wholes)
    return {name for name, count in counts.items() if count > 1}


def _names(source: Source, alike: set[str]) -> list[Path]:
    """What the text of a recording may be called: without folders only where no other is so."""
    whole = source.name.with_suffix("")
    names = [whole] if whole.name in alike else [whole, Path(whole.name)]
    # Apple's systems write ñ as two characters.
    forms = [Path(normalize(form, str(name))) for name in names for form in ("NFC", "NFD")]
    return list(dict.fromkeys([*names, *forms]))


def _from_table(
    source: Source | Failure, path: Path, table: dict[str, str], alike: set[str], used: set[str]
) -> Text | Failure:
    """The text of a recording in a table; the line that it is of goes to `used`."""
    if isinstance(source, Failure):
        return source
    names = _names(source, alike)
    for name in [*names, *(name.with_name(source.name.name) for name in names)]:
        if str(name) in table:
            used.add(str(name))
            return Text(source, (Annotation(0.0, 0.0, table[str(name)]),), whole=True)
    reason = f"expected its text in {path}, found no line that begins with {names[-1]}"
    return Failure(source.path, reason)


def _from_folder(
    source: Source | Failure, folder: Path, wanted: _Wanted, alike: set[str]
) -> Text | Failure:
    if isinstance(source, Failure):
        return source
    # Where a tier is named, a text beside its file is another's.
    suffixes = SUFFIXES if wanted.tier is None else SUFFIXES[1:]
    names = _names(source, alike)
    for name in names:
        for suffix in suffixes:
            for written in (suffix, suffix.lower(), suffix.upper()):
                path = folder / name.with_name(name.name + written)
                if path.is_file():
                    return _read(source, path, wanted)
    places = ", ".join(f"{names[-1]}{suffix}" for suffix in suffixes)
    return Failure(source.path, f"expected its text in {folder} ({places}), found none")


def _read(source: Source | Failure, path: Path, wanted: _Wanted) -> Text | Failure:
    if isinstance(source, Failure):
        return source
    try:
        if path.suffix.lower() not in READERS:
            if wanted.tier is not None:
                raise UserError(f"--tier {wanted.tier}: {path} has no tiers")
            return Text(source, (Annotation(0.0, 0.0, _said_in(path)),), whole=True)
        file = READERS[path.suffix.lower()](path)
        tiers = choose_tiers(file, wanted.tier)
    except UserError as error:
        return Failure(source.path, str(error))
    origin = _origin(file, source)
    if wanted.as_praat and path.suffix.lower() == PRAAT and is_file(source.path):
        origin -= lead_in_praat(source.path)
    parts: list[Annotation] = []
    faults = [f"{path}: {fault}" for fault in file.faults]
    for annotation in _in_order(tiers):
        begin, end = max(0.0, annotation.begin + origin), annotation.end + origin
        if end <= 0:
            faults.append(
                f"{path}: expected annotations of what is said, found one at "
                f"{annotation.begin:.3f} s in the silence that Praat keeps before the sound"
            )
            continue
        if parts and begin < parts[-1].end - _ROUNDING:
            faults.append(
                f"{path}: expected annotations one after the other, found one at "
                f"{annotation.begin:.3f} s over that before it; it is left out"
            )
            continue
        begin = max(begin, parts[-1].end) if parts else begin
        parts.append(replace(annotation, begin=begin, end=end))
    return Text(source, tuple(parts), whole=False, faults=tuple(faults))


def _said_in(path: Path) -> str:
    """The text of a file. Raises `UserError` where it holds more, such as times, of which numbers
    would be spoken.
    """
    text = text_of(path)
    held = what_it_holds([line for line in lines_of(text) if line.strip()])
    if held:
        raise UserError(
            f"{path}: expected what is said and nothing else, found {held}; write the text alone"
        )
    return text


def _origin(file: Tiers, source: Source) -> float:
    """The seconds of the recording that lie before the file's time 0."""
    for medium in file.media:
        if form_of_file(medium.name) == form_of_file(source.path.name):
            return medium.origin
    # It may have another name, or ending, than when it was annotated.
    return file.media[0].origin if file.media else 0.0


def _in_order(tiers: Iterable[Tier]) -> list[Annotation]:
    spoken = [
        replace(part, speaker=tier.speaker)
        for tier in tiers
        for part in tier.annotations
        if part.text
    ]
    return sorted(spoken, key=lambda part: (part.begin, part.end))


def choose_tiers(file: Tiers, wanted: str | None) -> list[Tier]:
    """Return the tiers that have the text. Raises `UserError` that lists the tiers, where there is
    no such one, or several and none is named.
    """
    spoken = [tier for tier in file.tiers if tier.texts]
    listed = list_tiers([file]) or "none with texts"
    if wanted is None:
        if len(spoken) != 1:
            raise UserError(
                f"{file.path}: expected one tier with texts, found {listed}; say which it is: "
                f"--tier NAME"
            )
        return spoken
    named = [tier for tier in spoken if tier.is_called(wanted)]
    if not named:
        raise UserError(f"{file.path}: expected the tier --tier {wanted}, found {listed}")
    return named
