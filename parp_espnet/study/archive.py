"""A study's records in one small file: what its complete experiments left, without models,
checkpoints and speech.

    parp-study pack results/curves curves.tar.xz
    parp-study unpack curves.tar.xz              on another machine, or in a later clone

A machine can be lost, and a long study can be shared among several. What is unpacked counts as
done: the study goes on with the rest, and tables, figures and claims are made of all of it, as if
it had run in one place. With its model a result takes a hundred megabytes; a mask takes half of
one, but differs little from other masks of its sparsity, so what is stored is in which weights it
differs from the first of them, of which compression leaves little; of a mask that is there already,
such as another language's that stayed fixed, nothing.
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.export.costs import EXPORTS
from parp_espnet.files import atomic_write, read_json
from parp_espnet.pipeline.score import BY_LANGUAGE
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.result import RESULT
from parp_espnet.study.complete import changed_since, is_result
from parp_espnet.study.experiment import FINAL_MASK, FIRST_MASK, OMP_MASK, Experiment

FORMAT = "parp-espnet records 1"
CONTENTS = "contents.json"
RECIPES = "egs2"
MASKS = (OMP_MASK, FIRST_MASK, FINAL_MASK)
"""The first one is packed where it has moved since: by how much, a figure shows."""
RECORDS = (
    RESULT, EXPORTS, "utterances.tsv", "predictions.tsv", f"{BY_LANGUAGE}/*/{RESULT}",
    f"{BY_LANGUAGE}/*/utterances.tsv",
    "pruning.jsonl", "tensorboard/valid/events.*", "decode_*/*/score/confusions.tsv",
)  # fmt: skip
"""What a report reads of an experiment, beside its masks, as patterns in its directory."""


@dataclass(frozen=True)
class Packed:
    """What of a study is in an archive, and what was left out."""

    done: tuple[Path, ...]
    """Directories of the experiments that are in it, from the project's."""
    without_result: int
    changed: Mapping[Path, str]
    """Of what is complete, but to be run again: what it has read that has changed since."""

    @property
    def left_out(self) -> str:
        """How many were left out, and why; "" where none was."""
        told = []
        if self.without_result:
            told.append(f"{self.without_result} without a result")
        if self.changed:
            directory, why = next(iter(self.changed.items()))
            told.append(
                f"{len(self.changed)} to be run again, since what they have read has changed, such "
                f"as {directory}: {why}"
            )
        return "; ".join(told)


def pack(experiments: Sequence[Experiment], root: Path, archive: Path) -> Packed:
    """Write the records of the experiments that are done; return which these are.

    Where they are unpacked, they count as done whatever has changed here: what is to be run again
    is left out.

    Args:
        root: the project's directory, from which experiments are named.

    Raises:
        UserError: none is done, or one is not below the project's directory.
    """
    packed = _sorted_out(experiments, root)
    done = packed.done
    if not done and packed.changed:
        raise UserError(f"none of {len(experiments)} experiments is done: {packed.left_out}")
    if not done:
        raise UserError(
            f"none of {len(experiments)} experiments has a result yet, such as "
            f"{experiments[0].result}"
        )
    elsewhere = [directory for directory in done if directory.is_absolute()]
    if elsewhere:
        raise UserError(
            f"{archive}: expected experiments below the project's directory {root}, from which "
            f"they are named in it, found {elsewhere[0]} by --expdir; keep that folder itself"
        )
    with atomic_write(archive) as temporary, tarfile.open(temporary, "w:xz", preset=6) as tar:
        differences = _Differences()
        members: list[tuple[str, bytes]] = []
        for directory in done:
            for file in _records(root / directory):
                members.append((file.relative_to(root).as_posix(), file.read_bytes()))
            for name, mask in _masks(root / directory, root):
                members.append((name, _bytes_of(differences.add(name, mask))))
        contents = {
            "format": FORMAT,
            "experiments": [path.as_posix() for path in done],
            "differences": differences.references,
        }
        _add(tar, CONTENTS, json.dumps(contents, indent=1).encode())
        for name, content in members:
            _add(tar, name, content)
    return packed


def _sorted_out(experiments: Sequence[Experiment], root: Path) -> Packed:
    done = []
    changed = {}
    for experiment in experiments:
        if not is_result(root / experiment.result):
            continue
        why = changed_since(experiment, root)
        if why is None:
            done.append(experiment.directory)
        else:
            changed[experiment.directory] = why.replace(f"{root}/", "")
    return Packed(tuple(done), len(experiments) - len(done) - len(changed), changed)


def _records(folder: Path) -> Iterator[Path]:
    for pattern in RECORDS:
        yield from sorted(folder.glob(pattern))


def _masks(folder: Path, root: Path) -> Iterator[tuple[str, Mask]]:
    has_moved = read_json(folder / RESULT).get("interval") is not None
    for name in MASKS:
        if (folder / name).is_file() and (has_moved or name != FIRST_MASK):
            yield (folder / name).relative_to(root).as_posix(), Mask.load(folder / name)


class _Differences:
    """Masks as the weights in which they differ from one that came before."""

    def __init__(self) -> None:
        self.references: dict[str, str] = {}
        self._firsts: dict[tuple[str, float], tuple[str, Mask]] = {}
        self._same: dict[tuple[str, str], str] = {}

    def add(self, name: str, mask: Mask) -> Mask:
        """Return what is to be stored: the mask itself where it is the first of its weights and
        sparsity.
        """
        same = self._same.setdefault((mask.fingerprint, mask.sha256), name)
        reference, other = self._firsts.setdefault(
            (mask.fingerprint, mask.sparsity_target), (name, mask)
        )
        if same != name:
            reference, other = same, mask
        if reference == name:
            return mask
        self.references[name] = reference
        return difference(mask, other)


def difference(mask: Mask, other: Mask) -> Mask:
    """Return in which weights two masks differ; of that and the one of them, the other again."""
    return replace(mask, kept={name: kept ^ other.kept[name] for name, kept in mask.kept.items()})


def _bytes_of(mask: Mask) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mask.safetensors")
        mask.save(file)
        return file.read_bytes()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
