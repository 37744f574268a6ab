"""Recordings whose texts are in files of ELAN's (.eaf) or Praat's (.TextGrid).

One tier of a file, or one for each speaker, is what was said; each of its annotations is an
utterance, and a part of the recording that the file is linked to, or that has its name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.items import Item
from parp_espnet.corpora.leftover import Tree, alike, is_spelled_as
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.errors import UserError
from parp_espnet.sound.mp3 import lead_in_praat
from parp_espnet.sound.suffixes import SUFFIXES as SOUNDS
from parp_espnet.tiers.eaf import read_eaf
from parp_espnet.tiers.textgrid import read_textgrid
from parp_espnet.tiers.tier import Annotation, Medium, Tier, Tiers, list_tiers

PRAAT = ".textgrid"
READERS = {".eaf": read_eaf, PRAAT: read_textgrid}
"""By the endings of files."""


def is_tiers(path: Path) -> bool:
    """Whether a file is ELAN's or Praat's, by its name."""
    return path.suffix.lower() in READERS


def has_tiers(tree: Tree) -> bool:
    """Whether some file of a folder is."""
    return any(map(is_tiers, tree.files))


@dataclass
class Found:
    """What was found in files of tiers: utterances, what cannot be used, the files and recordings
    that these account for, and what names of utterances begin with.
    """

    items: list[Item] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)
    used: set[Path] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Linked:
    """A file of tiers with its recording, and the seconds of it before the file's time 0."""

    file: Tiers
    recording: Path
    origin: float


def read_tiers(
    root: Path, paths: Sequence[Path], tree: Tree, taken: set[Path], told: Told
) -> Found:
    """Read files of tiers.

    Args:
        root: the folder that names count from.
        paths: the files.
        tree: all files among which recordings are looked for.
        taken: recordings whose texts are known from elsewhere; their files of tiers are left out.
        told: the tier's name (see `Tier.is_called`), None where there is but one that has texts;
            and whose times TextGrids of mp3s have.

    Raises:
        UserError: several tiers have texts and none is named, or no file has the tier; the tiers
            are listed.
    """
    found = Found()
    linked = list(_link(paths, root, tree, taken, told.as_praat, found))
    wanted = _choose(root, [link.file for link in linked], told.tier)
    for link in linked:
        tiers = [tier for tier in link.file.tiers if wanted is None or tier.is_called(wanted)]
        spoken = [tier for tier in tiers if tier.texts]
        for fault in link.file.faults:
            found.rejected.append(_reject(link.file.path, root, Why.ROW, fault))
        if not spoken:
            listed = list_tiers([link.file]) or "none"
            reason = f"expected a tier {wanted} with texts, found {listed}"
            if wanted is None:
                reason = "expected a tier with texts, found none"
            found.rejected.append(_reject(link.file.path, root, Why.ALONE, reason))
        for tier in spoken:
            _read_tier(root, link, tier, found, is_one_of_several=len(spoken) > 1)
    return found


def _link(
    paths: Sequence[Path],
    root: Path,
    tree: Tree,
    taken: set[Path],
    as_praat: bool,
    found: Found,
) -> Iterator[_Linked]:
    """Open files and find their recordings, each of which is taken by one."""
    linked: list[_Linked] = []
    for path in paths:
        found.used.add(path)
        try:
            file = READERS[path.suffix.lower()](path)
        except UserError as error:
            reason = str(error).removeprefix(f"{path}: ")
            found.rejected.append(_reject(path, root, Why.TEXT, reason))
            continue
        medium = _recording(file, tree)
        if medium is None:
            found.rejected.append(_reject(path, root, Why.ALONE, _describe_lost(file)))
            continue
        recording, origin = medium
        if as_praat and path.suffix.lower() == PRAAT:
            origin -= lead_in_praat(recording)
        linked.append(_Linked(file, recording, origin))
    owners = _owners(linked)
    for link in linked:
        path, recording = link.file.path, link.recording
        owner = owners[recording]
        if recording in taken or owner != path:
            other = "a transcript in text" if recording in taken else owner.name
            hint = "; --tier NAME takes this one" if recording in taken else ""
            reason = f"expected one transcript of {recording.name}, found {other}{hint}"
            found.rejected.append(_reject(path, root, Why.ALONE, reason))
            continue
        found.used.add(recording)
        yield link


def _owners(linked: Sequence[_Linked]) -> dict[Path, Path]:
    """The file of each recording, which is the first of several; of `A.eaf` and `a.eaf` that which
    is spelled as the recording is.
    """
    owners: dict[Path, Path] = {}
    for link in linked:
        path = link.file.path
        owner = owners.setdefault(link.recording, path)
        has_its_name = alike(owner.with_suffix("")) == alike(path.with_suffix(""))
        if has_its_name and not is_spelled_as(owner.stem, link.recording):
            owners[link.recording] = path
    return owners


def _choose(root: Path, files: Sequence[Tiers], wanted: str | None) -> str | None:
    listed = list_tiers(files)
    tiers: list[Tier] = []
    for file in files:
        tiers += file.tiers
    if wanted is None:
        names = {tier.name for tier in tiers if tier.texts}
        if len(names) > 1:
            raise UserError(
                f"--own {root}: expected one tier with texts, found {len(names)}: {listed}; say "
                f"which it is: --tier NAME (of tx@ANA and tx@LUIS, --tier tx is both)"
            )
        return None
    if files and not any(tier.is_called(wanted) for tier in tiers):
        raise UserError(
            f"--own {root}: expected the tier --tier {wanted}, found {listed or 'none with texts'}"
        )
    return wanted


def _read_tier(
    root: Path, link: _Linked, tier: Tier, found: Found, *, is_one_of_several: bool
) -> None:
    path = link.file.path
    base = str(link.recording.relative_to(root)) if link.recording.is_relative_to(root) else ""
    stem = str(Path(base or link.recording.name).with_suffix(""))
    if is_one_of_several:
        stem = f"{stem}-{tier.name}"
    if stem in found.stems:
        # Recordings elsewhere may have one name, as a.wav and a.flac have; each has a file.
        stem = f"{stem}-{_inside(path, root)}"
    found.stems.add(stem)
    parts = Path(base).parts
    speaker = tier.speaker or (parts[0] if len(parts) > 1 else None)
    at = 0.0
    for annotation in tier.annotations:
        where = f"{path}: tier {tier.name}, {annotation.begin:.3f} s"
        name = f"{stem}-{_milliseconds(annotation.begin)}-{_milliseconds(annotation.end)}"
        reason = _fault(annotation, at, link.origin)
        if reason is not None:
            why = Why.ALONE if not annotation.text else Why.ROW
            found.rejected.append(Reject(where, name, why, reason))
            continue
        at = annotation.end
        found.items.append(
            Item(
                where,
                name,
                str(link.recording.resolve()),
                annotation.text,
                speaker,
                max(0.0, annotation.begin + link.origin),
                annotation.end + link.origin,
            )
        )


def _fault(annotation: Annotation, at: float, origin: float) -> str | None:
    """Why an annotation cannot be used, after one that ended at `at`; the file's time 0 is at
    `origin` of the recording.
    """
    if not annotation.text:
        return "expected a text, found none"
    if annotation.end + origin <= 0:
        return "expected what is said, found an annotation before the sound begins"
    # ELAN's times are of milliseconds.
    if annotation.begin < at - 0.0005:
        return f"expected an annotation after that before it, which ends at {at:.3f} s"
    return None


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000):07d}"


def _recording(file: Tiers, tree: Tree) -> tuple[Path, float] | None:
    """The recording of a file: one that it is linked to, where that is or beside the file, or one
    of the file's own name; or else the one file of such a name that there is anywhere.
    """
    for medium in file.media:
        for path in _places(file.path, medium):
            if path.suffix.lower() not in SOUNDS:
                continue
            near = tree.find(path)
            if near is not None:
                return near, medium.origin
            if path.is_file():
                return path, medium.origin
    origin = file.media[0].origin if file.media else 0.0
    own = tree.find(*(file.path.with_suffix(suffix) for suffix in sorted(SOUNDS)))
    if own is not None:
        return own, origin
    stem = alike(file.path).stem
    linked = {alike(Path(medium.name)).name for medium in file.media if medium.name}
    names = linked or {f"{stem}{suffix}" for suffix in SOUNDS}
    far: list[Path] = []
    for path, recording in tree.by_name.items():
        if path.name in names and path.suffix in SOUNDS:
            far.append(recording)
    return (far[0], origin) if len(far) == 1 else None


def _places(path: Path, medium: Medium) -> Iterator[Path]:
    """Where a recording may be: beside the file first, since it may have moved with it."""
    if not medium.name:
        return
    yield path.parent / medium.name
    name = unquote(medium.url.removeprefix("file:"))
    is_absolute = medium.url.startswith(("file:/", "/"))
    # file:///a/b and file:/a/b are both /a/b.
    yield Path(f"/{name.lstrip('/')}") if is_absolute else path.parent / name


def _describe_lost(file: Tiers) -> str:
    if file.media:
        names = ", ".join(dict.fromkeys(medium.name for medium in file.media))
        return f"expected its recording beside it, found no {names}"
    return "expected a recording of the same name beside it, found none"


def _reject(path: Path, root: Path, why: Why, reason: str) -> Reject:
    return Reject(str(path), _inside(path, root), why, reason)


def _inside(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name
