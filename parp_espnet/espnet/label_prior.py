"""CTC with label priors: less peaky, so that what is aligned lasts as long as it is said.

Huang et al. 2024 ("Less peaky and more accurate CTC forced alignment by label priors",
arXiv 2406.02560): the loss is CTC's of

    log p(label, frame) − weight · log prior(label)

which is no distribution any more. A blank, which has most frames, is dear by its prior, and a phone
is cheap in more of its frames. The prior of a label is the mean probability that the model gives it
in training; theirs is of the epoch before, this one is a moving average over updates, since ten
minutes of speech are finetuned in a handful of epochs.

Nothing of it is in the model's state_dict: its state travels in `checkpoint.pth` as the pruner's
does, and the final model's prior is a file beside it.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.decoding.label_prior import LabelPrior
from parp_espnet.errors import UserError
from parp_espnet.espnet import ranks
from parp_espnet.pruning.scaled import is_skipped

STATE_KEY = "label_prior"
KEPT = 0.98
"""What is left of a prior after an update; the rest is that update's."""
LEAST = -12.0
"""No logarithm of a prior is below: a label that is never heard is not to be had for nothing."""


class PriorLoss:
    """The loss of an ESPnet model's CTC with label priors, and the priors.

    The prior begins even, with which the loss is CTC's own but for a constant.

    Args:
        weight: of the prior's logarithms, above 0 and at most 1.
        directory: of the training, which begins errors.

    Raises `UserError` where the model has no CTC whose loss is torch's.
    """

    def __init__(
        self, model: Any, optimizer: torch.optim.Optimizer, weight: float, directory: Path
    ) -> None:
        if not 0 < weight <= 1:
            raise UserError(f"label_prior: expected a number above 0 and at most 1, found {weight}")
        if model.ctc is None or model.ctc.ctc_type != "builtin":
            kind = "no CTC" if model.ctc is None else f"ctc_type {model.ctc.ctc_type}"
            raise UserError(
                f"{directory}: label_prior: expected a model with CTC of ctc_type builtin, found "
                f"{kind}"
            )
        self._weight = weight
        self._directory = directory
        self._ctc = model.ctc
        self._tokens = list(model.token_list)
        labels = model.ctc.ctc_lo.out_features
        self.device = model.ctc.ctc_lo.weight.device
        self.prior = torch.full((labels,), 1 / labels, device=self.device)
        self._of_epochs: dict[int, Tensor] = {}
        self._sums = torch.zeros(labels + 1, device=self.device)
        self._plain = model.ctc.loss_fn
        model.ctc.loss_fn = self._loss
        optimizer.register_step_post_hook(lambda *_: self._after_update(optimizer))
        optimizer.register_state_dict_post_hook(self._add_state)
        optimizer.register_load_state_dict_pre_hook(self._take_state)

    @property
    def logs(self) -> Tensor:
        """Natural logarithms of the priors, (labels,)."""
        return self.prior.log().clamp(min=LEAST)

    def end_epoch(self, epoch: int) -> None:
        """Note the prior of the model that an epoch leaves.

        Batches that came to no update are forgotten, as their gradients are.
        """
        self.forget()
        self._of_epochs[epoch] = self.prior.cpu()

    def forget(self) -> None:
        """Leave out batches that came to no update."""
        self._sums.zero_()

    def write(self, final: Path) -> None:
        """Write the prior of the final model beside it: that of its epoch, or of the last one."""
        number = re.fullmatch(r"(\d+)epoch\.pth", final.resolve().name)
        prior = self.prior.cpu()
        if number is not None:
            prior = self._of_epochs.get(int(number[1]), prior)
        logs = prior.log().clamp(min=LEAST)
        LabelPrior(self._weight, logs.numpy()).write(self._directory, self._tokens)

    def _loss(self, scores: Tensor, targets: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
        """As `CTC.loss_fn` of ESPnet, whose place it takes; validation gets that one's.

        Args:
            scores: before the softmax, (frames, utterances, labels).
        """
        if not self._ctc.training:
            plain: Tensor = self._plain(scores, targets, frames, lengths)
            return plain
        logprobs = scores.log_softmax(2).float()
        self._count(logprobs.detach(), frames)
        loss = levelled_loss(
            self._ctc.ctc_loss, logprobs - self._weight * self.logs, targets, frames, lengths
        )
        return loss.sum() / len(loss) if self._ctc.reduce else loss / len(loss)

    def _count(self, logprobs: Tensor, frames: Tensor) -> None:
        """Add the probabilities of a batch's frames, and how many these are."""
        within = _within(logprobs, frames)
        self._sums[:-1] += (logprobs.exp() * within[..., None]).sum((0, 1))
        self._sums[-1] += within.sum()

    def _after_update(self, optimizer: torch.optim.Optimizer) -> None:
        """Move the prior towards the mean of the update's frames, on all ranks by the same."""
        if is_skipped(optimizer):
            return
        sums = ranks.add(self._sums)
        if torch.isfinite(sums).all() and sums[-1] > 0:
            self.prior = KEPT * self.prior + (1 - KEPT) * sums[:-1] / sums[-1]
        self._sums.zero_()

    def _add_state(self, _: torch.optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        ours = {
            "weight": self._weight,
            "prior": self.prior.cpu(),
            "of_epochs": dict(self._of_epochs),
        }
        return state | {STATE_KEY: ours}

    def _take_state(self, _: torch.optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        ours = state.get(STATE_KEY)
        if ours is None or ours["weight"] != self._weight:
            then = "none" if ours is None else f"{ours['weight']:g}"
            raise UserError(
                f"{self._directory}/checkpoint.pth: expected a training with label_prior "
                f"{self._weight:g}, found one with {then}; use another directory"
            )
        self.prior = ours["prior"].to(self.device)
        self._of_epochs = dict(ours["of_epochs"])
        return {key: value for key, value in state.items() if key != STATE_KEY}


def levelled_loss(
    ctc: torch.nn.CTCLoss, levelled: Tensor, targets: Tensor, frames: Tensor, lengths: Tensor
) -> Tensor:
    """Return CTC's loss of each utterance where the labels of a frame need not sum to 1.

    torch's gradient of CTC is right only where they do. So they are made to, and what they summed
    to is taken out again; an utterance that torch leaves out, as too short for its text, counts 0.

    Args:
        ctc: with reduction none.
        levelled: natural logarithms, (frames, utterances, labels).
    """
    totals = levelled.logsumexp(2)
    losses: Tensor = ctc(levelled - totals[..., None], targets, frames, lengths)
    outside = (totals * _within(levelled, frames)).sum(0)
    return torch.where(losses > 0, losses - outside, losses)


def _within(rows: Tensor, frames: Tensor) -> Tensor:
    """Which frames are an utterance's and not padding, (frames, utterances)."""
    return torch.arange(len(rows), device=rows.device)[:, None] < frames.to(rows.device)
