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

    def __contains__(self, number: float) -> bool:
        return self.least <= number <= self.most and self.above < number < self.below

    def __str__(self) -> str:
        """What is expected, in words."""
        if self.most == self.below == inf:
            if self.least > -inf:
                return f"{self.least:g} or more"
            return "a number" if self.above == -inf else f"more than {self.above:g}"
        low = f"at least {self.least:g}" if self.least > -inf else f"more than {self.above:g}"
        if self.below < inf:
            return f"{low} and less than {self.below:g}"
        return f"{low}, at most {self.most:g}"


@dataclass(frozen=True)
class Behind:
    """Behind which option an option stands, where that is one that a class before it declares."""

    name: str
