"""A folder of recordings with their transcripts, which is one of the layouts of one's own
recordings.

Beside each recording there is a file of the same name in .txt or .lab; the folders that recordings
are in are their speakers. Or, as LibriSpeech has it, `*.trans.txt` have a line for each recording
beside them, its name and its text. Or there are files of ELAN's or Praat's
(`parp_espnet.corpora.tiered`).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from parp_espnet.corpora.annotations import UNREAD, what_it_holds
from parp_espnet.corpora.columns import Told
from parp_espnet.corpora.items import Item, Items
from parp_espnet.corpora.leftover import Tree, alike, alone, is_spelled_as, left_over
from parp_espnet.corpora.rejects import Reject, Why
from parp_espnet.corpora.rows import read_lines
from parp_espnet.corpora.tiered import is_tiers, read_tiers
from parp_espnet.data.lines import split_line
from parp_espnet.sound.suffixes import SUFFIXES

TRANSCRIPTS = (".txt", ".lab")
LINES = ".trans.txt"
"""What the name of a file ends in that has the texts of several recordings."""


@dataclass
class _Folder:
    """A folder as far as it has been read."""

    root: Path
    items: dict[str, Item] = field(default_factory=dict)
    rejected: list[Reject] = field(default_factory=list)
    used: set[Path] = field(default_factory=set)

    def add(self, recording: Path, where: str, text: str, speaker: str | None) -> None:
        self.used.add(recording)
        name = _name(self.root, recording)
        if name in self.items:
            reason = (
                f"expected one recording of this name, found "
                f"{Path(self.items[name].audio).name}, which is taken"
            )
            self.rejected.append(Reject(str(recording), name, Why.ALONE, reason))
        else:
            self.items[name] = Item(where, name, str(recording.resolve()), text, speaker)

    def add_tiers(self, tree: Tree, taken: set[Path], told: Told) -> None:
        """Add what files of ELAN's and Praat's have of recordings that are not `taken`."""
        found = read_tiers(self.root, list(filter(is_tiers, tree.files)), tree, taken, told)
        self.used |= found.used
        self.rejected += found.rejected
        for item in found.items:
            self.items[item.name] = item


def has_transcripts(tree: Tree) -> bool:
    """Whether some recording of a folder has a transcript."""
    if any(map(_has_lines, tree.files)):
        return True
    return any(_transcript(file, tree) for file in _recordings(tree))


def read_folder(path: Path, tree: Tree, told: Told) -> Items:
    """Read the recordings and transcripts of a folder, whose files are `tree`.

    Where a recording has a transcript in text and another in a file of ELAN's or Praat's, the
    latter is taken if its tier is named. Raises `UserError` as `read_tiers` does.
    """
    folder = _Folder(path, rejected=list(tree.rejected))
    if told.tier is not None:
        folder.add_tiers(tree, taken=set(), told=told)
    for file in filter(_has_lines, tree.files):
        _read_lines_of(file, tree, folder)
    by_lines = set(folder.used)
    for recording, transcript in _pairs(tree):
        if recording not in by_lines:
            _read_pair(recording, transcript, folder)
    if told.tier is None:
        folder.add_tiers(tree, taken=set(folder.used), told=told)
    for recording in _recordings(tree):
        if recording not in folder.used:
            _leave_alone(recording, folder)
    for file in tree.files:
        if file.suffix.lower() in TRANSCRIPTS and file not in folder.used:
            folder.used.add(file)
            folder.rejected.append(alone(file, path, _why_alone(file, tree)))
    what, by = "a recording of a kind that is read", "a recording or a transcript"
    folder.rejected += left_over(tree.files, path, folder.used, what, by)
    return Items(list(folder.items.values()), folder.rejected)


def advice_on(tree: Tree) -> str:
    """Return what to do about transcripts of kinds that are not read, if there are such beside
    recordings.
    """
    for file in tree.files:
        advice = UNREAD.get(file.suffix.lower())
        if advice:
            return f"; {file.suffix} is not read: {advice}"
    return ""


def _recordings(tree: Tree) -> list[Path]:
    return [file for file in tree.files if file.suffix.lower() in SUFFIXES]


def _transcript(recording: Path, tree: Tree) -> Path | None:
    places: list[Path] = []
    for suffix in TRANSCRIPTS:
        places += [recording.with_suffix(suffix), recording.with_name(recording.name + suffix)]
    return tree.find(*places)


def _pairs(tree: Tree) -> list[tuple[Path, Path]]:
    """Recordings and their transcripts: of `A.wav` and `a.wav`, `a.txt` is the latter's alone."""
    found = []
    for recording in _recordings(tree):
        transcript = _transcript(recording, tree)
        if transcript is not None:
            found.append((recording, transcript))
    owned = {transcript for recording, transcript in found if _is_own(recording, transcript)}
    pairs = []
    for recording, transcript in found:
        if transcript not in owned or _is_own(recording, transcript):
            pairs.append((recording, transcript))
    return pairs


def _is_own(recording: Path, transcript: Path) -> bool:
    return is_spelled_as(transcript.stem, recording)


def _name(root: Path, recording: Path) -> str:
    return str(recording.relative_to(root).with_suffix(""))


def _has_lines(file: Path) -> bool:
    return file.name.lower().endswith(LINES)


def _leave_alone(recording: Path, folder: _Folder) -> None:
    folder.used.add(recording)
    name = _name(folder.root, recording)
    reason = f"expected a transcript beside it ({' or '.join(TRANSCRIPTS)}), found none"
    folder.rejected.append(Reject(str(recording), name, Why.ALONE, reason))


def _read_pair(recording: Path, transcript: Path, folder: _Folder) -> None:
    name = _name(folder.root, recording)
    folder.used |= {recording, transcript}
    lines, broken = read_lines(transcript)
    held = what_it_holds([line for _, line in lines])
    if held:
        reason = f"expected what is said and nothing else, found {held}; write the text alone"
        broken = [Reject(str(transcript), name, Why.TEXT, reason)]
    for reject in broken:
        folder.rejected.append(replace(reject, item=name))
    if not broken:
        inside = recording.relative_to(folder.root)
        speaker = inside.parts[0] if len(inside.parts) > 1 else None
        text = " ".join(line.strip() for _, line in lines)
        folder.add(recording, str(transcript), text, speaker)


def _read_lines_of(file: Path, tree: Tree, folder: _Folder) -> None:
    """The lines `<name> <text>` of a file, each of a recording beside it; LibriSpeech's names begin
    with speakers.
    """
    folder.used.add(file)
    lines, broken = read_lines(file)
    folder.rejected += broken
    found: list[tuple[str, Path, str, str]] = []
    for where, line in lines:
        name, text = split_line(line) or ("", "")
        recording = _recording_of(file.parent / name, tree)
        if recording is None:
            reason = f"expected a recording of this name beside {file.name}, found none"
            folder.rejected.append(Reject(where, name, Why.ALONE, reason))
        else:
            found.append((name, recording, where, text))
    # Of lines `A` and `a`, the latter is that of `a.wav`.
    found.sort(key=lambda line: not is_spelled_as(Path(line[0]).name, line[1]))
    for name, recording, where, text in found:
        speaker = name.partition("-")[0] if "-" in name else None
        folder.add(recording, where, text, speaker)


def _recording_of(path: Path, tree: Tree) -> Path | None:
    places = [path.with_name(path.name + ending) for ending in ("", *sorted(SUFFIXES))]
    return tree.find(*(place for place in places if place.suffix.lower() in SUFFIXES))


def _why_alone(transcript: Path, tree: Tree) -> str:
    low = alike(transcript)
    others = [suffix for suffix in TRANSCRIPTS if low.with_suffix(suffix) != low]
    if not tree.by_name.keys().isdisjoint(map(low.with_suffix, others)):
        return (
            f"expected one transcript, found another of this name ({' or '.join(others)}), "
            f"which is taken"
        )
    return "expected a recording of the same name beside it, found none"
