"""What two results of a study have to share to be compared, and which options tell them apart."""

from collections.abc import Iterable, Mapping, Sequence

from parp_espnet.corpora.registry import FOLDERS
from parp_espnet.pruning.patterns import is_pattern
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import corpus_of_recipe

RANKING = ("score", "raw_speech", "scope", "pattern", "prune_biases", "prune_pattern")
"""Options that say what is pruned and how it is ranked, of whichever method."""
OF_A_METHOD = (
    *("sparsity_path", "growth_updates", "start_sparsity"),
    *("round_updates", "score_lr", "alpha", "adapter_rank"),
)
"""Options of pruning that some methods alone have."""
TEACHING = ("teacher", "teacher_weight")
"""Who teaches a pruned model, of whichever method: one that is taught is told from others."""
PRUNING = (*RANKING, *OF_A_METHOD, *TEACHING)
TOLD = frozenset({
    "method", "sparsity", "interval", "seed", "updates", "freeze_updates", "upstream",
    "upstream_init", "model", "task",
    "train_minutes", "train_examples", "lang", "corpus", "initial_mask", "first_mask", "test_set",
    "metric", "merge",
    "use_ngram", "use_lm", "beam_size", "search",
})  # fmt: skip
"""Options that a result has a field for, or its decoding, or that its arm tells."""
WHERE = frozenset({"ngpu", "num_nodes", "skip_check", "allow_pipes", "glue", *FOLDERS})
"""Options that say where it ran and where its data were: the hash of the data says what these are.
"""
LARGEST = 1e16
"""Whole numbers up to it are written out."""
RATE = "lr"
"""The option that may be chosen for each method."""


def options_beside(result: Result) -> dict[str, str]:
    """Return the options that only `options` has, in words; nothing of a result of before it."""
    options = result.options or {}
    beside = {}
    for name, value in options.items():
        if name not in TOLD and name not in WHERE:
            beside[_called(name, value)] = _spelled(value)
    ranks = _count(options, "num_nodes", 1) * max(1, _count(options, "ngpu", 0))
    if ranks > 1:
        beside["ranks"] = str(ranks)
    return beside


def _called(name: str, value: object) -> str:
    """What a user calls an option of that value: experiments have a pattern as their scope, as 2:4
    was before there were patterns.
    """
    return "pattern" if name == "scope" and is_pattern(value) else name


def _count(options: Mapping[str, object], name: str, usual: int) -> int:
    """An option that is a whole number; the usual one where it is none."""
    value = options.get(name)
    return value if type(value) is int else usual


def chosen_by_method(results: Sequence[Result]) -> dict[str | None, tuple[str, ...]]:
    """Return for each language the options that every method has one value of in each recipe, its
    own: a learning rate that was chosen for each on the validation set belongs to the method.
    """
    rates: dict[str | None, dict[str, dict[str, set[object]]]] = {}
    for result in results:
        by_recipe = rates.setdefault(result.language, {})
        by_method = by_recipe.setdefault(result.recipe, {})
        by_method.setdefault(result.method, set()).add((result.options or {}).get(RATE))
    chosen: dict[str | None, tuple[str, ...]] = {}
    for language, by_recipe in rates.items():
        is_chosen = any(map(_each_has_its_own, by_recipe.values()))
        is_one_each = all(map(_has_one_each, by_recipe.values()))
        chosen[language] = (RATE,) if is_chosen and is_one_each else ()
    return chosen


def _has_one_each(by_method: Mapping[str, set[object]]) -> bool:
    return all(len(values) == 1 for values in by_method.values())


def _each_has_its_own(by_method: Mapping[str, set[object]]) -> bool:
    return len(set().union(*by_method.values())) > 1


def shared_options(result: Result, aside: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Return the options that two results have to share to be compared: all but those
    of pruning.

    Args:
        aside: more that they need not share.
    """
    options = options_beside(result)
    for name in (*PRUNING, *aside):
        options.pop(name, None)
    return tuple(sorted(options.items()))


def ranking_options(result: Result) -> tuple[str | None, ...]:
    """Return what is pruned and how it is ranked."""
    options = options_beside(result)
    return tuple(options.get(name) for name in RANKING)


def same_data(first: Result, second: Result) -> bool:
    """Whether, for all that is known, two results were scored on the same references after the same
    training data.
    """
    trained = (first.train_sha256, second.train_sha256)
    same_training = None in trained or trained[0] == trained[1]
    return same_training and same_references(first, second)


def same_references(first: Result, second: Result) -> bool:
    """Whether two results were scored on the same references; where those are not known, whether
    they are of the same corpus.
    """
    if first.reference_sha256 is None or second.reference_sha256 is None:
        return corpus_of_recipe(first.recipe) == corpus_of_recipe(second.recipe)
    return first.reference_sha256 == second.reference_sha256


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return str(value)
    # A file's name has no "+": of 1e+07 it would say 1e-07.
    return f"{value:.0f}" if value.is_integer() and abs(value) < LARGEST else f"{value:g}"
