"""What the declaration of an option says of it, beside its type, its text and its default."""

from dataclasses import dataclass
from enum import Enum
from math import inf


class Part(Enum):
    """What an option is of, where it is not of the training."""

    CALL = "call"
    """Of one call: it changes nothing in a result but where it is and what is made beside it."""
    DECODING = "decoding"
    """How a trained model is decoded."""
    SCORING = "scoring"
    """What is scored, and how."""


class Note(Enum):
    """What else is to know of an option."""

    OF_MACHINE = "of the machine"
    """Its default is the machine's, and not shown."""
    CONTENT = "content"
    """It is a file of which the content counts, and not where it is."""
    FILE = "file"
    """It is a regular file, and neither a folder nor either of both."""


CALL, DECODING, SCORING = Part.CALL, Part.DECODING, Part.SCORING
OF_MACHINE, CONTENT, FILE = Note


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers that an option may be, none of them infinite; one bound on each side at most."""

    least: float = -inf
    above: float = -inf
    most: float = inf
    below: float = inf
    of: str = ""
    """What it counts, such as seconds, where the name of the option does not say it."""

    @property
    def top(self) -> float:
        """Its upper bound."""
        return min(self.most, self.below)

    def __contains__(self, number: float) -> bool:
        return self.least <= number <= self.most and self.above < number < self.below

    def __str__(self) -> str:
        """What is expected, in words."""
        return f"{self.of}, {self._bounds()}" if self.of else self._bounds()

    def _bounds(self) -> str:
        if self.top == inf:
            if self.least > -inf:
                return f"{_exact(self.least)} or more"
            return "a number" if self.above == -inf else f"more than {_exact(self.above)}"
        low = f"at least {_exact(self.least)}"
        if self.least == -inf:
            low = f"more than {_exact(self.above)}"
        if self.below < inf:
            return f"{low} and less than {_exact(self.below)}"
        return f"{low}, at most {_exact(self.most)}"


SEEDS = Range(least=0, most=2**32 - 1)
"""What numpy, which is the narrowest, takes."""


def _exact(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


@dataclass(frozen=True)
class Behind:
    """Behind which option an option stands, where that is one that a class before it declares."""

    name: str
