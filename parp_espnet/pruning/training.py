"""A pruned training of any loop: whoever's the loop is, it makes one of these and goes on as ever.

    pruning = PrunedTraining(model, optimizer, {"method": "parp", "sparsity": 0.5})
    pruning.start()
    ...                          # every optimizer.step() is followed by what pruning has to do
    pruning.prune()              # before a validation or a save, and at the end
    pruning.mask().save(path)

Beside the model and the optimizer a checkpoint holds `pruning.state_dict()`; a resumed loop calls
`pruning.load_state_dict` instead of `start`, and comes to the bits of one that nobody interrupted.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError, describe, printable
from parp_espnet.pruning.first import first_mask
from parp_espnet.pruning.freezing import restore_frozen, train_beside
from parp_espnet.pruning.idle import check_frozen, check_ranking
from parp_espnet.pruning.magnitudes import step_above
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.measures import Inputs, Learned, Measure, measure_for
from parp_espnet.pruning.movers import mover_for
from parp_espnet.pruning.origin import TRAINED, UNKNOWN, Origin
from parp_espnet.pruning.pool import shapes_of
from parp_espnet.pruning.pruner import PruneEvent, Pruner
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.regrowth import widest
from parp_espnet.pruning.scaled import is_skipped, take_scale_off
from parp_espnet.pruning.scores import Need
from parp_espnet.pruning.selection import Measured, select
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.pruning.units import heads_of


def _ignore(_: PruneEvent) -> None:
    """Record nothing."""


class PrunedTraining:
    """What keeps a model sparse while a loop trains it.

    Attributes:
        settings: how it prunes.
        ranking: what weights are ranked by.
        pruner: does it; counts updates, and holds the pool, the present mask and the first one.
        whose: whose the masks are, where that is known.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        settings: PruneSettings | Mapping[str, Any],
        *,
        record: Callable[[PruneEvent], None] = _ignore,
        whose: Origin = UNKNOWN,
    ) -> None:
        """Prepare a training.

        Args:
            model: whose weights are pruned.
            optimizer: which trains them; after each of its steps they are made sparse again.
            settings: `prune_conf`: method, sparsity, and what else is not as usual.
            record: receives each prune.

        Raises:
            UserError: the settings are wrong, or the model has no such pool.
        """
        if not isinstance(settings, PruneSettings):
            settings = PruneSettings.parse(settings)
        self.settings = settings
        self.whose = whose
        self.ranking: Ranking = settings.ranking
        self._first: Mask | None = None
        parameters = dict(model.named_parameters())
        pool = settings.find_pool(parameters)
        self._model = model
        # Nothing is looked at where no weights are ranked in training.
        need = self.ranking.row.needs if settings.ranks else Need.NOTHING
        names = settings.pool_names(parameters)
        if self.ranking.counts_heads:
            self.ranking = replace(self.ranking, heads=heads_of(model, names.values()))
        if settings.row.weights.stay:
            train_beside(model, names.values())
        measure: Measure = measure_for(need, pool, names, model, optimizer)
        mover = mover_for(settings, pool, optimizer, self.ranking, measure.of)
        if settings.row.learns:
            measure = Learned(mover.score_of)
        self.pruner = Pruner(
            pool,
            adjusts=settings.row.adjusts,
            schedule=settings.schedule,
            ranking=self.ranking,
            measure=measure,
            mover=mover,
            record=record,
        )
        optimizer.register_step_pre_hook(self._before_update)
        optimizer.register_step_post_hook(self._after_update)

    def _before_update(
        self, optimizer: torch.optim.Optimizer, words: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Prepare an update once its gradients are there: after the closure, where a loop passes
        one that makes them, as Lightning's does; else now. One that a scaler skips is none.
        """
        closure = named.get("closure", words[1] if len(words) > 1 else None)
        if closure is None:
            if not is_skipped(optimizer):
                take_scale_off(optimizer)
                self.pruner.before_update()
            return None

        def prepared() -> Any:
            loss = closure()
            self.pruner.before_update()
            return loss

        return words[:1], {**named, "closure": prepared}

    def _after_update(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        if not is_skipped(optimizer):
            self.pruner.after_update()

    @property
    def first_mask(self) -> Mask:
        """What training started from, with how it came to be. Raises `UserError` before that."""
        if self._first is None:
            raise UserError("expected a call of start() or load_state_dict() before; found none")
        return self._first

    @property
    def needs_batches(self) -> bool:
        """Whether `start` has to be given batches."""
        return isinstance(self.pruner.measure, Inputs) and self.settings.initial_mask is None

    def start(self, batches: Callable[[], object] | None = None) -> Mask:
        """Prune for the first time; return the mask.

        Args:
            batches: runs some batches through the model, where the score is of what comes to
                weights: `lambda: [model(batch) for batch in few]`.

        Raises:
            UserError: the mask's file does not fit, the score needs what is not there, or the
                settings ask for what would change nothing, or for what the pool cannot be.
        """
        settings = self.settings
        check_ranking(settings)
        if settings.updates is not None:
            check_frozen(settings, settings.updates)
        if settings.ranks:
            shapes = shapes_of(self.pruner.pool)
            self.ranking.check_pool(shapes, settings.sparsity, widest(settings))
        if batches is not None:
            self._look(batches)
        sparsity = settings.schedule.sparsity_at(0)
        self._first = first_mask(
            self.pruner.pool,
            sparsity,
            self.ranking.by_magnitude if settings.row.learns else self.ranking,
            settings.initial_mask,
            self.whose,
            self.pruner.measure.of,
            settings.row.first_mask,
        )
        self.pruner.start(self._first)
        return self._first

    @torch.no_grad()
    def _look(self, batches: Callable[[], object]) -> None:
        modes = {module: module.training for module in self._model.modules()}
        self._model.eval()
        try:
            with self.pruner.measure.watching():
                batches()
        finally:
            for module, training in modes.items():
                module.training = training
        self.pruner.measure.settle()

    def forget(self) -> None:
        """Forget batches that came to no update, where a loop leaves one out."""
        self.pruner.measure.forget()

    def prune(self) -> None:
        """Make the weights exactly sparse now: before every validation and save, and at the end."""
        self.pruner.prune()

    def end(self) -> None:
        """The same after the last update; see `Pruner.end`."""
        self.pruner.end()

    def kept_of(self, pool: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the mask that other weights of the same model have or get, such as an average of
        several: of their zeros, where these are enough, else by the ranking.
        """
        pruner = self.pruner
        if not pruner.adjusts:
            return {name: kept.to(pool[name].device) for name, kept in pruner.kept.items()}
        sparsity = pruner.wanted
        kept = select(pool, sparsity, self.ranking.by_magnitude)
        if self.ranking == self.ranking.by_magnitude or _is_sparse(pool, kept):
            return kept
        measured: Measured = pruner.measure.of
        if self.settings.row.learns:
            measured = _of_present(pool, measured)
        return select(pool, sparsity, self.ranking, measured)

    def prune_average(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Make an average of several of its models as those are, in place: exactly sparse, and of a
        method whose weights stay what it began with. Return its mask.
        """
        pool = self.settings.find_pool(states)
        kept = self.kept_of(pool)
        self.pruner.mover.prune_average(pool, kept)
        if self.settings.row.weights.stay:
            restore_frozen(self._model, states)
        return kept

    def mask(self, kept: Mapping[str, Tensor] | None = None) -> Mask:
        """Return the present mask, or another one of this training, as it is told in a file."""
        pruner, first = self.pruner, self.first_mask
        then = f"adjusted over {pruner.update} updates" if pruner.adjusts else "kept fixed"
        kept = pruner.kept if kept is None else kept
        own = Origin(source=TRAINED, method=self.settings.method, ranking=self.ranking.score)
        return Mask(
            {name: tensor.cpu() for name, tensor in kept.items()},
            origin=f"{self.settings.method}: {then}; first: {first.origin}",
            sparsity_target=self.settings.sparsity,
            ranking=self.ranking,
            step=pruner.update,
            parent=first.sha256,
            made=own.over(self.whose),
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs beside model and optimizer, in tensors and plain
        types.
        """
        return {
            "pruner": self.pruner.state_dict(),
            "settings": self.settings.as_dict(),
            "first_mask": None if self._first is None else self._first.account(),
        }

    def load_state_dict(self, state: Mapping[str, Any], where: str = "the checkpoint") -> None:
        """Continue from `state_dict()`; the loop loads model and optimizer itself.

        Args:
            where: what an error calls it.

        Raises:
            UserError: it is of a training that prunes otherwise, or of another model.
        """
        changed = self.settings.changed(state["settings"])
        if changed:
            raise UserError(
                f"{where}: holds a run with other settings ({'; '.join(changed)}); "
                "continue it with the same ones, or use another directory"
            )
        try:
            self.pruner.load_state_dict(state["pruner"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{where}: what it holds of pruning does not fit the model "
                f"({printable(describe(error))}); continue the training that left it, or use "
                f"another directory"
            ) from None
        told = state.get("first_mask")
        if told is not None:  # a checkpoint of before it was told has none
            self.take_first_mask(Mask.of_account(self.pruner.first, told))

    def take_first_mask(self, mask: Mask) -> None:
        """Tell what training started from, where a resumed one has it from elsewhere."""
        self._first = mask


def _of_present(pool: Mapping[str, Tensor], learned: Measured) -> Measured:
    """Learned scores of the weights that a model has. What is zero there comes before all others,
    whatever was learned of it since: to keep it would prune nothing.
    """

    def above(name: str) -> Tensor:
        scores = learned(name)
        gone = (pool[name] == 0).to(scores.device)
        return step_above(scores).masked_fill_(gone, 0.0)

    return above


def _is_sparse(pool: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> bool:
    """Whether all weights are zero that a mask prunes."""
    return not any(bool(tensor[~kept[name]].any()) for name, tensor in pool.items())
