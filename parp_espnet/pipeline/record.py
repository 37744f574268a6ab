"""The memory of a step: a small JSON file that says what was run, what it has read and left, and
whether it ended well.

What a step reads is named by a path, or by words about one: `what PATH names` are the recordings of
a `wav.scp`, `what PATH lists` the files of a list, and `what is in PATH` is a folder.
"""

import json
import os
import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from parp_espnet.errors import UserError
from parp_espnet.files import regular, write_json
from parp_espnet.pipeline.contents import (
    ABSENT,
    OWN,
    WHOLE,
    Contents,
    old_recordings,
    plain_word_of,
)

FORMAT = 2
FIRST_FORMAT = 1
"""Knows neither outputs nor all inputs: what it does not know is taken as it is."""
RENAMED = {"espnet2.bin.asr_train": "parp_espnet.bin.train"}
"""Commands that were others once, and leave the same: what they left stays complete."""
SEEN = ".seen.json"
"""Ends the name of the file beside a record that remembers what was read."""
_NAMED = re.compile(r"what (?P<path>.+) (?P<how>names|lists)", re.DOTALL)
_INSIDE = re.compile(r"what is in (?P<path>.+)", re.DOTALL)


def named(path: Path) -> str:
    """The recordings of a `wav.scp`."""
    return f"what {path} names"


def listed(path: Path) -> str:
    """The files of a list."""
    return f"what {path} lists"


def inside(path: Path) -> str:
    """All files of a folder."""
    return f"what is in {path}"


@dataclass(frozen=True)
class Change:
    """What has changed since, in a few words."""

    words: str
    of_settings: bool = False
    """Whether it is a choice, which makes for another experiment, and not the data."""


@dataclass(frozen=True)
class Record:
    """What one run of a step was."""

    command: list[str]
    inputs: dict[str, str]
    """The word of `Contents` for each thing that was read, by its name."""
    outputs: dict[str, str] = field(default_factory=dict)
    """The same of what was left."""
    complete: bool = False
    base: str = ""
    """The folder from which paths are, from the record's own."""
    format: int = FORMAT

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read a record; what is no record, or a damaged one, is as none at all."""
        try:
            loaded = json.loads(regular(path).read_bytes())
        except (UserError, OSError, ValueError, RecursionError):
            return None
        if not _is_record(loaded):
            return None
        return cls(
            command=[RENAMED.get(word, word) for word in loaded["command"]],
            inputs=loaded["inputs"],
            outputs=loaded.get("outputs", {}),
            complete=loaded["complete"],
            base=loaded.get("base", ""),
            format=loaded.get("format", FIRST_FORMAT),
        )

    def write(self, path: Path) -> None:
        """Write it, with the folder that its paths are from."""
        base = os.path.relpath(Path.cwd(), path.parent.resolve())
        write_json(path, asdict(self) | {"base": base, "format": FORMAT})

    def renamed(self, names: Iterable[tuple[Path, Path]]) -> Self:
        """The same, where inputs have their names of now: pairs of that and the one of then."""
        inputs = dict(self.inputs)
        for now, then in names:
            if str(now) not in inputs and str(then) in inputs:
                inputs[str(now)] = inputs.pop(str(then))
        return replace(self, inputs=inputs)

    def change_to(
        self,
        now: "Record",
        settings: Collection[str],
        contents: Contents,
        regardless: Collection[str] = (),
    ) -> Change | None:
        """What differs from another record, that of now; None where nothing does.

        Args:
            settings: inputs that are a choice of the user's.
            contents: what `now` was made of.
            regardless: options of the command whose value changes nothing in what it makes.
        """
        different: list[str] = []
        for name, word in now.inputs.items():
            if name in self.inputs and not self._same(name, word, contents):
                different.append(name)
        # First what is refused: other settings are that, whatever has changed besides.
        different.sort(key=lambda name: name not in settings)
        change = None
        if different:
            name = different[0]
            change = Change(
                _changed(name, self.inputs[name], now.inputs[name], contents), name in settings
            )
        before, after = without(self.command, regardless), without(now.command, regardless)
        if before != after and (change is None or not change.of_settings):
            old = [word for word in before if word not in after]
            new = [word for word in after if word not in before]
            change = Change(_reworded(old, new), of_settings=True)
        return change or self._other_inputs(now, contents)

    def _other_inputs(self, now: "Record", contents: Contents) -> Change | None:
        """Whether something is read that was not, or is not any more."""
        if self.format == FIRST_FORMAT:
            for name in sorted(self.inputs.keys() - now.inputs.keys()):
                if not self._still(name, contents):
                    return Change(f"{name} has changed")
            return None
        different = sorted(self.inputs.keys() ^ now.inputs.keys())
        return Change(f"other inputs: {different[0]}") if different else None

    def changed_input(self, record: Path, remember: bool = True) -> str | None:
        """An input that is there and not what it was, by the record at `record`.

        Args:
            remember: save what was read; the step can then not say which recordings have changed.
        """
        if self.format == FIRST_FORMAT:
            return None
        base = (record.parent / self.base).resolve()
        contents = Contents(record.with_suffix(SEEN), base)
        changed = None
        for name, word in self.inputs.items():
            now = word_for(name, contents, word)
            if now not in (word, ABSENT) and not self._same(name, now, contents):
                changed = name
                break
        if remember:
            contents.save()
        return changed

    def _same(self, name: str, word: str, contents: Contents) -> bool:
        then = self.inputs[name]
        if then == word:
            return True
        try:
            return then == self._said_before(name, word, contents)
        except OSError:
            return False

    def _said_before(self, name: str, word: str, contents: Contents) -> str | None:
        """What records of before would say of an input as it is now; None where they had that
        word.
        """
        match = _NAMED.fullmatch(name)
        if match and match["how"] == "lists":
            return contents.looks_of_listed(Path(match["path"]))
        if word.startswith(WHOLE) and (folder := _INSIDE.fullmatch(name)):
            return contents.of_tree(Path(folder["path"]))
        if self.format != FIRST_FORMAT:
            return None
        return old_recordings(Path(match["path"])) if match else plain_word_of(Path(name))

    def _still(self, name: str, contents: Contents) -> bool:
        """Whether an input that only the first format knew is what it was."""
        return self._same(name, word_for(name, contents), contents)


def _is_record(loaded: Any) -> bool:
    if not isinstance(loaded, dict):
        return False
    command, tables = loaded.get("command"), (loaded.get("inputs"), loaded.get("outputs", {}))
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return False
    for table in tables:
        if not isinstance(table, dict) or not all(isinstance(word, str) for word in table.values()):
            return False
    told = loaded.get("complete"), loaded.get("base", ""), loaded.get("format", FIRST_FORMAT)
    return [type(value) for value in told] == [bool, str, int]


def without(command: Sequence[str], options: Collection[str]) -> list[str]:
    """A command's words, less some options and the value of each."""
    kept: list[str] = []
    is_value = False
    for word in command:
        if not is_value and word not in options:
            kept.append(word)
        is_value = not is_value and word in options
    return kept


def word_for(name: str, contents: Contents, then: str = "") -> str:
    """The word for an input by its name; `ABSENT` where it, or a recording of a list,
    is not there.

    Args:
        then: the word that a record has of it, which tells whether that is of all contents.
    """
    try:
        if match := _INSIDE.fullmatch(name):
            look = contents.of_whole if then.startswith(WHOLE) else contents.of_tree
            return look(Path(match["path"]))
        if match := _NAMED.fullmatch(name):
            path = Path(match["path"])
            if contents.gone_recording(path) is not None:
                return ABSENT
            if match["how"] == "names":
                return contents.of_recordings(path)
            return contents.of_listed(path)
    except OSError:
        return ABSENT
    return contents.of_any(name)


def _reworded(old: list[str], new: list[str]) -> str:
    """What of a command has changed."""
    if not old:
        return f"{shlex.join(new)} is new" if new else "the words of the command have another order"
    return f"{shlex.join(old)} is now {shlex.join(new)}" if new else f"{shlex.join(old)} is gone"


def _changed(name: str, then: str, now: str, contents: Contents) -> str:
    if ABSENT in (then, now):
        return f"{name} is {'there now' if then == ABSENT else 'gone'}"
    which = sorted(contents.changed) if _NAMED.fullmatch(name) or _INSIDE.fullmatch(name) else []
    more = f" and {len(which) - 1} more" if len(which) > 1 else ""
    return f"{name} has changed" + (f" ({which[0]}{more})" if which else "")


def stale(folders: Iterable[Path]) -> str | None:
    """Say which input of a step has changed since, by the records in folders; None where none has.

    What is not there any more is taken as it was: who removes `dump/` to save room has not changed
    an experiment.
    """
    for folder in folders:
        for path in sorted((folder / OWN).glob("*.json")):
            record = None if path.name.endswith(SEEN) else Record.read(path)
            changed = None if record is None else record.changed_input(path)
            if changed is not None:
                return f"{changed} has changed, which {path} has read"
    return None
