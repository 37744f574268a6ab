"""How weights are ranked, as one value: by which score, within what, and in which pattern."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from parp_espnet.errors import UserError, excerpt, printable
from parp_espnet.pruning import scopes
from parp_espnet.pruning.patterns import CHANNELS, NONE, Pattern, Units, find_pattern, is_pattern
from parp_espnet.pruning.scopes import Rates
from parp_espnet.pruning.scores import MAGNITUDE, Score, find_score

GLOBAL = scopes.SCOPES[0]
RATES = "rates"
"""The scope of who has rates."""


@dataclass(frozen=True)
class Ranking:
    """A score of `scores.SCORES`, a scope of `scopes.SCOPES` or rates, a pattern of `patterns`."""

    score: str = MAGNITUDE
    scope: str = GLOBAL
    pattern: str = NONE
    rates: Rates = ()
    """Where the scope is "rates": what each tensor has."""
    heads: int | None = None
    """Where the pattern is of heads: how many a layer of the model has, once that is known."""

    @classmethod
    def of(cls, score: object = MAGNITUDE, scope: object = GLOBAL, pattern: object = NONE) -> Self:
        """Return the ranking of three words, as options have them; a file of rates is read.

        A pattern may stand as the scope, as 2:4 did when there were no patterns.

        Raises:
            UserError: there is no such score, scope or pattern, or two of them that do not go
                together.
        """
        words = check_words(score, scope, pattern)
        if not scopes.is_file(words.scope):
            return cls(words.score, words.scope, words.pattern)
        return cls(words.score, RATES, rates=scopes.read_rates(Path(words.scope)))

    @property
    def row(self) -> Score:
        """Its row of the table of scores."""
        return find_score(self.score)

    @property
    def form(self) -> Pattern | None:
        """The pattern; None where it has none."""
        form = find_pattern(self.pattern)
        return replace(form, heads=self.heads) if isinstance(form, Units) else form

    @property
    def counts_heads(self) -> bool:
        """Whether it has to be told how many heads a layer has."""
        return isinstance(self.form, Units) and "heads" in self.form.kinds

    @property
    def prunes_channels(self) -> bool:
        """Whether the convolutions before the layers belong to the pool, and train."""
        return isinstance(self.form, Units) and CHANNELS in self.form.kinds

    @property
    def word(self) -> str:
        """Scope and pattern in the one word that masks and results have for them."""
        if self.pattern != NONE:
            return self.pattern
        return scopes.name_of(self.rates) if self.rates else self.scope

    @property
    def told(self) -> str:
        """What the weights have that are ranked, in words."""
        return "magnitudes" if self.score == MAGNITUDE else f"{self.score} scores"

    @property
    def by_magnitude(self) -> "Ranking":
        """The same of magnitudes."""
        return replace(self, score=MAGNITUDE)

    def check(self, sparsity: float | None, *, grows: bool = False) -> None:
        """Raise `UserError` where the pattern has another sparsity; None is any."""
        own = None if self.form is None else self.form.sparsity
        if own is None:
            return
        if grows:
            raise UserError(
                f"pattern {self.pattern}: expected a constant sparsity, but the method grows it"
            )
        if sparsity is not None and abs(sparsity - own) > 1e-9:
            raise UserError(
                f"pattern {self.pattern}: expected its own sparsity {own:g}, found {sparsity:g}"
            )

    def check_places(self, method: str) -> None:
        """Raise `UserError` unless what is pruned can be told by its place alone."""
        if not isinstance(self.form, Units):
            raise UserError(
                f"method {method}: expected a pattern of whole units, such as units, found pattern "
                f"{self.pattern}: a smaller model has fewer units"
            )
        if self.score != MAGNITUDE:
            raise UserError(
                f"method {method}: expected score {MAGNITUDE}, found {self.score}: a smaller model "
                f"has fewer units, whatever their weights"
            )

    def check_pool(
        self, shapes: Mapping[str, tuple[int, ...]], sparsity: float, widest: float = 0.0
    ) -> None:
        """Raise `UserError` where a pool cannot be pruned so, whatever its weights: now, and not at
        the update at which they are first ranked so.

        Args:
            sparsity: the largest that a mask is to have.
            widest: a larger one that weights are ranked at meanwhile, see `regrowth.widest`.
        """
        if sparsity == 0:
            return
        if self.form is not None:
            self.form.check(shapes, sparsity)
        if not self.rates:
            return
        sizes = {name: math.prod(shape) for name, shape in shapes.items()}
        own = scopes.sparsities(self.rates, sizes, sparsity)
        fullest = max(own, key=lambda name: own[name])
        if widest > sparsity and own[fullest] * widest >= sparsity:
            raise UserError(
                f"scope: for a sparsity of {sparsity:g} the method prunes {widest:.4g} before "
                f"weights come, and nothing would be left of {printable(fullest)}; expected rates "
                f"nearer to each other, or a smaller alpha"
            )

    def kept_count(self, shapes: Mapping[str, tuple[int, ...]], sparsity: float) -> int:
        """How many weights of a pool a mask keeps, but for `slack`."""
        if self.form is not None and sparsity > 0:
            return self.form.kept_count(shapes, sparsity)
        total = sum(math.prod(shape) for shape in shapes.values())
        return total - round(sparsity * total)

    def slack(self, shapes: Mapping[str, tuple[int, ...]]) -> float:
        """How many weights a mask may keep more or less than was asked for: each part's share is
        rounded by itself.
        """
        if self.form is not None:
            return self.form.slack(shapes)
        if self.scope == scopes.ROW:
            return sum(map(scopes.count_rows, shapes.values())) / 2
        return 0 if self.scope == GLOBAL else len(shapes) / 2

    def shares[T](
        self, pool: Mapping[str, T], sizes: Mapping[str, int], sparsity: float
    ) -> list[tuple[dict[str, T], int]]:
        """Divide a pool into what is ranked together, and how many weights of it are pruned."""
        shares = []
        own = scopes.sparsities(self.rates, sizes, sparsity) if self.rates and sparsity else {}
        for part in scopes.parts(pool, "tensor" if self.rates else self.scope):
            total = sum(sizes[name] for name in part)
            wanted = own.get(next(iter(part)), sparsity)
            shares.append((part, round(wanted * total)))
        return shares

    def metadata(self) -> dict[str, str]:
        """What a mask's file says of scope and pattern; the score is a field of its origin."""
        told = {"scope": self.word}
        if self.pattern != NONE:
            told["pattern"] = self.pattern
        if self.heads is not None:
            told["heads"] = json.dumps(self.heads)
        if self.rates:
            told["rates"] = json.dumps(dict(self.rates))
        return told

    @classmethod
    def read(cls, metadata: Mapping[str, str], score: str | None) -> Self:
        """Make one of a mask's file, which may be of before there were patterns, or of another
        version.

        Raises `ValueError` where its rates are none.
        """
        scope = metadata["scope"]
        score = MAGNITUDE if score is None else score
        pattern = metadata.get("pattern", scope if is_pattern(scope) else NONE)
        if pattern != NONE:
            return cls(score, GLOBAL, pattern, heads=_heads_in(metadata))
        if "rates" not in metadata:
            return cls(score, scope)
        try:
            rates = scopes.rates_of(json.loads(metadata["rates"]), "rates")
        except UserError as error:
            raise ValueError(str(error)) from None
        return cls(score, RATES, rates=rates)


def _heads_in(metadata: Mapping[str, str]) -> int | None:
    """What a mask's file says of heads. Raises `ValueError` where that is no number."""
    if "heads" not in metadata:
        return None
    heads = json.loads(metadata["heads"])
    if type(heads) is not int or heads < 1:
        raise ValueError(f"heads: expected a whole number, found {excerpt(heads)}")
    return heads


def check_words(score: object, scope: object, pattern: object) -> Ranking:
    """Check three words as `Ranking.of` does, and return the ranking with a file of rates unread.

    Raises `UserError`.
    """
    find_score(score)
    if is_pattern(scope):
        if pattern not in (NONE, scope):
            raise UserError(
                f"pattern {pattern}: expected scope {GLOBAL}, found {scope}, which is a pattern, "
                f"too; leave one of them out"
            )
        scope, pattern = GLOBAL, scope
    scopes.check_scope(scope)
    if find_pattern(pattern) is not None and scope != GLOBAL:
        raise UserError(
            f"pattern {pattern}: expected scope {GLOBAL}, since it says itself what is ranked "
            f"together, found {scope}"
        )
    return Ranking(str(score), str(scope), str(pattern))
