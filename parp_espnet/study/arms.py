"""What an experiment is in a study, as fields: its method, and the mask that it begins with. Names
are made of them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from parp_espnet.errors import excerpt
from parp_espnet.pruning.methods import Method, find_method, row_of
from parp_espnet.pruning.origin import TRAINED, Origin
from parp_espnet.pruning.scores import LEARNED, MAGNITUDE
from parp_espnet.scoring.result import Result
from parp_espnet.study import older

JOINT = "joint run"
"""Ends what a method is called in one run for several languages."""
ZERO_SHOT = "zero-shot"
USUAL_INTERVAL = 5
FINETUNED = "finetuned"
LETTERS = 8


@dataclass(frozen=True)
class Arm:
    """A method with what it begins with, and how sparse it becomes. Two results of one arm differ
    in data, seed and the like.
    """

    method: str
    joint: bool = False
    """Whether one run was for several languages."""
    first: str = ""
    """Where its first mask comes from, a `methods.Source` in lower case, where that is not the
    method's own.
    """
    languages: tuple[str, ...] = ()
    """Whose the mask is that it was given."""
    combined: str = ""
    """How that mask was combined of several, a word of `methods.HOW`."""
    run: str = ""
    """Method of the run that ended with that mask; nothing where it was ranked for OMP."""
    other: str = ""
    """What else tells that mask apart, and what it is called where nobody knows whose it is."""
    interval: int | None = None
    """Updates between two prunes, where that is not the usual number."""
    variant: str = ""
    """The options of pruning that differ in the study, in words."""
    zero_shot: bool = False
    """Whether nothing was trained."""
    sparsity: float | None = None
    """What it is to become; None where that is left open, as for a line of a figure."""
    finetunings: int | None = None
    """How many it costs, short ones included; None where that is left open."""

    @property
    def row(self) -> Method:
        """Its method's row in the table of methods."""
        return row_of(self.method)

    @property
    def prunes(self) -> bool:
        """Whether it prunes at all."""
        return self.row.prunes

    @property
    def is_dense(self) -> bool:
        """Whether all weights train, and none is pruned."""
        return not self.prunes and not self.row.adapts

    @property
    def at_any_sparsity(self) -> Self:
        """The same, its sparsity and what that costs left open."""
        return replace(self, sparsity=None, finetunings=None)

    @property
    def kind(self) -> Self:
        """The method and the mask that it begins with; interval, options and sparsity left open."""
        return replace(self.at_any_sparsity, interval=None, variant="")

    @property
    def usual(self) -> Self:
        """Its method as that usually is."""
        return type(self)(self.method)

    @property
    def given(self) -> str:
        """What the mask that it was given is called; "" where it has none."""
        if self.combined:
            words = [self.combined, "of", self.run, *self.languages]
        elif len(self.languages) > 1:
            words = ["joint", self.run]
        else:
            words = [*self.languages, self.run]
        return " ".join(filter(None, (*words, self.other)))

    @property
    def of_joint(self) -> bool:
        """Whether the mask that it was given is of a joint run."""
        return not self.combined and (len(self.languages) > 1 or self.languages == (older.JOINT,))

    @property
    def of_one(self) -> bool:
        """Whether it was given the mask of one language or task: OMP's ranking of it, of the same
        corpus.
        """
        return bool(self.given) and not (
            self.combined or self.of_joint or self.run or " " in self.given
        )

    @property
    def own(self) -> bool:
        """Whether it is its method alone: with a first mask of its own, in one language."""
        return self.kind == self.usual

    @property
    def plain(self) -> bool:
        """Whether it is its method as that usually is."""
        return self.at_any_sparsity == self.usual

    @property
    def name(self) -> str:
        """What tables call it."""
        words = [self.method]
        if self.joint:
            words.append(JOINT)
        elif self.given:
            words.append(f"mask of {self.given}")
        elif self.first:
            words.append(f"{self.first} mask")
        if self.zero_shot:
            words.append(ZERO_SHOT)
        return ", ".join(words)

    @property
    def label(self) -> str:
        """The name, and what else differs."""
        parts = [self.name]
        if self.interval is not None:
            parts.append(f"n = {self.interval}")
        if self.variant:
            parts.append(self.variant)
        return ", ".join(parts)

    @classmethod
    def of(cls, loaded: Mapping[str, Any]) -> Self:
        """Make one of what JSON held. Raises `TypeError` where a field is missing or not known."""
        values = dict(loaded)
        known = {field.name for field in fields(cls)}
        if not isinstance(values.get("method"), str) or not values.keys() <= known:
            raise TypeError(f"an arm: {excerpt(loaded)}")
        values["languages"] = tuple(map(str, values.get("languages", ())))
        return cls(**values)


def arm_of(result: Result, variant: str = "") -> Arm:
    """Return what a result's experiment is.

    Results of before have no fields, and paths are all that says where their masks come from.
    """
    common: dict[str, Any] = {
        "variant": variant,
        "sparsity": result.sparsity_target,
        "finetunings": result.finetuning_runs,
        "zero_shot": result.is_zero_shot,
    }
    if result.interval != USUAL_INTERVAL:
        common["interval"] = result.interval
    if is_joint(result):
        return Arm(result.method, joint=True, **common)
    origin = origin_of(result)
    if result.options is None or (origin is None and "initial_mask" in result.options):
        common |= older.fields_of(result)
        if common.get("other") and result.mask_origin is not None:
            common["other"] += f" {str(result.mask_origin.get('sha256'))[:LETTERS]}"
        return Arm(result.method, **common)
    if "initial_mask" in result.options and origin is not None:
        return Arm(result.method, **_given(origin, result), **common)
    first = str(result.options.get("first_mask", ""))
    if first == find_method(result.method).first_mask.name.lower():
        return Arm(result.method, **common)
    return Arm(result.method, first=first, **common)


def origin_of(result: Result) -> Origin | None:
    """Return whose the first mask is; None where it is not known."""
    if result.mask_origin is None:
        return None
    origin = Origin.of(result.mask_origin)
    return origin if origin.known else None


def _given(origin: Origin, result: Result) -> dict[str, Any]:
    """The fields of an arm whose mask is from elsewhere."""
    assert origin.source is not None
    assert origin.language is not None
    method = origin.method or ""
    parts: dict[str, Any] = {"languages": tuple(origin.language.split())}
    aside = []
    # Which upstream the mask came with, and of which seed that is, is told by the upstream.
    is_upstreams = _is_upstreams(result)
    if origin.parents is not None:
        parts |= {"combined": origin.source, "run": method}
    elif origin.source == TRAINED:
        parts["run"] = method
    elif origin.source != FINETUNED:
        aside.append(origin.source)
    if origin.upstream not in (None, result.upstream) and not is_upstreams:
        aside.append(f"on {origin.upstream}")
    corpora = {corpus_of_recipe(recipe) for recipe in (origin.recipe, result.recipe) if recipe}
    if len(corpora) > 1 and not is_upstreams:
        aside.append(f"in {origin.recipe}")
    scope = (result.mask_origin or {}).get("scope")
    if origin.parents is None and scope not in (
        None,
        (result.options or {}).get("scope", "global"),
    ):
        aside.append(f"ranked by {scope}")
    own_score = (result.options or {}).get("score", MAGNITUDE)
    # Learned scores are the method's own, which `run` tells.
    if origin.parents is None and origin.ranking not in (None, own_score, LEARNED):
        aside.append(f"by {origin.ranking}")
    if origin.seed not in (None, result.seed) and not is_upstreams:
        aside.append(f"seed {origin.seed}")
    return parts | {"other": " ".join(aside)}


def _is_upstreams(result: Result) -> bool:
    """Whether the first mask is the one that the upstream, an experiment, ended with."""
    upstream = os.path.normpath(Path(result.recipe) / result.upstream)
    return str(Path(result.initial_mask or "").parent) == upstream


def corpus_of_recipe(recipe: str) -> str:
    """Return the folder that recipes of the same corpus are in."""
    return recipe.rpartition("/")[0]


def is_joint(result: Result) -> bool:
    """Whether one run was for several languages, of which the result is one or all."""
    if result.train_languages is not None:
        return len(result.train_languages) > 1
    return older.is_joint(result)


def is_total(result: Result) -> bool:
    """Whether the result is of all languages of a joint run together."""
    if not is_joint(result):
        return False
    if result.train_languages is not None:
        return result.language not in result.train_languages
    return " " in (result.language or "")


def corpus_of(result: Result) -> str:
    """Return what speech or text the result is of: the corpus, or the folder of the recipe where it
    has none.
    """
    corpus = (result.options or {}).get("corpus")
    if corpus is None:
        return older.corpus_of(result)
    return str(corpus)
