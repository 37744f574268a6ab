"""Numbers of updates, where a method has several in a study: what was trained longer is another."""

from collections.abc import Sequence
from dataclasses import dataclass

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import is_joint


@dataclass(frozen=True)
class Lengths:
    """Which methods have several numbers of updates in a study, in one language. A joint run's are
    no others of its languages.
    """

    methods: frozenset[tuple[str, bool]]

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Lengths":
        """Find them."""
        numbers: dict[tuple[str, bool, str, str | None], set[int]] = {}
        for result in results:
            place = result.method, is_joint(result), result.recipe, result.language
            numbers.setdefault(place, set()).add(result.updates)
        several = {place[:2] for place, updates in numbers.items() if len(updates) > 1}
        return cls(frozenset(several))

    def word(self, result: Result) -> str:
        """The number, where its method has several."""
        if (result.method, is_joint(result)) not in self.methods:
            return ""
        return f"{result.updates} updates"

    def beside(self, words: str, result: Result) -> str:
        """Words of what else differs, and the number behind them."""
        return ", ".join(filter(None, (words, self.word(result))))
