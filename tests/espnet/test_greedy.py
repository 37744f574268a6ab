"""The validation's error rate is of tokens, without the padding, and the loss stays ESPnet's."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from espnet2.asr.ctc import CTC

from parp_espnet.espnet.greedy import validate_by_tokens
from parp_espnet.recognition.labels import collapse

TOKENS = 5


class Model(torch.nn.Module):
    """ESPnet's CTC on what it is given as logits."""

    def __init__(self) -> None:
        super().__init__()
        self.ctc = CTC(TOKENS, TOKENS, dropout_rate=0.0)
        self.error_calculator: Any = "ESPnet's"
        with torch.no_grad():
            self.ctc.ctc_lo.weight.copy_(torch.eye(TOKENS))
            self.ctc.ctc_lo.bias.zero_()

    def _calc_ctc_loss(
        self, encoded: Any, frames: Any, targets: Any, lengths: Any
    ) -> tuple[torch.Tensor, None]:
        return self.ctc(encoded, frames, targets, lengths), None


@pytest.fixture
def batch() -> SimpleNamespace:
    paths = [[1, 1, 0, 1, 2, 0, 3], [4, 0, 2, 3, 3, 3, 3]]
    return SimpleNamespace(
        encoded=10 * torch.nn.functional.one_hot(torch.tensor(paths), TOKENS).float(),
        frames=torch.tensor([7, 3]),  # what is read in the second one's padding does not count
        targets=torch.tensor([[1, 1, 2, 3], [4, 1, -1, -1]]),
        lengths=torch.tensor([4, 2]),
    )


def test_collapse() -> None:
    assert collapse([0, 1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]


def test_the_error_rate_is_of_tokens_and_the_loss_as_before(batch: SimpleNamespace) -> None:
    model = Model().eval()
    values = vars(batch).values()
    loss, _ = model._calc_ctc_loss(*values)
    validate_by_tokens(model)
    again, rate = model._calc_ctc_loss(*values)
    assert torch.equal(loss, again)
    assert rate == 1 / 6  # one substitution in six tokens
    assert model.error_calculator is None


def test_training_does_not_decode(batch: SimpleNamespace) -> None:
    model = Model().train()
    validate_by_tokens(model)
    assert model._calc_ctc_loss(*vars(batch).values())[1] is None
