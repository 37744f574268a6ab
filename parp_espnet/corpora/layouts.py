"""How people keep recordings and their texts: four layouts, each read into a list of items.

- a Kaldi directory: `wav.scp` (files, or arks as `FILE.ark:OFFSET`), `text`, and `utt2spk` and
  `segments` where there are such (`parp_espnet.corpora.directories`);
- a folder of recordings with their transcripts (`parp_espnet.corpora.folders`), or with files of
  ELAN's or Praat's, or one such file (`parp_espnet.corpora.tiered`);
- a list in one file (`parp_espnet.corpora.sheets`, `parp_espnet.corpora.lhotse`), whose columns are
  known
  (`parp_espnet.corpora.columns`) or told; or one for each set, by the names train, dev and test.

What is in a folder and not used is among the rejects.
"""

from collections.abc import Iterator, Set
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.directories import read_directory
from parp_espnet.corpora.folders import TRANSCRIPTS, advice_on, has_transcripts, read_folder
from parp_espnet.corpora.items import Item, Items
from parp_espnet.corpora.json_lists import is_json
from parp_espnet.corpora.leftover import Tree, left_over, walk
from parp_espnet.corpora.lhotse import holds_cuts, is_manifest, is_recordings, read_manifest
from parp_espnet.corpora.listed import listed, names_in
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.sheets import Entry, is_list, read_sheet
from parp_espnet.corpora.split_names import by_split
from parp_espnet.corpora.tiered import has_tiers, is_tiers, read_tiers
from parp_espnet.errors import UserError
from parp_espnet.files import exists, is_file, need_file
from parp_espnet.names import is_system
from parp_espnet.sound.mp3 import Mp3Times
from parp_espnet.sound.suffixes import SUFFIXES

SPLITS = ("train", "dev", "test")
SHEETS = frozenset({".xlsx", ".xls", ".ods", ".numbers"})
"""Of programs that save tables, too."""


def read_items(path: Path, told: Told | None = None) -> Items:
    """Read a directory or a file of one of the four layouts; `told` is what the user says of a
    list's columns.

    A speaker is the same however the name is encoded (NFC, NFD) and spaced. Raises `UserError` when
    it is none of them, with what is there.
    """
    found = _read(path, told or Told())
    items = []
    for item in found.items:
        speaker = " ".join(normalize("NFC", item.speaker or "").split()) or None
        items.append(item if speaker == item.speaker else replace(item, speaker=speaker))
    return Items(items, found.rejected)


def _read(path: Path, told: Told) -> Items:
    if path.is_file():
        return _tiers_of(path, told) if is_tiers(path) else _list(path, told)
    if not path.is_dir():
        try:
            need_file(path, "no such file or directory")
        except UserError as error:
            raise UserError(f"--own {error}") from None
    if (path / "wav.scp").is_file():
        _need_no_columns(path, told, "a Kaldi directory")
        _need_no_tiers(path, told, "a Kaldi directory")
        return read_directory(path)
    tree = walk(path)
    lists = lists_in(path)
    is_of_tiers = has_tiers(tree) and (told.tier is not None or not lists)
    if has_transcripts(tree) or is_of_tiers:
        _need_no_columns(path, told, "a folder of recordings with transcripts beside them")
        if not has_tiers(tree):
            _need_no_tiers(path, told, "a folder of recordings with transcripts in text")
        return read_folder(path, tree, told)
    if len(lists) == 1:
        return _list(lists[0], told, tree)
    advice = "; of several tables, give one: --own FILE" if lists else advice_on(tree)
    raise UserError(
        f"--own {path}: expected wav.scp and text, or recordings with transcripts of the same name "
        f"({' or '.join(TRANSCRIPTS)}), or files of ELAN's or Praat's (.eaf, .TextGrid), or one "
        f"table (.tsv, .csv, .jsonl), or one each for train, "
        f"dev and test; found {names_in(path) or 'nothing'}{advice}"
    )


def _need_no_columns(path: Path, told: Told, what: str) -> None:
    if told.given:
        option = f"--{next(iter(told.given))}_column"
        raise UserError(
            f"--own {path}: {option} is for tables, found {what}; give the table, or leave it out"
        )


def _need_no_tiers(path: Path, told: Told, what: str) -> None:
    if told.tier is not None:
        raise UserError(
            f"--own {path}: --tier is for files of ELAN's and Praat's, found {what}; leave it out"
        )
    if told.as_praat:
        raise UserError(
            f"--own {path}: --mp3_times {Mp3Times.PRAAT} is for TextGrids of mp3s, found {what}; "
            f"leave it out"
        )


def _tiers_of(path: Path, told: Told) -> Items:
    """One file of ELAN's or Praat's."""
    _need_no_columns(path, told, "a file of ELAN's or Praat's")
    beside = list(filter(Path.is_file, sorted(path.parent.iterdir())))
    tiers = read_tiers(path.parent, [path], Tree(beside, ()), set(), told)
    return Items(tiers.items, tiers.rejected)


def lists_in(path: Path) -> list[Path]:
    """Return the lists that a directory has; lhotse's recordings are none, since its supervisions
    are.
    """
    manifests, lists = [], []
    for file in sorted(path.iterdir()):
        if not file.is_file() or is_system(file):
            continue
        if is_manifest(file):
            manifests.append(file)
        if is_list(file) and not is_recordings(file):
            lists.append(file)
    return manifests or lists


def has_layout(path: Path) -> bool:
    """Whether a directory is of one of the layouts."""
    if (path / "wav.scp").is_file() or lists_in(path):
        return True
    tree = walk(path)
    return has_transcripts(tree) or has_tiers(tree)


def lists_of_sets(path: Path) -> dict[str, Path]:
    """Return the list of each set, where a directory that is of no other layout has one for each;
    else nothing.
    """
    if not path.is_dir() or (path / "wav.scp").is_file():
        return {}
    return by_split(lists_in(path))


def _instead(path: Path) -> str:
    """What to do with a file that is no table of ours."""
    suffix = path.suffix.lower()
    if suffix in SHEETS:
        return "; save the sheet as .csv, in UTF-8"
    if suffix in SUFFIXES:
        return "; give the directory that it is in, with its transcript beside it"
    return ""


def _list(path: Path, told: Told, tree: Tree | None = None) -> Items:
    """A list; `tree` is the directory that it was found in, where it was not named itself."""
    _need_no_tiers(path, told, "a table")
    if not is_list(path) and path.suffix.lower() != ".txt":
        raise UserError(
            f"--own {path}: expected a table in .tsv, .csv or .jsonl, or a directory, found "
            f"another file{_instead(path)}"
        )
    if is_manifest(path) or (is_json(path) and holds_cuts(path)):
        _need_no_columns(path, told, "lhotse's manifest")
        entries = read_manifest(path)
    else:
        entries = read_sheet(path, told, lambda cell: exists(listed(path.parent, cell)))
    rejected = list(entries.rejected)
    if tree is not None:
        rejected = [*tree.rejected, *rejected]
    items: dict[str, Item] = {}
    untold: set[Path] = set()
    for entry in entries.entries:
        name = entry.id
        if name in items and entry.channel not in (None, items[name].channel):
            # Who speaks in another channel says something else.
            name = f"{name}_channel{entry.channel + 1}"
        if name in items:
            reason = f"expected a recording once, found it first in {items[name].where}"
            rejected.append(Reject(entry.where, name, Why.ROW, reason))
        elif not entry.text:
            rejected.append(Reject(entry.where, name, Why.ALONE, "expected a text, found none"))
            untold.add(Path(listed(path.parent, entry.audio)))
        else:
            items[name] = replace(_item(path, entry), name=name)
    used = untold | {Path(item.audio) for item in items.values()}
    rejected += _unlisted(path, used, tree)
    return Items(list(items.values()), rejected)


def _item(path: Path, entry: Entry) -> Item:
    return Item(
        entry.where,
        entry.id,
        listed(path.parent, entry.audio),
        entry.text,
        entry.speaker,
        entry.begin,
        entry.end,
        entry.channel,
        entry.split,
    )


def _unlisted(path: Path, used: Set[Path], tree: Tree | None) -> Iterator[Reject]:
    """Recordings beside those of a list that it does not name, and what else there is in the list's
    directory.
    """
    files: set[Path] = set()
    for folder in {audio.parent for audio in used if is_file(audio)}:
        for file in folder.iterdir():
            sound = file.resolve()
            if file.suffix.lower() in SUFFIXES and sound.is_file() and not is_system(sound):
                files.add(sound)
    root = path.parent.resolve()
    if tree is not None:
        for file in tree.files:
            if not is_list(file) or file.parent != path.parent:
                files.add(file.resolve())
    for reject in left_over(
        sorted(files), Path(root.anchor), used, f"a line of {path.name}", "a recording"
    ):
        yield Reject(reject.where, Path(reject.where).name, reject.why, reject.reason)
