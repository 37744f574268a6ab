"""The table of scores."""

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.pruning.scores import SCORES, Need, find_score


def test_what_they_need() -> None:
    needs = {"activation": Need.INPUTS, "moment": Need.SECOND_MOMENTS, "magnitude": Need.NOTHING}
    assert {name: SCORES[name].needs for name in needs} == needs


@pytest.mark.parametrize(
    ("score", "known", "expected"),
    [
        ("magnitude", 1.0, [[1.0, 2.0], [3.0, 4.0]]),
        ("activation", [4.0, 9.0], [[2.0, 6.0], [6.0, 12.0]]),
        ("moment", [[1.0, 4.0], [0.0, 1e-38]], [[1.0, 4.0], [0.0, 4e-19]]),
    ],
)
def test_what_they_are(score: str, known: object, expected: object) -> None:
    weights = torch.tensor([[-1.0, 2.0], [3.0, -4.0]])
    found = SCORES[score].function(weights, torch.tensor(known))
    assert torch.allclose(found, torch.tensor(expected), atol=0)


def test_a_misspelt_score_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match="found 'activations'; did you mean 'activation'"):
        find_score("activations")


def test_a_score_that_no_option_says_is_not_suggested() -> None:
    with pytest.raises(UserError, match="one of magnitude, activation, moment, found 'nothing'"):
        find_score("nothing")
