"""Learning from another training, too: the probabilities that it gives each label in each frame.

CTC's loss of an utterance gets a term more, weight · Σ over frames of KL(teacher ‖ model), as
knowledge distillation has it (Hinton et al. 2015) and DPHuBERT for pruned models of speech. The
teacher hears whole what the model hears with dropout and masks. It is no part of the model: nothing
of it is in a state_dict, and an interrupted training reads it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from parp_espnet.errors import UserError, as_written


@dataclass(frozen=True)
class Teacher:
    """A trained model that another learns from."""

    path: Path
    weight: float

    @classmethod
    def read(cls, conf: Mapping[str, Any]) -> "Teacher":
        """Check `teacher_conf`. Raises `UserError` that says what was found and what was
        expected.
        """
        found = dict(conf)
        model, weight = found.pop("model", None), found.pop("weight", 1.0)
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if found or not isinstance(model, str) or not number or not 0 < weight < float("inf"):
            raise UserError(
                f"teacher_conf: expected model, the file of a training's, and weight, a number "
                f"above 0, found {as_written(dict(conf))}"
            )
        return cls(Path(model), float(weight))


def learn_from(model: Any, teacher: Teacher, directory: Path) -> None:
    """Add the term to the loss of an ESPnet model, wherever it trains.

    Args:
        directory: of the training, which begins errors.

    Raises `UserError` where the teacher is gone, damaged, or knows other tokens.
    """
    # Imported here: it builds models by the task, whose trainer this is of.
    from parp_espnet.espnet.loading import load_model  # noqa: PLC0415

    device = str(next(model.parameters()).device)
    taught, options = load_model(teacher.path, device)
    if list(options.token_list) != list(model.token_list):
        raise UserError(
            f"{directory}: teacher {teacher.path}: expected one of the same "
            f"{len(model.token_list)} tokens, found one of {len(options.token_list)}"
        )
    taught.requires_grad_(False)
    plain = model._calc_ctc_loss
    heard: dict[str, Tensor] = {}

    def listen(_: nn.Module, words: tuple[Any, ...], named: dict[str, Any]) -> None:
        del words
        heard.update(speech=named["speech"], lengths=named["speech_lengths"])

    def calculate(
        encoded: Tensor, frames: Tensor, targets: Tensor, lengths: Tensor
    ) -> tuple[Tensor, float | None]:
        loss, rate = plain(encoded, frames, targets, lengths)
        if not model.training:
            return loss, rate
        with torch.no_grad():
            theirs, _ = taught.encode(heard["speech"], heard["lengths"])
            expected = taught.ctc.log_softmax(theirs)
        found = model.ctc.log_softmax(encoded)
        if expected.shape != found.shape:
            raise UserError(
                f"{directory}: teacher {teacher.path}: expected the frames of this upstream, "
                f"{tuple(found.shape)}, found {tuple(expected.shape)}: its convolutions are others"
            )
        return loss + teacher.weight * divergence(expected, found, frames), rate

    model.register_forward_pre_hook(listen, with_kwargs=True)
    model._calc_ctc_loss = calculate


def divergence(expected: Tensor, found: Tensor, frames: Tensor) -> Tensor:
    """Return Σ KL(expected ‖ found) over the frames of an utterance, of the mean utterance, as
    ESPnet has CTC's loss.

    Args:
        expected: natural logarithms of probabilities, (utterances, frames, labels).
        found: the same, of the model that learns.
        frames: of each utterance, (utterances,).
    """
    within = torch.arange(found.shape[1], device=found.device) < frames.to(found.device)[:, None]
    each = (expected.exp() * (expected - found)).sum(-1)
    return (each * within).sum() / len(found)
