"""What a file of less precision costs in errors, and whether it is offered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from parp_espnet.export.runtimes import Runtime
from parp_espnet.export.speech import Samples, Speech
from parp_espnet.recognition.labels import collapse
from parp_espnet.scoring.alignment import Phones
from parp_espnet.scoring.bootstrap import paired_interval
from parp_espnet.scoring.per import Counts, count_errors, total

CLEARLY_WORSE = 0.001
"""A file whose 95 % interval of errors more than fp32's begins above this is not offered: that it
is worse by a tenth of a point is shown.
"""
ANOTHER_MODEL = 0.005
"""Nor is one that is half a point worse, shown or not."""


@dataclass(frozen=True)
class Judged:
    """A file beside fp32's, on the validation set; rates are of tokens: PER for phones."""

    error_rate: float
    difference: float
    """Of the error rate, less fp32's."""
    interval: tuple[float, float]
    """95 %, paired over utterances."""
    utterances: int
    other_tokens: int
    """Utterances whose tokens differ from fp32's."""

    @property
    def offered(self) -> bool:
        """Whether it is the same model for a user."""
        return self.interval[0] <= CLEARLY_WORSE and self.difference < ANOTHER_MODEL

    @property
    def near(self) -> bool:
        """Whether that is shown: that it is not half a point worse, whatever the set's size."""
        return self.offered and self.interval[1] < ANOTHER_MODEL

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        low, high = (100 * end for end in self.interval)
        return (
            f"{100 * self.error_rate:.2f} % errors on dev ({100 * self.difference:+.2f} points "
            f"beside fp32 [{low:+.2f}, {high:+.2f}], {self.other_tokens} of {self.utterances} "
            f"utterances otherwise)"
        )


def judge(speech: Speech, hypotheses: Mapping[str, Phones], fp32: Mapping[str, Phones]) -> Judged:
    """Compare what a file hears in the validation set with what fp32's does."""
    counts = _errors(speech, hypotheses)
    others = _errors(speech, fp32)
    compared = paired_interval(
        [one.errors for one in counts],
        [one.errors for one in others],
        [one.reference for one in counts],
    )
    return Judged(
        error_rate=total(counts).error_rate,
        difference=compared.difference,
        interval=compared.difference_interval,
        utterances=len(counts),
        other_tokens=sum(hypotheses[utterance] != fp32[utterance] for utterance in fp32),
    )


def _errors(speech: Speech, hypotheses: Mapping[str, Phones]) -> list[Counts]:
    return count_errors(speech.tokens, hypotheses)


def hear(runtime: Runtime, speech: Speech, tokens: tuple[str, ...]) -> dict[str, Phones]:
    """Return the tokens that a runtime hears in each utterance alone."""
    return {
        utterance: tokens_in(runtime, samples, tokens)
        for utterance, samples in speech.waves.items()
    }


def tokens_in(runtime: Runtime, samples: Samples, tokens: tuple[str, ...]) -> Phones:
    """Return the tokens that a runtime hears in an utterance."""
    (logprobs,) = runtime.logprobs([samples])
    return tuple(tokens[label] for label in collapse(logprobs.argmax(1).tolist()))
