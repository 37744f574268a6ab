"""Which of one's own recordings are train, dev and test: told by directories, lists or a column, or
else divided.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from parp_espnet.corpora.choose import partition
from parp_espnet.corpora.column_names import is_recording
from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.groups import groups_of
from parp_espnet.corpora.items import Item, Items
from parp_espnet.corpora.layouts import SPLITS, has_layout, lists_in, lists_of_sets, read_items
from parp_espnet.corpora.leftover import walk
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.split_names import SPLIT_NAMES
from parp_espnet.corpora.tiered import has_tiers
from parp_espnet.data.marks import Marks
from parp_espnet.errors import UserError
from parp_espnet.sound.reader import open_sound, seconds_by_header

SPARE = 1.1
"""How much more than was asked for dev and test get, where there is plenty, since some of it may be
rejected.
"""


@dataclass(frozen=True)
class How:
    """How one's own recordings are read: what the user says of a list's columns, what is done with
    marks, whether words are to be recognised, and the minutes of each set that were asked for.
    """

    told: Told = field(default_factory=Told)
    marks: Marks = Marks.DROP
    words: bool = False
    minutes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Chosen:
    """The items of a set, what is rejected, how sets were made, and why there are no more."""

    items: Sequence[Item]
    rejected: Sequence[Reject]
    note: str = ""
    why: str = ""


def choose_set(root: Path, split: str, how: How) -> Chosen:
    """Return what a set (one of `SPLITS`) has. Raises `UserError` where a set is lacking, or there
    is too little.
    """
    given = _folders_of_sets(root)
    lists = lists_of_sets(root)
    # The directories may have nothing but the recordings of the lists.
    if lists and not any(map(has_layout, given.values())):
        return _of_lists(lists, split, how)
    if set(given) == set(SPLITS):
        by_folder = _by_folder(root, given, split, how)
        if by_folder is not None:
            return by_folder
        own = read_items(given[split], _told_of(given.values(), how.told)[given[split]])
        rejected = list(own.rejected)
        if split == "train":
            rejected += _beside(root, given)
        return Chosen(own.items, rejected, "", f": {given[split]} has no more")
    # A folder "training" alone may hold anything.
    is_divided = "train" in given and (len(given) > 1 or given["train"].name == "train")
    if is_divided and not (root / "wav.scp").is_file():
        lacking = " and ".join(name for name in SPLITS if name not in given)
        raise UserError(
            f"--own {root}: expected the directories {', '.join(SPLITS)}, found no {lacking}"
        )
    if lists:
        return _of_lists(lists, split, how)
    everything = read_items(root, how.told)
    if not everything.items:
        return Chosen((), everything.rejected)
    return _by_column(root, everything, split) or _divided(root, everything, split, how)


def _folders_of_sets(root: Path) -> dict[str, Path]:
    """The directory of each set, by the names that people give them (`valid`, `validation`, …), as
    far as there is one and no other that may be it.
    """
    named: dict[str, list[Path]] = {}
    for path in sorted(root.glob("*")):
        own = SPLIT_NAMES.get(path.name.lower())
        if own is not None and path.is_dir():
            named.setdefault(own, []).append(path)
    chosen: dict[str, Path] = {}
    for name, paths in named.items():
        if root / name in paths:
            chosen[name] = root / name
        elif len(paths) == 1:
            chosen[name] = paths[0]
    return chosen


def _by_folder(root: Path, folders: Mapping[str, Path], split: str, how: How) -> Chosen | None:
    """The set whose directory an item of the one list beside the directories is in, as Hugging Face
    has it; None where the directories have lists or transcripts of their own.
    """
    if len(lists_in(root)) != 1 or any(map(has_layout, folders.values())):
        return None
    everything = read_items(root, how.told)
    own: list[Item] = []
    rejected = list(everything.rejected)
    places = {name: folder.resolve() for name, folder in folders.items()}
    names = ", ".join(sorted(folder.name for folder in folders.values()))
    for item in everything.items:
        name = _set_of(item, places)
        if name == split:
            own.append(item)
        elif name is None:
            reason = f"expected a recording in one of {names}, found {item.audio}"
            rejected.append(Reject(item.where, item.name, Why.ALONE, reason))
    if split != "train":
        rejected = []
    return Chosen(own, rejected, "sets by directory", f": {folders[split]} has no more")


def _set_of(item: Item, places: Mapping[str, Path]) -> str | None:
    """The set whose folder a recording is in; None where it is in none of them."""
    parents = Path(item.audio).parents
    for name, place in places.items():
        if place in parents:
            return name
    return None


def all_texts(root: Path, how: How) -> list[str]:
    """Return the texts of all sets, as they are written. Raises `UserError` where they cannot be
    read.
    """
    given = _folders_of_sets(root)
    if set(given) == set(SPLITS) and all(map(has_layout, given.values())):
        places = list(given.values())
    else:
        places = list(lists_of_sets(root).values()) or [root]
    texts: list[str] = []
    told_of = _told_of(places, how.told)
    for place in places:
        texts += [item.text for item in read_items(place, told_of[place]).items]
    return texts


def _told_of(folders: Iterable[Path], told: Told) -> dict[Path, Told]:
    """What the user says of each set, as far as it is of its layout: a tier or columns that are of
    another set are not for this one. Where they are of none, they are refused as ever.
    """
    own = dict.fromkeys(folders, told)
    is_of_tiers = told.tier is not None or told.as_praat
    tiered = {folder for folder in own if is_of_tiers and _has_tiers(folder)}
    tables = {folder for folder in own if told.given and _is_table(folder)}
    for folder in own:
        if tiered and folder not in tiered:
            own[folder] = replace(own[folder], tier=None, as_praat=False)
        if tables and folder not in tables:
            own[folder] = replace(own[folder], audio=None, text=None, speaker=None)
    return own


def _has_tiers(folder: Path) -> bool:
    return folder.is_dir() and has_tiers(walk(folder))


def _is_table(folder: Path) -> bool:
    return folder.is_dir() and not (folder / "wav.scp").is_file() and bool(lists_in(folder))


def _of_lists(lists: Mapping[str, Path], split: str, how: How) -> Chosen:
    """The set that a list has; a recording that none of the lists has is among the rejects of
    train.
    """
    items: dict[str, Items] = {}
    listed: set[str] = set()
    for name, path in lists.items():
        items[name] = read_items(path, how.told)
        listed.update(item.audio for item in items[name].items)
    rejected = []
    for reject in items[split].rejected:
        is_file = is_recording(reject.where)
        if not is_file or (split == "train" and reject.where not in listed):
            rejected.append(reject)
    return Chosen(
        items[split].items, rejected, "sets by the lists' names", f": {lists[split]} has no more"
    )


def _beside(root: Path, folders: Mapping[str, Path]) -> list[Reject]:
    """What there is beside the directories of the sets."""
    reason = f"expected the directories {', '.join(SPLITS)} alone, found another file or directory"
    rejected = []
    for path in sorted(root.iterdir()):
        if path not in folders.values():
            rejected.append(Reject(str(path), path.name, Why.KIND, reason))
    return rejected


def _by_column(root: Path, everything: Items, split: str) -> Chosen | None:
    """The set that a list's own column says, where it has all three; of one, nothing is divided.

    Raises `UserError` where it has two: whoever has put an utterance into test wants it there.
    """
    sets = [SPLIT_NAMES.get(item.split or "") for item in everything.items]
    there = [name for name in SPLITS if name in sets]
    if len(there) < 2:
        return None
    if len(there) < len(SPLITS):
        (lacking,) = set(SPLITS) - set(there)
        raise UserError(
            f"--own {root}: expected {', '.join(SPLITS)} in the list's column of sets, found "
            f"{' and '.join(there)}, and no {lacking}: give some rows to {lacking}, or leave the "
            f"column out to have sets divided"
        )
    items = []
    rejected = list(everything.rejected)
    for item, own in zip(everything.items, sets, strict=True):
        if own == split:
            items.append(item)
        elif own is None:
            reason = (
                f"expected a set in its column ({', '.join(SPLITS)}), found {item.split or 'none'}"
            )
            rejected.append(Reject(item.where, item.name, Why.ALONE, reason))
    why = ": the list's column says no more of it"
    return Chosen(items, rejected if split == "train" else (), "sets by the list's column", why)


def _divided(root: Path, everything: Items, split: str, how: How) -> Chosen:
    """The set by a hash: of speakers, or of sentences where there are no three speakers, or few
    utterances have one.
    """
    items = everything.items
    kind, groups = groups_of(items)
    is_asked = bool(how.minutes.keys() - {"train"})
    sizes: defaultdict[str, float] = defaultdict(float)
    lengths = _seconds(items) if is_asked else [1.0] * len(items)
    for group, size in zip(groups, lengths, strict=True):
        if group is not None:
            sizes[group] += size
    wanted = _wanted(how.minutes, sum(sizes.values())) if is_asked else None
    sets = partition(sizes, asked=wanted)
    if len(set(sets.values())) < len(SPLITS):
        raise UserError(
            f"--own {root}: expected at least three speakers or sentences for three sets, found "
            f"{len(sets)}; add recordings, or give the sets as directories or tables called "
            f"{', '.join(SPLITS)}"
        )
    own: list[Item] = []
    for item, group in zip(items, groups, strict=True):
        # Who may be anybody is not tested on.
        if split == ("train" if group is None else sets[group]):
            own.append(item)
    note = f"sets by {kind}"
    if unknown := groups.count(None):
        note += f", {unknown} without one in train"
    # What cannot be read is in no set; train's list has it.
    if split != "train":
        why = f": a {kind} is in one set only, and train keeps the largest of {len(sets)}"
        return Chosen(own, (), note, why)
    why = f": dev and test have whole {kind}s, of {len(sets)}" if is_asked else ""
    return Chosen(own, everything.rejected, note, why)


def _wanted(minutes: Mapping[str, float], total: float) -> dict[str, float]:
    """The seconds of dev and test that were asked for, and a little more where there is enough."""
    seconds = {name: 60 * asked for name, asked in minutes.items()}
    spare = min(SPARE, max(1.0, total / sum(seconds.values())))
    seconds.pop("train", None)
    return {name: spare * asked for name, asked in seconds.items()}


def _seconds(items: Sequence[Item]) -> list[float]:
    """About how long each item is, as the headers of recordings say; of one that does not say it,
    as others are.
    """
    known: dict[str, float] = {}
    lengths: list[float | None] = []
    for item in items:
        if item.begin is not None and item.end is not None:
            lengths.append(item.end - item.begin)
            continue
        if item.audio not in known:
            known[item.audio] = _header(item.audio)
        seconds = known[item.audio] - (item.begin or 0.0)
        lengths.append(seconds if seconds > 0 else None)
    told = [length for length in lengths if length is not None]
    usual = sum(told) / len(told) if told else 1.0
    return [usual if length is None else length for length in lengths]


def _header(audio: str) -> float:
    """Seconds of a recording, by its header where it has one that libsndfile reads, or else
    counted; 0 where nobody can tell.
    """
    seconds = seconds_by_header(Path(audio))
    if seconds == 0:
        try:
            with open_sound(audio) as sound:
                seconds = sound.frames() / sound.rate
        except UserError:
            return 0.0
    # A header without a length says the largest number there is.
    return seconds if 0 < seconds < 1e6 and math.isfinite(seconds) else 0.0
