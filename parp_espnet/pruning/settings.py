"""`prune_conf` of the training configuration: how one run prunes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from parp_espnet.arguments import describe_unknown
from parp_espnet.errors import UserError, as_written
from parp_espnet.pruning.methods import (
    METHODS,
    Change,
    Method,
    Source,
    find_method,
)
from parp_espnet.pruning.options import PruneOptions
from parp_espnet.pruning.patterns import NONE
from parp_espnet.pruning.ranking import Ranking, check_words
from parp_espnet.pruning.schedule import PATHS, Constant, Growing, Schedule
from parp_espnet.pruning.scores import LEARNED, MAGNITUDE, Need, choices, find_score

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_GROWTH = 0.2
OF_GROWTH = ("start_sparsity", "sparsity_path", "growth_updates")
"""Options of methods whose sparsity grows, and of no others."""
GROWING = tuple(name for name, row in METHODS.items() if row.grows)
FASTEST = 1e30
"""Scores that learn faster would not be float32."""

YOUNGER = ("score", "pattern", "score_lr", "alpha", "adapter_rank", "growth_updates")
"""Options that came later than configurations that are there, which do not name them."""


@dataclass(frozen=True)
class PruneSettings(PruneOptions):
    """Checked settings of one run, which is dense where it says nothing else."""

    method: str = "dense"
    sparsity: float = 0.0
    interval: int = 5
    updates: int | None = None
    """Updates of the whole run; needed where sparsity grows, or gradients regrow."""

    @classmethod
    def parse(cls, conf: Mapping[str, Any] | None) -> Self:
        """Check `prune_conf`. Raises `UserError` that says what was found and what was expected."""
        known = [field.name for field in fields(cls)]
        conf = {} if conf is None else conf
        if not isinstance(conf, Mapping):
            raise UserError(
                f"prune_conf: expected a mapping of {', '.join(known)}, found {as_written(conf)}"
            )
        for key in conf:
            if key not in known:
                raise UserError(f"prune_conf: {describe_unknown(key, known)}")
        given = {key: value for key, value in conf.items() if value is not None}
        if "initial_mask" in given:
            given["initial_mask"] = Path(given["initial_mask"])
        settings = cls(**given)
        settings._check()
        return settings

    @property
    def row(self) -> Method:
        return find_method(self.method)

    @property
    def schedule(self) -> Schedule:
        """How sparsity moves over the run."""
        if not self.row.grows:
            return Constant(self.sparsity, self.interval)
        assert self.updates is not None
        start = self.start_sparsity
        if start is None:
            start = max(0.0, round(self.sparsity - DEFAULT_GROWTH, 10))
        updates = self.growth_updates or self.updates
        return Growing(self.sparsity, self.interval, start, updates, self.sparsity_path)

    @property
    def ranking(self) -> Ranking:
        """What weights are ranked by. Raises `UserError` where a file of rates is missing."""
        score = LEARNED if self.row.learns else self.score
        return Ranking.of(score, self.scope, self.pattern)

    @property
    def prunes_channels(self) -> bool:
        """Whether channels of convolutions are pruned, which then train."""
        return check_words(self.score, self.scope, self.pattern).prunes_channels

    @property
    def score_rate(self) -> float:
        """How many times faster than weights scores learn."""
        return self.score_lr or self.row.score_lr or 1.0

    @property
    def drop(self) -> float:
        """The share of kept weights that goes at first, where gradients regrow."""
        return self.alpha or self.row.alpha or 0.0

    @property
    def ranks(self) -> bool:
        """Whether training itself ranks weights, for the first mask or later."""
        own_first = self.initial_mask is None and self.row.first_mask.in_training
        return self.sparsity > 0 and (self.row.adjusts or own_first)

    def find_pool[T: "Tensor"](self, tensors: Mapping[str, T]) -> dict[str, T]:
        """Return the tensors that may be pruned; see `pool.find_pool`."""
        # Imported here: torch takes seconds, and many a command only checks settings.
        from parp_espnet.pruning.pool import find_pool  # noqa: PLC0415

        return find_pool(tensors, self.prune_pattern, self.prune_biases, self.prunes_channels)

    def pool_names(self, names: Iterable[str]) -> dict[str, str]:
        """Return the model's name of each of these tensors, by its canonical name."""
        from parp_espnet.pruning.pool import pool_names  # noqa: PLC0415  # as above

        return pool_names(names, self.prune_pattern, self.prune_biases, self.prunes_channels)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as in the configuration; what is younger than others only where it is not
        as usual.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in YOUNGER:
            if values[name] == getattr(PruneSettings, name):
                del values[name]
        mask = None if self.initial_mask is None else str(self.initial_mask)
        return values | {"initial_mask": mask}

    def changed(self, earlier: Mapping[str, Any]) -> list[str]:
        """Say what another run's `as_dict` has otherwise."""
        now = self.as_dict()
        changed = []
        for name in dict.fromkeys((*now, *earlier)):
            if now.get(name) != earlier.get(name):
                changed.append(f"{name} {earlier.get(name)} then, {now.get(name)} now")
        return changed

    def _check(self) -> None:
        source = self.row.first_mask
        check_sparsity(self.sparsity)
        _check_count("interval", self.interval, least=1)
        _check_count("freeze_updates", self.freeze_updates, least=0)
        sparsity = self.sparsity if self.sparsity > 0 else None
        words = check_words(self.score, self.scope, self.pattern)
        words.check(sparsity, grows=self.row.grows)
        if source is Source.FIRST and self.sparsity > 0:
            words.check_places(self.method)
        _check_one_of("sparsity_path", self.sparsity_path, PATHS)
        self._check_growth()
        self._check_moves()
        if source is Source.NOTHING and (self.sparsity > 0 or self.initial_mask is not None):
            found = [f"sparsity {self.sparsity:g}"] if self.sparsity > 0 else []
            if self.initial_mask is not None:
                found.append(f"initial_mask {self.initial_mask}")
            raise UserError(
                f"method {self.method} prunes nothing: expected sparsity 0 and no initial_mask, "
                f"found {' and '.join(found)}; leave {'it' if len(found) == 1 else 'them'} out"
            )
        if not source.in_training and self.initial_mask is None:
            raise UserError(
                f"method {self.method} starts from a mask file: expected initial_mask, found none; "
                "make one with parp-mask, such as parp-mask from-model"
            )
        self._check_score()

    def _check_moves(self) -> None:
        """Raise `UserError` where an option is none of the method's."""
        row, method = self.row, self.method
        _check_share("score_lr", self.score_lr, row.score_lr, method)
        _check_share("alpha", self.alpha, row.alpha, method, most=1)
        _check_rank(self.adapter_rank, row, method)
        if self.score == LEARNED:
            raise UserError(
                f"score: expected one of {', '.join(choices())}, found {LEARNED}, which is of "
                f"methods that learn it, and theirs without being told"
            )
        if self.score != MAGNITUDE and (row.learns or row.change is Change.GRADIENTS):
            raise UserError(
                f"method {method}: expected score {MAGNITUDE}, found {self.score}: it has a rule "
                f"of its own ({row.change.value})"
            )
        if row.weights.stay and self.freeze_updates > 0:
            raise UserError(
                f"method {method}: expected freeze_updates 0, found {self.freeze_updates}: nothing "
                f"but the head, norms and {'adapters' if row.adapts else 'scores'} trains anyhow"
            )
        if row.change is not Change.GRADIENTS:
            return
        self._check_updates()
        pattern = check_words(self.score, self.scope, self.pattern).pattern
        if pattern != NONE:
            raise UserError(
                f"method {method}: expected pattern {NONE}, found {pattern}: weights go and come "
                f"one by one"
            )

    def _check_updates(self) -> int:
        """Return the updates of the run. Raises `UserError` where they are not known."""
        if self.updates is None:
            raise UserError(
                f"method {self.method}: expected `updates`, those of the whole run, found none"
            )
        _check_count("updates", self.updates, least=1)
        return self.updates

    def _check_score(self) -> None:
        """Raise `UserError` where the method cannot give what the score needs."""
        need = find_score(self.score).needs
        if need is Need.NOTHING or self.sparsity == 0:
            return
        if not self.ranks:
            raise UserError(
                f"score {self.score}: needs {need.value}, but the mask of method {self.method} is "
                f"a file's, and nothing is ranked in training; expected score {MAGNITUDE}"
            )
        if need is Need.INPUTS and self.prunes_channels:
            raise UserError(
                f"score {self.score}: needs {need.value}, measured of linear layers alone; "
                f"expected another score, or a pattern without convolutions, such as units"
            )
        if need is not Need.SECOND_MOMENTS:
            return
        if self.initial_mask is None and self.schedule.sparsity_at(0) > 0:
            raise UserError(
                f"score {self.score}: needs {need.value}, of which there are none before the first "
                f"update; expected method parp-p with start_sparsity 0, or an initial_mask"
            )
        if self.freeze_updates > 0:
            raise UserError(
                f"score {self.score}: expected freeze_updates 0, found {self.freeze_updates}: "
                f"while only the head trains the pool has no gradients"
            )

    def _check_growth(self) -> None:
        if not self.row.grows:
            for name in OF_GROWTH:
                if getattr(self, name) != getattr(PruneSettings, name):
                    raise UserError(
                        f"{name}: expected none, since method {self.method} keeps its sparsity; "
                        f"it is of {', '.join(GROWING)}"
                    )
            return
        updates = self._check_updates()
        if self.growth_updates is not None:
            _check_count("growth_updates", self.growth_updates, least=1)
            if self.growth_updates > updates:
                raise UserError(
                    f"growth_updates: expected at most the run's {updates} updates, found "
                    f"{self.growth_updates}"
                )
        if self.start_sparsity is not None:
            check_sparsity(self.start_sparsity, "start_sparsity")
            if self.start_sparsity > self.sparsity:
                raise UserError(
                    f"start_sparsity: expected at most sparsity {self.sparsity:g}, found "
                    f"{self.start_sparsity:g}"
                )


def check_sparsity(sparsity: float, name: str = "sparsity") -> None:
    """Raise `UserError` unless sparsity is a fraction in [0, 1)."""
    if isinstance(sparsity, bool) or not isinstance(sparsity, int | float):
        raise UserError(f"{name}: expected a fraction in [0, 1), found {as_written(sparsity)}")
    if not 0 <= sparsity < 1:
        hint = f"; did you mean {sparsity / 100:g}?" if 1 < sparsity < 100 else ""
        raise UserError(f"{name}: expected a fraction in [0, 1), found {sparsity:g}{hint}")


def _check_share(
    name: str, value: object, usual: float | None, method: str, most: float | None = None
) -> None:
    """Raise `UserError` unless an option of some methods is a number, and the method has it."""
    if value is None:
        return
    if usual is None:
        raise UserError(
            f"{name}: expected none, since method {method} has none, found {as_written(value)}"
        )
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value <= (FASTEST if most is None else most):  # type: ignore[operator]
        wanted = "a number above 0" if most is None else f"a number above 0, at most {most:g}"
        raise UserError(f"{name}: expected {wanted}, found {as_written(value)}")


def _check_rank(rank: object, row: Method, method: str) -> None:
    """Raise `UserError` unless a rank is a whole number, and the method has adapters."""
    if rank is None:
        return
    if not row.adapts:
        raise UserError(
            f"adapter_rank: expected none, since method {method} has no adapters, "
            f"found {as_written(rank)}"
        )
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise UserError(
            f"adapter_rank: expected a whole number, at least 1, found {as_written(rank)}"
        )


def _check_one_of(name: str, value: object, known: Collection[str]) -> None:
    if value not in known:
        raise UserError(f"{name}: {describe_unknown(str(value), known)}")


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UserError(
            f"{name}: expected a whole number of updates, at least {least}, found "
            f"{as_written(value)}"
        )
