"""Searches of an experiment whose weights were tuned on its validation set."""

import math
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from parp_espnet.decoding.platt import AS_THEY_ARE, Platt
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.errors import UserError
from parp_espnet.export.asked import LARGEST_BEAM
from parp_espnet.files import read_json
from parp_espnet.json_numbers import number, whole

TUNED = "weights.json"


@dataclass(frozen=True)
class Tuned:
    """A prefix beam search, and what it weighs. Raises `ValueError` for numbers that no search
    has.
    """

    name: str
    """Name of its directory in the experiment's."""
    beam: int
    weights: Weights
    tuned_on: str
    """The data set whose errors chose the weights."""
    error_rate: float
    """Its error rate there, a fraction."""
    ngram: Path | None = None
    """The n-gram that it weighs; it may be gone since."""
    lm: Path | None = None
    """ESPnet's language model, beside its config.yaml; it may be gone since."""
    calibration: Platt = AS_THEY_ARE
    """Of how sure it is, by what it found of that set."""

    def __post_init__(self) -> None:
        if not 1 <= self.beam <= LARGEST_BEAM:
            raise ValueError(f"{self.name}: a beam of {self.beam}")
        if not all(math.isfinite(number) for number in (*astuple(self.weights), self.error_rate)):
            raise ValueError(f"{self.name}: weights and an error rate that are no numbers")

    @classmethod
    def from_json(
        cls, entry: Mapping[str, Any], ngram: Path | None = None, lm: Path | None = None
    ) -> "Tuned":
        """Return a search as bundles and packs have it, whose language models are where they say.

        Raises `KeyError`, `TypeError`, `ValueError`, `AttributeError` or `OverflowError` where it
        is damaged.
        """
        return cls(
            name=str(entry["name"]),
            beam=whole(entry["beam"]),
            weights=Weights(**{name: number(value) for name, value in entry["weights"].items()}),
            tuned_on=str(entry["tuned_on"]),
            error_rate=number(entry["error_rate"]),
            ngram=ngram,
            lm=lm,
            calibration=Platt.from_json(entry.get("calibration")),
        )

    @property
    def lost_ngram(self) -> Path | None:
        """The n-gram, where it has a weight and is gone."""
        if self.ngram is None or not self.weights.ngram_weight or self.ngram.is_file():
            return None
        return self.ngram

    @property
    def lost_lm(self) -> Path | None:
        """What is gone of ESPnet's language model, where it has a weight."""
        if self.lm is None or not self.weights.lm_weight:
            return None
        for path in (self.lm, self.lm.with_name("config.yaml")):
            if not path.is_file():
                return path
        return None

    def check(self, otherwise: str) -> None:
        """Raise `UserError` where a language model that it weighs is gone.

        Args:
            otherwise: what else can be done.
        """
        lost = self.lost_lm or self.lost_ngram
        if lost is not None:
            raise UserError(
                f"{self.name}: its language model {lost} is gone; bring it back (the recipe's "
                f"stages 6 to 12 make it), or {otherwise}"
            )

    @property
    def told(self) -> str:
        """The search in words."""
        parts = [f"beam {self.beam}"]
        if self.lm is not None:
            parts.append(f"ESPnet's LM × {self.weights.lm_weight:g}")
        if self.ngram is not None:
            parts.append(f"{self.ngram.name} × {self.weights.ngram_weight:g}")
        parts.append(f"penalty {self.weights.penalty:g}")
        return f"{', '.join(parts)} (tuned on {self.tuned_on}: {100 * self.error_rate:.2f} %)"


def find_tuned(experiment: Path) -> tuple[Tuned, ...]:
    """Return the tuned searches that an experiment has, that with the least errors first.

    Errors compare where they are of the same set, counted in the same: of searches that were judged
    otherwise than the newest one, an earlier version's aside, all come behind.

    A language model may be gone: whoever needs it says so. Raises `UserError` where what was tuned
    is damaged.
    """
    found: list[tuple[Tuned, Any, int]] = []
    for path in sorted(experiment.glob(f"decode_*/*/{TUNED}")):
        told = read_json(path)
        tuned = _read(experiment, path, told)
        if tuned is not None:
            found.append((tuned, told, path.stat().st_mtime_ns))
    if not found:
        return ()
    _, newest, _ = max(found, key=lambda one: one[2])

    def place(one: tuple[Tuned, Any, int]) -> tuple[bool, float, str]:
        tuned, told, _ = one
        return not _judged_alike(told, newest), tuned.error_rate, tuned.name

    return tuple(tuned for tuned, _, _ in sorted(found, key=place))


def _judged_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two searches were tuned on the same set, by errors in the same, for all that is
    known.
    """
    for name in ("tuned_on", "metric", "merges"):
        if name in one and name in other and one[name] != other[name]:
            return False
    return True


def _read(experiment: Path, path: Path, weights: Any) -> Tuned | None:
    """A tuned search, of what its file at `path` holds; None where ESPnet's own has to search."""
    decoding = path.parent.parent
    searched = sorted(decoding.glob("*/decode.json"))
    if not searched:
        return None
    told = read_json(searched[0])
    if not isinstance(told, dict):
        raise UserError(f"{searched[0]}: expected how it was decoded, found others; decode again")
    beam = re.fullmatch(r"beam (\d+)", str(told.get("decoding")))
    if beam is None:
        # ESPnet's own search, which needs ESPnet.
        return None
    try:
        chosen = Weights(
            *(number(weights[name]) for name in ("lm_weight", "ngram_weight", "penalty"))
        )
        return Tuned(
            name=decoding.name,
            beam=int(beam[1]),
            weights=chosen,
            tuned_on=str(weights["tuned_on"]),
            error_rate=number(weights["error_rate"]),
            ngram=_lead(experiment, told.get("ngram")),
            lm=_lead(experiment, told.get("lm")),
            calibration=Platt.from_json(weights.get("calibration")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UserError(f"{path}: expected weights of a search, found others; tune again") from None


def _lead(experiment: Path, given: object) -> Path | None:
    """The language model that a recipe's path leads to; the path itself, where it is gone."""
    if given is None:
        return None
    folders = [*experiment.absolute().parents, *experiment.resolve().parents, Path.cwd()]
    for folder in folders:
        if (folder / str(given)).is_file():
            return folder / str(given)
    return Path(str(given))
