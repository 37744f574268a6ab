"""ESPnet's trainer with pruning in it. Everything happens in hooks; the training loop
is ESPnet's.
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from operator import length_hint
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parp_espnet.errors import UserError
from parp_espnet.espnet import checkpoints, heap
from parp_espnet.espnet.begun import HeadSettings, begin_with_head, leave_untrained
from parp_espnet.espnet.divergence import Updates, check_done, check_validation
from parp_espnet.espnet.finalise import finalise
from parp_espnet.espnet.interruption import Interruption
from parp_espnet.espnet.label_prior import PriorLoss
from parp_espnet.espnet.ranks import on_first_rank
from parp_espnet.espnet.raw_speech import listen
from parp_espnet.espnet.recomputing import OPTION, recompute_layers
from parp_espnet.espnet.session import Session
from parp_espnet.espnet.stock import (
    NestedDictAction,
    Trainer,
    TrainerOptions,
    UnsafeLoadRefusedError,
    str2bool,
    to_device,
)
from parp_espnet.espnet.teacher import Teacher, learn_from
from parp_espnet.locks import locked
from parp_espnet.pruning.settings import PruneSettings

LOOKED_AT = 4
"""Batches that are looked at before the first update, for a score of what comes to weights."""


@dataclasses.dataclass
class PruningOptions(TrainerOptions):  # type: ignore[misc]  # ESPnet is untyped
    """ESPnet's options, and what pruning adds to them."""

    settings: PruneSettings
    raw_speech: Path | None = None
    """Recordings of which a score of what comes to weights makes the first mask."""
    teacher: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Whose label probabilities are learned, too: its `model`, a file, and the `weight` of that."""
    label_prior: float = 0.0
    """Weight of label priors in CTC's loss."""
    prior_loss: PriorLoss | None = None
    """Made when training starts, where they weigh anything."""
    head: HeadSettings = dataclasses.field(default_factory=HeadSettings)
    """What the CTC layer begins with."""
    recomputes: bool = False
    """Whether layers are computed again in the backward pass."""
    session: Session | None = None
    """Made when training starts; here because ESPnet hands the options to every hook."""
    interruption: Interruption | None = None


class PruningTrainer(Trainer):  # type: ignore[misc]  # ESPnet is untyped
    """`Trainer` that validates and saves exactly sparse models only, and resumes exactly.

    ESPnet seeds Python's, NumPy's and torch's generators with seed + epoch when an epoch begins,
    resumed or not, so dropout and SpecAugment need no state of their own.
    """

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Make `prune_conf` a legal key of the configuration file."""
        group = parser.add_argument_group("Pruning")
        group.add_argument(
            "--prune_conf",
            action=NestedDictAction,
            default={},
            help="method, sparsity, interval, freeze_updates, initial_mask; see "
            "parp_espnet.pruning.settings",
        )
        group.add_argument(
            "--raw_speech",
            type=str,
            help="directory of recordings that a score of what comes to weights looks at before "
            "the first update; by default the first batches",
        )
        group.add_argument(
            "--teacher_conf",
            action=NestedDictAction,
            default={},
            help="model: the file of another training, weight: of what label probabilities differ "
            "by",
        )
        group.add_argument(
            "--label_prior",
            type=float,
            default=0.0,
            help="weight of label priors in CTC's loss, which make it less peaky; 0: none",
        )
        group.add_argument(
            "--head_conf",
            action=NestedDictAction,
            default={},
            help="head, rows, lowered: the CTC layer to begin with; see parp_espnet.espnet.begun",
        )
        group.add_argument(
            f"--{OPTION}",
            type=str2bool,
            default=False,
            help="compute layers again in the backward pass instead of keeping what they make",
        )

    @classmethod
    def build_options(cls, args: argparse.Namespace) -> PruningOptions:
        """Build the options of `run`. Raises `UserError` when `prune_conf` or `head_conf` is
        wrong.
        """
        names = [field.name for field in dataclasses.fields(TrainerOptions)]
        settings = PruneSettings.parse(args.prune_conf)
        if args.patience is not None and settings.row.grows:
            raise UserError(
                f"patience: expected none with method {settings.method}, found {args.patience}: "
                f"its sparsity grows until the last update, and would not be reached"
            )
        return PruningOptions(
            **{name: getattr(args, name) for name in names},
            settings=settings,
            raw_speech=None if args.raw_speech is None else Path(args.raw_speech),
            teacher=args.teacher_conf,
            label_prior=args.label_prior,
            head=HeadSettings.parse(args.head_conf),
            recomputes=getattr(args, OPTION),
        )

    @classmethod
    def run(
        cls,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        trainer_options: PruningOptions,
        distributed_option: Any,
        schedulers: Sequence[Any],
        **others: Any,
    ) -> None:
        """Train from the present weights or the last checkpoint, then finalise what the directory
        holds.
        """
        directory = Path(trainer_options.output_dir)
        writes = not distributed_option.distributed or distributed_option.dist_rank == 0
        (optimizer,) = optimizers
        session = Session(
            model,
            optimizer,
            trainer_options.settings,
            directory=directory,
            max_epoch=trainer_options.max_epoch,
            writes=writes,
        )
        trainer_options.session = session
        if trainer_options.recomputes:
            recompute_layers(model)
        if trainer_options.label_prior:
            trainer_options.prior_loss = PriorLoss(
                model, optimizer, trainer_options.label_prior, directory
            )
        if trainer_options.teacher:
            learn_from(model, Teacher.read(trainer_options.teacher), directory)
        trainer_options.interruption = Interruption(
            directory,
            model,
            optimizers,
            schedulers,
            accum_grad=trainer_options.accum_grad,
            update=lambda: session.pruner.update,
            writes=writes,
        )
        criteria = trainer_options.best_model_criterion
        kept = trainer_options.keep_nbest_models
        kept = kept if isinstance(kept, int) else max(kept, default=1)
        with ExitStack() as stack:

            def mend() -> bool:
                stack.enter_context(locked(directory / ".lock", wait=False))
                if trainer_options.resume:
                    return checkpoints.recover(directory, criteria, kept)
                return checkpoints.forget_within(directory)

            # One process mends what an interruption left, before the others look.
            resumes = on_first_rank(mend)
            if not resumes:
                begin_with_head(model, trainer_options.head)
                session.start(
                    partial(_look_at_batches, model, trainer_options, others)
                    if session.pruning.needs_batches
                    else None
                )
            if trainer_options.max_epoch == 0:
                leave_untrained(model, directory, criteria[0])
                finalise(model, session, criteria[0], seed=trainer_options.seed)
                session.finish()
                return
            try:
                with trainer_options.interruption.listening(), checkpoints.saved_whole(directory):
                    super().run(
                        model=model,
                        optimizers=optimizers,
                        schedulers=schedulers,
                        trainer_options=trainer_options,
                        distributed_option=distributed_option,
                        **others,
                    )
            except (
                FileNotFoundError,
                UnsafeLoadRefusedError,
            ):  # a model that the average is made of
                checkpoints.check_models(directory, criteria, kept)
                raise
            check_done(
                directory,
                session.pruner.update,
                session.updates,
                stops_early=trainer_options.patience is not None,
                scaled=trainer_options.use_amp,
            )
            if writes:
                checkpoints.check_models(directory, criteria, kept)
                finalise(model, session, criteria[0], seed=trainer_options.seed)
                if trainer_options.prior_loss is not None:
                    final = directory / f"{criteria[0][0]}.{criteria[0][1]}.ave.pth"
                    trainer_options.prior_loss.write(final)
                session.finish()

    @classmethod
    def train_one_epoch(
        cls,
        optimizers: Sequence[torch.optim.Optimizer],
        options: PruningOptions,
        iterator: Any,
        **others: Any,
    ) -> bool:
        """Train an epoch, or what an interruption left of it, and prune after it: validation and
        all that is saved see sparse weights.
        """
        session, interruption = options.session, options.interruption
        assert session is not None
        assert interruption is not None
        interruption.begin_epoch(others["reporter"], others["scaler"], iterator)
        session.begin_epoch(others["reporter"], updates=length_hint(iterator) // options.accum_grad)
        updates = Updates(
            interruption.training(iterator),
            accum_grad=options.accum_grad,
            update=lambda: session.pruner.update,
            optimizer=optimizers[0],
            scaler=others["scaler"],
            directory=session.directory,
            forget=partial(_forget, options),
        )
        nothing_happened: bool = super().train_one_epoch(
            optimizers=optimizers, options=options, iterator=updates, **others
        )
        for optimizer in optimizers:
            # Gradients of left-over micro-batches are in no checkpoint: an epoch that kept them
            # could not be resumed exactly.
            optimizer.zero_grad()
        session.end_epoch()
        if options.prior_loss is not None:
            options.prior_loss.end_epoch(others["reporter"].get_epoch())
        return nothing_happened and not interruption.has_updated

    @classmethod
    def validate_one_epoch(cls, options: PruningOptions, iterator: Any, **others: Any) -> None:
        """Validate, unless an interruption ends it. Raises `UserError` where the loss is not a
        number.
        """
        assert options.session is not None
        assert options.interruption is not None
        super().validate_one_epoch(
            options=options, iterator=options.interruption.validation(iterator), **others
        )
        heap.give_back()
        losses = [float(loss.value) for loss in others["reporter"].stats.get("loss", [])]
        check_validation(options.session.directory, options.session.pruner.update, losses)


def _forget(options: PruningOptions) -> None:
    """Leave out what batches have shown that came to no update."""
    assert options.session is not None
    options.session.pruning.forget()
    if options.prior_loss is not None:
        options.prior_loss.forget()


def _look_at_batches(model: nn.Module, options: PruningOptions, others: Mapping[str, Any]) -> None:
    """Run raw speech, or the first batches of the first epoch, through the model, for a score of
    its inputs.
    """
    device = "cuda" if options.ngpu > 0 else "cpu"
    if options.raw_speech is not None:
        listen(model, options.raw_speech, device)
        return
    batches = others["train_iter_factory"].build_iter(1)
    for _, batch in islice(batches, LOOKED_AT):
        model(**to_device(batch, device))
