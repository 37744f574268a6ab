"""What differs between a study's results beside method, sparsity and seed, for names and columns of
it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, filterfalse

from parp_espnet.pruning.methods import row_of
from parp_espnet.pruning.ranking import RATES
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import arm_of
from parp_espnet.study.comparable import OF_A_METHOD, PRUNING, options_beside

AMOUNTS = ("minutes", "examples")
"""What is said of how much a model was trained on."""
DIGEST = 8
"""Letters of a hash that is shown."""


@dataclass(frozen=True)
class Differences:
    """The names of what differs in a study, in the order of a table's columns; of those of `KNOWN`
    also the recipes and languages in which they do: elsewhere they are no words of a name.
    """

    names: tuple[str, ...]
    known_in: frozenset[tuple[str, str, str | None]] = frozenset()
    one_file_each: bool = False
    """Whether files of rates need no hash, since each is of a language and sparsity of its own."""

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Differences":
        """Find what differs between results of the same recipe: what a recipe always has is the
        recipe's.
        """
        told = [_facets(result) for result in results]
        names = dict.fromkeys(chain.from_iterable(told))
        differing = [name for name in names if _differs(name, results, told)]
        known_in: set[tuple[str, str, str | None]] = set()
        for name in KNOWN:
            places = _where_known_differ(name, results, told)
            if places:
                differing.append(name)
            known_in.update((name, *place) for place in places)
        if _masks_differ(results, told):
            differing.append(FIRST_MASK)
        return cls(tuple(differing), frozenset(known_in), not _rates_differ(results, told))

    def pruning(self, result: Result) -> str:
        """The options of pruning that differ, in words; what a result has by default is
        left out.
        """
        return self._words(result, filter(_is_of_pruning, self.names))

    def others(self, result: Result) -> str:
        """All else that differs, in words."""
        return self._words(result, filterfalse(_is_of_pruning, self.names))

    def all(self, result: Result) -> str:
        """Both of them."""
        return self._words(result, self.names)

    def value(self, name: str, result: Result) -> str:
        """What stands in the column of that name."""
        if name in KNOWN:
            return KNOWN[name](result)[:DIGEST]
        if name == FIRST_MASK:
            return _given_mask(result)[:DIGEST]
        usual = "" if result.options is None else "default"
        return self._facets(result).get(name, usual)

    def values(self, result: Result) -> list[str]:
        """What stands in all these columns, in their order."""
        return [self.value(name, result) for name in self.names]

    def _facets(self, result: Result) -> dict[str, str]:
        facets = _facets(result)
        if self.one_file_each and _rates(facets):
            facets["scope"] = RATES
        return facets

    def _words(self, result: Result, names: Iterable[str]) -> str:
        facets = self._facets(result)
        words = []
        for name in names:
            value = facets.get(name)
            if name in KNOWN and (name, result.recipe, result.language) not in self.known_in:
                continue
            if name in (*KNOWN, FIRST_MASK):
                value = self.value(name, result) or None
            if value is not None:
                words.append(f"{name} {value}")
        return ", ".join(words)


def _is_of_pruning(name: str) -> bool:
    return name in PRUNING or name == FIRST_MASK


@dataclass(frozen=True)
class Intervals:
    """Which methods have several intervals of adjusting in a study."""

    methods: frozenset[str]

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Intervals":
        """Find them."""
        intervals: dict[str, set[int]] = {}
        for result in results:
            if result.interval is not None:
                intervals.setdefault(result.method, set()).add(result.interval)
        return cls(frozenset(method for method, several in intervals.items() if len(several) > 1))

    def word(self, result: Result) -> str:
        """The interval, where its method has several."""
        if result.interval is None or result.method not in self.methods:
            return ""
        return f"n = {result.interval}"


def _processor(result: Result) -> str:
    """CPU or GPU: their sums differ in the last bits, and so after hundreds of updates do error
    rates.
    """
    if result.device is None:
        return ""
    return "CPU" if result.device == "cpu" else "GPU"


KNOWN: Mapping[str, Callable[[Result], str]] = {
    "training data": lambda result: result.train_sha256 or "",
    "references": lambda result: result.reference_sha256 or "",
    "trained on": _processor,
}
"""What may differ between results that are otherwise alike; "" where it is not known, which is no
difference.
"""
FIRST_MASK = "first mask"
"""Likewise the mask that was given."""


def _facets(result: Result) -> dict[str, str]:
    facets = {}
    if result.train_minutes is not None:
        facets["minutes"] = f"{result.train_minutes:g}"
    if result.train_examples is not None:
        facets["examples"] = str(result.train_examples)
    if result.dataset:
        facets["dataset"] = result.dataset
    if result.metric:
        facets["metric"] = result.metric
    if result.merges:
        merges = [f"{phone} as {other}" for phone, other in result.merges.items()]
        facets["merged"] = ", ".join(merges)
    return facets | options_beside(result)


def _differs(name: str, results: Sequence[Result], told: Sequence[Mapping[str, str]]) -> bool:
    values: dict[tuple[object, ...], set[str | None]] = {}
    for result, facets in zip(results, told, strict=True):
        place: tuple[object, ...] = (result.recipe,)
        if name in PRUNING and not (result.sparsity_target or row_of(result.method).adapts):
            continue  # nothing is pruned, whatever they say
        if name in OF_A_METHOD:
            place = (*place, result.method)
        if name == "prune_pattern":
            # It has the names of a model's own weights.
            place = (*place, result.upstream)
        if name == "start_sparsity":
            place = (*place, result.sparsity_target)
        if result.options is not None or name in facets:
            values.setdefault(place, set()).add(facets.get(name))
    return max(map(len, values.values()), default=0) > 1


def _where_known_differ(
    name: str, results: Sequence[Result], told: Sequence[Mapping[str, str]]
) -> set[tuple[str, str | None]]:
    """The recipes and languages in which one of `KNOWN` differs between results that are alike in
    all else that says what they are.
    """
    values: dict[tuple[object, ...], set[str]] = {}
    differing = set()
    for result, facets in zip(results, told, strict=True):
        value = KNOWN[name](result)
        if not value:
            continue
        place = (result.recipe, result.language, result.dataset, *sorted(facets.items()))
        values.setdefault(place, set()).add(value)
        if len(values[place]) > 1:
            differing.add((result.recipe, result.language))
    return differing


def _given_mask(result: Result) -> str:
    """The hash of the mask that a result was given; "" where it has its own, or it is not known."""
    if result.mask_origin is None or "initial_mask" not in (result.options or {}):
        return ""
    return str(result.mask_origin.get("sha256") or "")


def _masks_differ(results: Sequence[Result], told: Sequence[Mapping[str, str]]) -> bool:
    """Whether results that are alike in all else, the seed included, were given different masks."""
    values: dict[object, set[str]] = {}
    for result, facets in zip(results, told, strict=True):
        digest = _given_mask(result)
        if digest:
            values.setdefault((result.seed, _alike(result, facets)), set()).add(digest)
    return max(map(len, values.values()), default=0) > 1


def _rates_differ(results: Sequence[Result], told: Sequence[Mapping[str, str]]) -> bool:
    """Whether results that are alike in all else had different files of rates as their scope: seeds
    of one language and sparsity share a file.
    """
    values: dict[object, set[str]] = {}
    for result, facets in zip(results, told, strict=True):
        rates = _rates(facets)
        if rates:
            values.setdefault(_alike(result, {**facets, "scope": RATES}), set()).add(rates)
    return max(map(len, values.values()), default=0) > 1


def _rates(facets: Mapping[str, str]) -> str:
    """What a file of rates is called; "" where the scope is none."""
    scope = facets.get("scope", "")
    return scope if scope.startswith(f"{RATES} ") else ""


def _alike(result: Result, facets: Mapping[str, str]) -> object:
    """All that says what a result is of, but its seed and the file that it was given."""
    return (
        result.recipe,
        result.language,
        arm_of(result),
        result.sparsity_target,
        result.updates,
        result.freeze_updates,
        result.upstream,
        *sorted(facets.items()),
    )
