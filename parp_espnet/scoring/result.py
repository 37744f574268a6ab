"""`result.json`: one line of every later table, and where it came from."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from types import UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

from parp_espnet.errors import UserError, excerpt
from parp_espnet.files import read_json, write_json

PACKAGES = ("espnet", "espnet-s3prl", "torch", "transformers", "parp-espnet")
FRACTIONS = ("sparsity_target", "sparsity_measured", "iou_initial_final")
COUNTS = (
    "freeze_updates",
    "interval",
    "updates",
    "finetuning_runs",
    "sub",
    "del",
    "ins",
    "reference_length",
)
EXPORTED = (
    "format",
    "precision",
    "bytes",
    "milliseconds",
    "error_rate",
    "utterances",
    "processor",
)
"""What is known of each file that was exported."""
UNPACKED = "unpacked.json"
"""Beside a result that was measured elsewhere, and whose records `parp-study unpack` put there."""
LARGEST = 10**15
"""Beyond, nothing is counted in an experiment."""
LARGEST_SEED = 2**64
CLOSE = 1e-6
"""An error rate of text is a difference of floats, which may be so much less than nothing."""
RESULT = "result.json"
"""Its file in the directory of an experiment, and in that of a score."""
GREEDY = "greedy"
"""How it was decoded where nothing was searched."""
GREEDY_DECODING = f"decode_{GREEDY}"
"""The directory of that decoding in an experiment's."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one experiment measured. Rates are fractions, times seconds; None is not measured.

    What has a default is younger than the rest, and older files lack it.
    """

    recipe: str
    language: str | None
    train_minutes: float | None
    upstream: str
    method: str
    sparsity_target: float
    sparsity_measured: float | None
    freeze_updates: int
    interval: int | None
    seed: int
    updates: int
    finetuning_runs: int
    initial_mask: str | None
    mask_sha256: str | None
    iou_initial_final: float | None
    metric: str
    dataset: str
    error_rate: float
    ci95: tuple[float, float]
    # Errors by kind, where they are counted.
    sub: int | None
    # `del` is a word of Python's own; the file calls it that all the same.
    del_: int | None
    ins: int | None
    reference_length: int
    pfer: float | None
    # Of text tasks: every metric by its name; `error_rate` is 1 − `metric`, and `reference_length`
    # examples.
    scores: dict[str, float] | None = None
    train_examples: int | None = None
    # A mean over utterances, in segments: see `features`.
    pfer_per_utterance: float | None = None
    # PER of phones without the marks of `scoring.marks`, where some have such.
    per_without_marks: float | None = None
    merges: dict[str, str] = field(default_factory=dict)
    # How it was decoded: "greedy", "beam 12", or "ESPnet's beam 12"; weights are those of natural
    # logarithms.
    decoding: str | None = None
    lm: str | None = None
    ngram: str | None = None
    lm_weight: float | None = None
    ngram_weight: float | None = None
    penalty: float | None = None
    # Where it was trained: "cpu", or what a GPU's maker calls it.
    device: str | None = None
    # Every option that differs from its default. None is not known, as of results that are older
    # than this field.
    options: dict[str, bool | int | float | str] | None = None
    # What was trained on, where that is known.
    train_languages: list[str] | None = None
    # Of ids, texts and durations of the training set, and of ids and references of the scored one.
    train_sha256: str | None = None
    reference_sha256: str | None = None
    # Where the first mask comes from: the fields of `pruning.origin.Origin`, its scope and its
    # `sha256`.
    mask_origin: dict[str, str | int | None] | None = None
    # Minutes of speech that a first model has labelled, beside `train_minutes` of transcribed.
    unlabelled_minutes: float | None = None
    # Token → label whose row of the upstream's CTC layer its own began with, "" where it was drawn.
    head: dict[str, str] | None = None
    # What was exported of it, in a study that asks for it: size, speed and errors of each file.
    exports: list[dict[str, bool | int | float | str]] | None = None
    train_seconds: float | None
    decode_seconds: float | None
    audio_seconds: float | None
    versions: dict[str, str]
    git: str | None

    @property
    def is_zero_shot(self) -> bool:
        """Whether nothing was trained: the upstream was decoded with the head it came with."""
        return self.updates == 0

    @property
    def environment(self) -> str:
        """The versions, and the device where it is known, which a number depends on, in words."""
        words = [f"{name} {version}" for name, version in self.versions.items()]
        if self.device is not None:
            words.append(f"trained on {self.device}")
        return ", ".join(words)

    def as_json(self) -> dict[str, Any]:
        """The fields as the file has them."""
        return {name.rstrip("_"): value for name, value in asdict(self).items()}

    def write(self, path: Path) -> None:
        """Write the result as JSON. It is measured here, whatever was unpacked there before."""
        write_json(path, self.as_json())
        path.with_name(UNPACKED).unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a result. Raises `UserError` when it is missing, damaged or lacks a field."""
        return cls.of(read_json(path), where=str(path))

    @classmethod
    def of(cls, loaded: Any, where: str) -> Self:
        """Make a result of what JSON held. Raises `UserError` naming missing, unknown and ill-typed
        fields.
        """
        names: dict[str, str] = {}
        optional: set[str] = set()
        for declared in fields(cls):
            names[declared.name.rstrip("_")] = declared.name
            if declared.default is None or declared.default_factory is not MISSING:
                optional.add(declared.name)
        wrong = [type(loaded).__name__]
        if isinstance(loaded, dict):
            wrong = sorted((loaded.keys() ^ names.keys()) - optional)
        if wrong:
            raise UserError(
                f"{where}: expected an experiment's result, found other fields: "
                f"{', '.join(wrong)}; the file is damaged or of another version: score again "
                f"(phn.sh's stages 13 and 14, glue.sh's stage 5), or delete it, and give the same "
                f"command"
            )
        types = get_type_hints(cls)
        values: dict[str, Any] = {}
        for name, value in loaded.items():
            kind = types[names[name]]
            if not fits(value, kind):
                raise _odd(where, name, _words(kind), value)
            values[names[name]] = value
        _check_values(where, loaded)
        return cls(**values | {"ci95": tuple(loaded["ci95"])})


def _odd(where: str, name: str, expected: str, value: object) -> UserError:
    return UserError(
        f"{where}: {name}: expected {expected}, found {excerpt(value)}; the file is damaged: "
        f"delete it, and give "
        "the same command"
    )


def _check_values(where: str, values: Mapping[str, Any]) -> None:
    """Raise `UserError` where a field is of its type, and yet nothing that can be measured or
    counted.
    """
    for name in FRACTIONS:
        if values[name] is not None and not 0 <= values[name] <= 1:
            raise _odd(where, name, "a fraction", values[name])
    for name in COUNTS:
        if values[name] is not None and not 0 <= values[name] <= LARGEST:
            raise _odd(where, name, "a count", values[name])
    if values["updates"] == 0 and (values.get("options") or {}).get("updates") != 0:
        raise _odd(where, "updates", "one at least", 0)
    if abs(values["seed"]) > LARGEST_SEED:
        raise _odd(where, "seed", "a seed", values["seed"])
    low, high = values["ci95"]
    if not -CLOSE <= values["error_rate"] <= LARGEST or not low <= high <= LARGEST:
        raise _odd(
            where, "error_rate, ci95", "a rate in an interval", (values["error_rate"], low, high)
        )
    for entry in values.get("exports") or []:
        _check_export(where, entry)
    for name, value in (values.get("mask_origin") or {}).items():
        kind = int if name == "seed" else str
        if value is not None and type(value) is not kind:
            raise _odd(where, f"mask_origin, {name}", "a number of a seed, or text", value)


def _check_export(where: str, entry: Mapping[str, Any]) -> None:
    """Raise `UserError` unless an entry of `exports` says what can be measured of a file."""
    if entry.keys() != set(EXPORTED):
        raise _odd(where, "exports", ", ".join(EXPORTED), ", ".join(entry))
    for name in EXPORTED:
        value = entry[name]
        is_text = name in ("format", "precision", "processor")
        if isinstance(value, str) != is_text or not (is_text or 0 <= value <= LARGEST):
            raise _odd(where, f"exports, {name}", "text" if is_text else "a number", value)


def fits(value: Any, kind: Any) -> bool:
    """Whether what JSON held is of a field's type: a whole number will do for a float, a list for a
    tuple.
    """
    if isinstance(kind, UnionType):
        return any(fits(value, choice) for choice in get_args(kind))
    if get_origin(kind) is dict:
        inner = get_args(kind)[1]
        return isinstance(value, dict) and all(fits(item, inner) for item in value.values())
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        return (
            isinstance(value, list | tuple)
            and len(value) == len(kinds)
            and all(map(fits, value, kinds))
        )
    if get_origin(kind) is list:
        inner = get_args(kind)[0]
        return isinstance(value, list) and all(fits(item, inner) for item in value)
    if kind is float:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and abs(value) <= sys.float_info.max
        )
    return type(value) is kind


def _words(kind: Any) -> str:
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return str(kind)


def versions() -> dict[str, str]:
    """Return the versions that a number depends on."""
    known = {"python": python_version()}
    for package in PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            continue  # parp-espnet itself may be used from its sources
    return known


def digest_of(rows: Iterable[Iterable[str]]) -> str:
    """SHA-256 of rows of words, in whatever order they come: of a set's ids, say, with the text of
    each.
    """
    lines = sorted("\t".join(row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def git_revision(directory: Path) -> str | None:
    """Return the commit, with `-dirty` when files differ from it; None outside of a checkout."""
    command = [
        "git",
        "-C",
        str(directory),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
