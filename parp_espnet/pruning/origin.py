"""Where a mask comes from, as fields that stand in its file: nothing has to be guessed from where
the file lies.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from parp_espnet.errors import UserError, excerpt
from parp_espnet.files import read_json

EXPERIMENT = "experiment.json"
"""In an experiment's directory: its options, and whose it is, for the masks that it leaves."""
ORIGIN = "origin.json"
"""What older versions had of the latter."""
TRAINED = "trained"
"""The source of a mask that a finetuning ended with; what an experiment says of its training."""


@dataclass(frozen=True)
class Origin:
    """Where a mask comes from; None is what is not known, as of a mask that is older than these
    fields.
    """

    source: str | None = None
    """A `methods.Source` in lower case, `TRAINED`, or how it was combined, a word of `methods.HOW`.
    """
    method: str | None = None
    """Of the experiment that it was made for, or that ended with it."""
    recipe: str | None = None
    """Of that experiment, from the project's directory."""
    language: str | None = None
    """Language or task, several with spaces between them."""
    seed: int | None = None
    upstream: str | None = None
    ranking: str | None = None
    """What the weights were ranked by, of `scores.SCORES`; None where nothing was ranked, as in a
    random draw.
    """
    parents: str | None = None
    """`sha256` of each mask that it was combined of, with spaces between them."""

    @property
    def known(self) -> bool:
        """Whether it says whose mask it is."""
        return self.source is not None and self.language is not None

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as results have them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def metadata(self) -> dict[str, str]:
        """The fields that are known, as a safetensors file has them."""
        told: dict[str, str] = {}
        for name, value in self.as_dict().items():
            if value is not None:
                told[name] = json.dumps(value)
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Make one of what a file held; names of other fields are let alone.

        Raises `ValueError` where a field is of another type.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            if told.get(field.name) is not None:
                values[field.name] = told[field.name]
        for name, value in values.items():
            expected = int if name == "seed" else str
            if type(value) is not expected:
                what = "a whole number" if expected is int else "text"
                raise ValueError(f"{name}: expected {what}, found {excerpt(value)}")
        return cls(**values)

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Self:
        """Make one of a file's metadata. Raises `ValueError` where a field is no JSON, or of
        another type.
        """
        told: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in metadata:
                told[field.name] = json.loads(metadata[field.name])
        return cls.of(told)

    @classmethod
    def of_experiment(cls, directory: Path) -> Self:
        """Read what an experiment's directory says of it; nothing where it says nothing, as one of
        before.

        Raises `UserError` where the file is damaged.
        """
        file, told = said_of_training(directory)
        if told is None:
            return cls()
        try:
            return cls.of(told)
        except (ValueError, AttributeError) as error:
            raise UserError(
                f"{file}: expected whose experiment it is ({error}); run its training stage again"
            ) from None

    def over(self, other: "Origin") -> "Origin":
        """The same, with the fields of `other` where it does not know them itself."""
        known: dict[str, Any] = {}
        for name, value in self.as_dict().items():
            if value is not None:
                known[name] = value
        return replace(other, **known)


UNKNOWN = Origin()


def said_of_training(directory: Path) -> tuple[Path, Any]:
    """Return what an experiment's directory says of its training, and the file that says it.

    None where it says nothing. Raises `UserError` where the file is damaged.
    """
    file = directory / EXPERIMENT
    if file.is_file():
        told = read_json(file)
        if not isinstance(told, dict):
            raise UserError(
                f"{file}: expected the options of an experiment, found {excerpt(told)}; "
                f"run its training stage again"
            )
        if TRAINED in told:
            return file, told[TRAINED]
    old = directory / ORIGIN
    return old, read_json(old) if old.is_file() else None
