"""Choose a search's weights by the errors on a validation set: every choice of a small grid is
tried, which grows where the best choice is at its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import product

from parp_espnet.decoding.whole_set import Weights
from parp_espnet.scoring.per import Total

ONE_MODEL = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
TWO_MODELS = (0.0, 0.2, 0.4, 0.6, 0.8)
PENALTIES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)
BEYOND: Mapping[str, Sequence[float]] = {
    "lm_weight": (1.0, 1.25, 1.5, 2.0, 2.5, 3.0),
    "ngram_weight": (1.0, 1.25, 1.5, 2.0, 2.5, 3.0),
    "penalty": (3.0, 3.5, 4.0, 5.0, 6.0, 8.0),
}
"""What is tried after a grid at whose end the best choice is."""
HEAD = ("lm_weight", "ngram_weight", "penalty", "error_rate", "sub", "ins", "del")


@dataclass(frozen=True)
class Given:
    """What the user has chosen already; None is to be tuned."""

    lm_weight: float | None = None
    ngram_weight: float | None = None
    penalty: float | None = None


@dataclass(frozen=True)
class Tried:
    """A choice of weights, and its errors."""

    weights: Weights
    total: Total


def grid(given: Given, has_lm: bool, has_ngram: bool) -> list[Weights]:
    """Return the choices to try, the least weights first. A model that there is not has
    weight 0.
    """
    usual = TWO_MODELS if has_lm and has_ngram else ONE_MODEL

    def values(there: bool, chosen: float | None) -> Sequence[float]:
        if not there:
            return (0.0,)
        return usual if chosen is None else (chosen,)

    penalties = PENALTIES if given.penalty is None else (given.penalty,)
    choices = product(
        values(has_lm, given.lm_weight), values(has_ngram, given.ngram_weight), penalties
    )
    return [Weights(*choice) for choice in choices]


def further(tried: Sequence[Tried]) -> list[Weights]:
    """Return the choices to try next: where the best one so far has the largest value of a weight,
    the next value of that with every value of the others. None where it has no such, or the largest
    that there is.
    """
    ended = at_the_end(tried)
    axes = []
    for declared in fields(Weights):
        values = _values(tried, declared.name)
        if declared.name in ended:
            values += [value for value in BEYOND[declared.name] if value > values[-1]][:1]
        axes.append(values)
    known = {trial.weights for trial in tried}
    choices = [Weights(*choice) for choice in product(*axes)]
    return [choice for choice in choices if choice not in known]


def at_the_end(tried: Sequence[Tried]) -> list[str]:
    """Return the weights of which the best choice has the largest value that was tried: what is
    beyond might be better.
    """
    best = best_of(tried).weights
    names = []
    for declared in fields(Weights):
        values = _values(tried, declared.name)
        # What has one value was given, or is of a model that there is not.
        if len(values) > 1 and getattr(best, declared.name) == values[-1]:
            names.append(declared.name)
    return names


def in_order(tried: Sequence[Tried]) -> list[Tried]:
    """Return them with the least weights first."""
    return sorted(tried, key=lambda trial: astuple(trial.weights))


def _values(tried: Sequence[Tried], name: str) -> list[float]:
    return sorted({getattr(trial.weights, name) for trial in tried})


def best_of(tried: Sequence[Tried]) -> Tried:
    """Return the choice with the least errors; of equal ones the first, which has the least
    weights.
    """
    return min(tried, key=lambda trial: trial.total.error_rate)


def as_table(tried: Sequence[Tried]) -> str:
    """Return a TSV of all choices."""
    return "".join("\t".join(row) + "\n" for row in (HEAD, *map(_row, tried)))


def as_matrix(tried: Sequence[Tried]) -> str:
    """Return the error rates in percent for the console: a column for each penalty, the best with a
    star.
    """
    best = best_of(tried)
    penalties = sorted({trial.weights.penalty for trial in tried})
    lines: dict[tuple[str, str], dict[float, str]] = {}
    for trial in tried:
        mark = "*" if trial is best else " "
        row = lines.setdefault(_weights(trial)[:2], {})
        row[trial.weights.penalty] = f"{100 * trial.total.error_rate:7.2f}{mark}"
    head = "lm_weight  ngram_weight  penalty" + "".join(f"{penalty:7g} " for penalty in penalties)
    body = [
        f"{lm:>9}  {ngram:>12}         {''.join(row.values())}"
        for (lm, ngram), row in lines.items()
    ]
    return "\n".join(line.rstrip() for line in (head, *body))


def _row(trial: Tried) -> tuple[str, ...]:
    counts = (trial.total.substitutions, trial.total.insertions, trial.total.deletions)
    return (*_weights(trial), f"{trial.total.error_rate:.5f}", *map(str, counts))


def _weights(trial: Tried) -> tuple[str, str, str]:
    weights = trial.weights
    return f"{weights.lm_weight:g}", f"{weights.ngram_weight:g}", f"{weights.penalty:g}"
