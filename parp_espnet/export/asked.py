"""What a user asks of a search; nothing here takes time to import."""

import math
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.notes import Range

LARGEST_BEAM = 1 << 16
"""Hypotheses that a search has room for."""
BEAMS = Range(least=1, most=LARGEST_BEAM)


@dataclass(frozen=True)
class Asked:
    """What a user asks for; None leaves it as it was tuned."""

    greedy: bool = False
    beam_size: int | None = None
    ngram: Path | None = None
    ngram_weight: float | None = None
    lm_weight: float | None = None
    penalty: float | None = None
    lexicon: Path | None = None

    @property
    def is_greedy(self) -> bool:
        """Whether no search is wanted, whatever was tuned."""
        return self.greedy or self.beam_size == 1

    @property
    def anything(self) -> bool:
        """Whether a search is asked for."""
        given = (
            self.beam_size,
            self.ngram,
            self.ngram_weight,
            self.lm_weight,
            self.penalty,
            self.lexicon,
        )
        return any(value is not None for value in given)

    def _check_alone(self) -> None:
        """Raise `UserError` where what no greedy search has is asked for beside one."""
        if self.lexicon is not None:
            raise UserError(
                "--beam_size 1 is greedy, without a lexicon; expected 2 or more with --lexicon"
            )
        for name in ("ngram", "ngram_weight", "lm_weight", "penalty"):
            if getattr(self, name) is not None:
                raise UserError(
                    f"--beam_size 1 is greedy, without language models and weights; expected 2 or "
                    f"more with --{name}"
                )

    def check(self) -> None:
        """Raise `UserError` where two things exclude each other, or a number is none."""
        if self.greedy and self.anything:
            raise UserError(
                "--greedy: expected no beam, n-gram, lexicon or weights beside it, found some"
            )
        if self.is_greedy:
            self._check_alone()
        if self.beam_size is not None and self.beam_size < 1:
            raise UserError(f"--beam_size: expected 1 at least, found {self.beam_size}")
        if self.beam_size is not None and self.beam_size > LARGEST_BEAM:
            raise UserError(f"--beam_size: expected at most {LARGEST_BEAM}, found {self.beam_size}")
        for name in ("ngram_weight", "lm_weight", "penalty"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise UserError(f"--{name}: expected a finite number, found {value:g}")
