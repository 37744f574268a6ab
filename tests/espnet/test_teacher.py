"""Learning from another training: what is added to the loss, and what stays as it is."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from parp_espnet.errors import UserError
from parp_espnet.espnet.found import find_model
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.states import load_model_state
from parp_espnet.espnet.teacher import Teacher, divergence, learn_from
from tests.espnet.utterances import MODEL, QUICK, batch


def test_frames_of_padding_do_not_count() -> None:
    generator = torch.Generator().manual_seed(0)
    expected, found = torch.randn(2, 2, 5, 4, generator=generator).log_softmax(-1)
    each = torch.nn.functional.kl_div(found, expected, log_target=True, reduction="none").sum(-1)
    wanted = (each[0].sum() + each[1, :3].sum()) / 2
    assert torch.allclose(divergence(expected, found, torch.tensor([5, 3])), wanted)
    assert divergence(expected, expected, torch.tensor([5, 3])) == 0


def test_the_loss_of_a_training_alone_has_the_term(learned: Path, tmp_path: Path) -> None:
    path = find_model(learned)
    model, _ = load_model(path)
    names = list(model.state_dict())
    plain = model(**batch())[0]
    learn_from(model, Teacher(path, 2.0), tmp_path)
    assert list(model.state_dict()) == names
    assert model(**batch())[0] == plain
    model.train()
    # Without dropout and masks it is its teacher.
    assert torch.allclose(model(**batch())[0], plain, rtol=1e-4)
    with torch.no_grad():
        model.ctc.ctc_lo.bias[0] += 1
    plain_now = model._calc_ctc_loss
    model.eval()
    without = model(**batch())[0]
    model.train()
    loss = model(**batch())[0]
    assert loss > without + 0.1
    loss.backward()
    assert model.ctc.ctc_lo.bias.grad is not None
    assert plain_now is model._calc_ctc_loss


def test_a_training_learns_from_it(learned: Path, calm_recipe: Any, tmp_path: Path) -> None:
    teacher = {"model": str(find_model(learned)), "weight": 4.0}
    taught = calm_recipe.train(tmp_path / "taught", **QUICK, teacher_conf=teacher)
    alone = calm_recipe.train(tmp_path / "alone", **QUICK)
    kept = load_model_state(taught / MODEL)
    other = load_model_state(alone / MODEL)
    assert kept.keys() == other.keys()
    assert any(not torch.equal(kept[name], other[name]) for name in kept)
    # Whoever decodes has no need of the teacher.
    model, _ = load_model(taught / MODEL)
    assert torch.isfinite(model(**batch())[0])


@pytest.mark.parametrize(
    "conf",
    [
        {"weight": 1.0},
        {"model": "x.pth", "weight": 0},
        {"model": "x.pth", "weight": "much"},
        {"model": "x.pth", "temperature": 2.0},
    ],
)
def test_what_is_no_teacher(conf: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="teacher_conf: expected model, the file of a training's"):
        Teacher.read(conf)


def test_a_teacher_of_other_tokens(learned: Path, tmp_path: Path) -> None:
    path = find_model(learned)
    model, _ = load_model(path)
    model.token_list = [*model.token_list, "ʃ"]
    wanted = f"teacher {re.escape(str(path))}: expected one of the same 8 tokens, found one of 7"
    with pytest.raises(UserError, match=wanted):
        learn_from(model, Teacher(path, 1.0), tmp_path)
    with pytest.raises(UserError, match="no such file"):
        learn_from(model, Teacher(tmp_path / "gone.pth", 1.0), tmp_path)
