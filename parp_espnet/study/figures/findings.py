"""What figures are made of, and what a module of figures returns."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.names import Rate, is_text, rate_of

type Drawn = dict[str, tuple[str, Figure]]
"""Caption and figure, by the name of its file."""


@dataclass(frozen=True)
class Findings:
    """All that a study has found."""

    results: Sequence[Result]
    evidence: Evidence

    @property
    def rate(self) -> Rate:
        """What error rates are called."""
        return rate_of(self.results)

    @property
    def title(self) -> str:
        """The same, as a caption begins."""
        return self.rate.long.capitalize()

    @property
    def whose(self) -> str:
        """What a model is trained for: a language or a task."""
        return "task" if is_text(self.results) else "language"


def drawn(name: str, caption: str, figure: Figure | None) -> Drawn:
    """Return one figure by its name; nothing where there is nothing to see."""
    return {} if figure is None else {name: (caption, figure)}
