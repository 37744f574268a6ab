"""A study's YAML: recipes, options that all experiments share, and arms, each a small grid.

    arms:
        curves: {method: [mpi, omp, parp], sparsity: [0.5, 0.7], seed: [0, 1, 2]}
        transfer: {method: [transfer, parp], sparsity: 0.5, mask_of: {arm: curves, language:
        others}}

An arm is options of `phn.sh` (for text, `glue.sh`) by name; a list is a choice, and the arm is
every combination of its choices in each of its `languages` (or tasks). `mask_of` begins with the
mask of another experiment: see `MaskOf`; `upstream_of` goes on from one: see `UpstreamOf`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Self

from parp_espnet.errors import UserError, excerpt
from parp_espnet.export.formats import MEASURED
from parp_espnet.files import parse_yaml, text_of
from parp_espnet.pruning.methods import HOW
from parp_espnet.study.written import misread, repeated

KEYS = {"recipes", "options", "arms"}
OPTIONAL = {"exports"}
NO_OPTIONS = (
    *("help", "recipe", "dry_run"),
    *("stage", "stop_stage", "skip_train", "skip_eval"),
)
"""Options of a template that are none of an experiment, or with which none would be complete."""
OWN = ("languages", "mask_of", "upstream_of")
"""Keys of an arm that are the study's, not the template's options."""


@dataclass(frozen=True)
class MaskOf:
    """Whose mask an experiment begins with."""

    arm: str
    """Name of the arm."""
    languages: tuple[str, ...]
    """Languages of that arm's experiments: one mask each, or one of all of them where they are
    combined.
    """
    combine: str | None = None
    """How the masks of several languages become one: a word of `pruning.methods.HOW`."""
    method: str | None = None
    """Of which method's experiments, where the arm has several."""
    others: bool = False
    """Whether no experiment begins with a mask of its own language."""

    def sources(self, target: str, adjusts: bool) -> list[tuple[str, ...]]:
        """The languages of each mask to begin with in the language `target`.

        A mask of its own language is left out where it stays as it is: that is the source's
        experiment itself.
        """
        if self.combine is not None:
            together = self.languages
            if self.others:
                together = tuple(language for language in together if language != target)
            return [together] if together else []
        own = adjusts and not self.others
        return [(language,) for language in self.languages if own or language != target]

    @classmethod
    def of(cls, values: Any, recipes: Sequence[str]) -> Self:
        """Read `{arm: A, language: L}` or `{arm: A, method: M, languages: all | others | [L, …],
        combine: union}`.

        Raises `ValueError` that says what was expected.
        """
        allowed = {"arm", "method", "language", "languages", "combine"}
        if (
            not isinstance(values, dict)
            or not values.keys() <= allowed
            or not isinstance(values.get("arm"), str)
        ):
            raise ValueError(f"mask_of: expected arm and language(s), found {excerpt(values)}")
        wanted: Any = values.get("languages", "all")
        if {"language", "languages"} <= values.keys():
            raise ValueError("mask_of: language and languages: expected one of them, found both")
        if "language" in values:
            wanted = [values["language"]]
        if wanted not in ("all", "others") and not isinstance(wanted, list):
            raise ValueError(
                f"mask_of: languages: expected all, others or a list, found {excerpt(wanted)}"
            )
        if not isinstance(values.get("method", ""), str):
            raise ValueError(f"mask_of: method: expected a name, found {excerpt(values['method'])}")
        if not wanted:
            raise ValueError("mask_of: languages: expected one or more, found none")
        names = list(recipes) if wanted in ("all", "others") else list(wanted)
        try:
            _check_languages(names, recipes)
        except ValueError as error:
            raise ValueError(f"mask_of: {error}") from None
        combine = values.get("combine")
        if combine is not None:
            _check_combination(combine)
        return cls(values["arm"], tuple(names), combine, values.get("method"), wanted == "others")


@dataclass(frozen=True)
class UpstreamOf:
    """Which experiment others go on from: that of an arm in a language, of the same seed if there
    are several.
    """

    arm: str
    language: str
    method: str | None = None
    """Of which method's experiments, where the arm has several."""

    @classmethod
    def of(cls, values: Any, recipes: Sequence[str]) -> Self:
        """Read `{arm: A, language: L}` or `{arm: A, method: M, language: L}`.

        Raises `ValueError` that says what was expected.
        """
        needed, known = {"arm", "language"}, {"arm", "language", "method"}
        is_mapping = isinstance(values, dict) and needed <= values.keys() <= known
        if not is_mapping or not all(isinstance(value, str) for value in values.values()):
            raise ValueError(f"upstream_of: expected arm and language, found {excerpt(values)}")
        if values["language"] not in recipes:
            raise ValueError(f"upstream_of: language {values['language']} has no recipe")
        return cls(**values)


@dataclass(frozen=True)
class PlannedArm:
    """An arm as the study's file plans it: a small grid of experiments, each an `arms.Arm`."""

    name: str
    languages: tuple[str, ...]
    choices: Mapping[str, tuple[Any, ...]]
    """Values of each option; most have one."""
    mask_of: MaskOf | None
    upstream_of: UpstreamOf | None = None

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Every combination of the choices, by the options' names."""
        for values in product(*self.choices.values()):
            yield dict(zip(self.choices, values, strict=True))


@dataclass(frozen=True)
class Grid:
    """A study as its file has it."""

    recipes: Mapping[str, str]
    options: Mapping[str, Any]
    arms: tuple[PlannedArm, ...]
    exports: tuple[str, ...] = ()
    """Formats whose size and speed are measured of every experiment."""


def read_grid(path: Path) -> tuple[Grid, list[str]]:
    """Read a study's YAML; also returns what is wrong in single arms, which are left out.

    Raises `UserError` when the file is no study at all.
    """
    study, text = _load(path)
    recipes, arms, faults = study["recipes"], [], []
    odd = set()
    for arm, fault in misread(text, aside=OWN):
        if arm is None:
            raise UserError(f"{path}: options: {fault}")
        odd.add(arm)
        faults.append(f"arm {arm}: {fault}")
    for name, values in study["arms"].items():
        if str(name) in odd:
            continue
        try:
            arms.append(_arm(str(name), values, list(recipes)))
        except ValueError as error:
            faults.append(f"arm {name}: {error}")
    options = {} if study.get("options") is None else study["options"]
    try:
        _check_shared(options)
    except ValueError as error:
        raise UserError(f"{path}: options: {error}") from None
    try:
        exports = _exports(study.get("exports"))
    except ValueError as error:
        raise UserError(f"{path}: exports: {error}") from None
    return Grid(recipes, options, tuple(arms), exports), faults


def _check_shared(options: object) -> None:
    """Raise `ValueError` unless each is a name with one plain value."""
    if not isinstance(options, dict) or list in map(type, options.values()):
        raise ValueError(f"expected one value for each option, found {excerpt(options)}")
    _check_options(options)


def _exports(wanted: object) -> tuple[str, ...]:
    """The formats of a study's exports. Raises `ValueError` where one is none that is measured."""
    if wanted is None:
        return ()
    if not isinstance(wanted, list) or any(name not in MEASURED for name in wanted):
        known = ", ".join(MEASURED)
        raise ValueError(f"expected a list of some of {known}, found {excerpt(wanted)}")
    return tuple(dict.fromkeys(wanted))


def _check_options(options: Mapping[Any, Any]) -> None:
    """Raise `ValueError` unless each is a name with a plain value, or a list of such."""
    known: set[str] = set()
    for name, value in options.items():
        # An option may be written with - for _.
        plain = str(name).replace("-", "_")
        if not isinstance(name, str) or plain in NO_OPTIONS:
            raise ValueError(f"{name}: expected the name of an option of an experiment")
        if plain in known:
            raise ValueError(
                f"{name}: expected each option once, found it twice, with - and with _"
            )
        known.add(plain)
        for choice in _choices(value):
            # YAML has dates, too, and null.
            if not isinstance(choice, str | int | float) or "\0" in str(choice):
                raise ValueError(f"{name}: expected text or a number, found {excerpt(choice)}")


def _choices(value: Any) -> tuple[Any, ...]:
    """The values of an option: those of a list, or the one that it has."""
    if isinstance(value, list):
        return tuple(value)
    return (value,)


def _check_languages(names: Sequence[Any], recipes: Sequence[str]) -> None:
    unknown = [str(name) for name in names if name not in recipes]
    if unknown:
        raise ValueError(f"language {', '.join(unknown)} has no recipe")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"languages: expected each once, found {', '.join(twice)} twice")


def _arm(name: str, values: Any, languages: list[str]) -> PlannedArm:
    if not isinstance(values, dict):
        raise ValueError(f"expected options by name, found {excerpt(values)}")
    own = values.get("languages", languages)
    if not isinstance(own, list):
        raise ValueError(f"languages: expected a list, found {excerpt(own)}")
    if not own:
        raise ValueError("languages: expected one or more, found none")
    _check_languages(own, languages)
    options = dict(values)
    for key in OWN:
        options.pop(key, None)
    choices = {}
    for option, value in options.items():
        choices[option] = _choices(value)
        if not choices[option]:
            raise ValueError(f"{option}: expected a value, found an empty list")
    _check_options(options)
    mask_of = None
    if "mask_of" in values:
        mask_of = MaskOf.of(values["mask_of"], languages)
        if not {"initial_mask", "initial-mask"}.isdisjoint(values):
            raise ValueError("initial_mask and mask_of: expected one of them, found both")
    upstream_of = None
    if "upstream_of" in values:
        upstream_of = UpstreamOf.of(values["upstream_of"], languages)
        if "upstream" in values:
            raise ValueError("upstream and upstream_of: expected one of them, found both")
    return PlannedArm(name, tuple(own), choices, mask_of, upstream_of)


def _check_combination(combine: object) -> None:
    if not isinstance(combine, str) or combine not in HOW:
        raise ValueError(f"mask_of: combine: expected one of {', '.join(HOW)}, found {combine}")


def _load(path: Path) -> tuple[Mapping[str, Any], str]:
    """A study's file as YAML reads it, and as it is written."""
    others = [other.stem for other in path.parent.glob("*.yaml")]
    text = text_of(path, f"no such study; there are {', '.join(sorted(others)) or 'none'}")
    try:
        study = parse_yaml(text)
    except ValueError as error:
        raise UserError(f"{path}: expected YAML ({' '.join(str(error).split())})") from None
    twice = list(repeated(text))
    if twice:
        raise UserError(f"{path}: expected each name once, found {'; '.join(twice)}")
    odd = _odd(study)
    if odd:
        raise UserError(f"{path}: expected a study with {', '.join(sorted(KEYS))}, found {odd}")
    for language, recipe in study["recipes"].items():
        # YAML reads `no: egs2/x/no` as false.
        if not isinstance(language, str) or not isinstance(recipe, str) or "\0" in recipe:
            raise UserError(
                f"{path}: recipes: expected text, found {excerpt(language)}: {excerpt(recipe)}"
            )
    return dict(study), text


def _odd(study: object) -> str:
    """Say what of a study's file is not a study's; "" where nothing is."""
    if study is None:
        return "nothing"
    if not isinstance(study, dict):
        return f"a {type(study).__name__}"
    words = []
    for key in study:
        if key not in KEYS | OPTIONAL:
            words.append(f"also {str(key)[:60]}")
    for key in ("recipes", "arms"):
        if not study.get(key) or not isinstance(study[key], dict):
            words.append(f"no names under {key}")
    return "; ".join(words)
