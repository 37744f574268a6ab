"""CTC with label priors: the loss, its gradient, what is kept of priors, and what is refused."""

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from parp_espnet.decoding.label_prior import FILE, read_label_prior
from parp_espnet.errors import UserError
from parp_espnet.espnet.found import find_model
from parp_espnet.espnet.label_prior import PriorLoss, levelled_loss
from parp_espnet.espnet.loading import load_model
from parp_espnet.espnet.states import load_model_state
from parp_espnet.recognition.labels import collapse
from tests.espnet.utterances import MODEL, QUICK, batch

CTC = torch.nn.CTCLoss(reduction="none", zero_infinity=True)


def of_all_paths(rows: Tensor, text: list[int]) -> Tensor:
    """The loss by its definition, over all paths that spell a text."""
    totals = []
    for path in itertools.product(range(rows.shape[1]), repeat=len(rows)):
        if collapse(list(path)) == text:
            totals.append(sum(rows[frame, label] for frame, label in enumerate(path)))
    return -torch.stack(totals).logsumexp(0)


def test_loss_and_gradient_are_those_of_all_paths() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(4, 2, 3, generator=generator, requires_grad=True)
    logs = torch.tensor([0.8, 0.15, 0.05]).log()
    texts, frames = [[1, 2], [2]], torch.tensor([4, 3])
    lengths = torch.tensor([2, 1])
    losses = levelled_loss(
        CTC, scores.log_softmax(2) - 0.3 * logs, torch.tensor([1, 2, 2]), frames, lengths
    )
    (found,) = torch.autograd.grad(losses.sum(), scores)
    levelled = scores.log_softmax(2) - 0.3 * logs
    wanted = torch.stack(
        [of_all_paths(levelled[:count, at], texts[at]) for at, count in enumerate(frames.tolist())]
    )
    assert torch.allclose(losses, wanted, atol=1e-5)
    (expected,) = torch.autograd.grad(wanted.sum(), scores)
    assert torch.allclose(found, expected, atol=1e-5)


def test_an_utterance_that_is_too_short_counts_nothing() -> None:
    rows = torch.zeros(2, 1, 4, requires_grad=True)
    loss = levelled_loss(
        CTC, rows.log_softmax(2) + 1, torch.tensor([1, 1]), torch.tensor([2]), torch.tensor([2])
    )
    assert loss.tolist() == [0.0]
    (gradient,) = torch.autograd.grad(loss.sum(), rows)
    assert not gradient.any()


def made(model: Any, weight: float, folder: Path) -> tuple[PriorLoss, torch.optim.Optimizer]:
    optimizer = torch.optim.Adam(model.parameters())
    return PriorLoss(model, optimizer, weight, folder), optimizer


def test_the_prior_follows_what_the_model_hears(learned: Path, tmp_path: Path) -> None:
    model, _ = load_model(find_model(learned))
    names = list(model.state_dict())
    plain = model(**batch())[0]
    loss, optimizer = made(model, 0.5, tmp_path)
    assert list(model.state_dict()) == names
    assert model(**batch())[0] == plain
    model.train()
    labels = len(loss.prior)
    # An even prior changes nothing but by a constant: its logarithm, for each frame.
    first = model(**batch())[0]
    encoded, frames = model.encode(batch()["speech"], batch()["speech_lengths"])
    constant = 0.5 * np.log(labels) * frames.sum() / 2
    assert torch.allclose(first + constant, plain, rtol=1e-4)
    # Two batches an update: the mean is over the frames of both, without those of padding.
    model(**batch())
    rows = model.ctc.softmax(encoded)
    first.backward()
    optimizer.step()
    heard = torch.cat([rows[0, : frames[0]], rows[1, : frames[1]]])
    assert torch.allclose(loss.prior, 0.98 / labels + 0.02 * heard.mean(0), atol=1e-6)
    assert torch.allclose(loss.prior.sum(), torch.tensor(1.0))


def test_its_state_is_the_optimizers(learned: Path, tmp_path: Path) -> None:
    model, _ = load_model(find_model(learned))
    loss, optimizer = made(model, 0.5, tmp_path)
    model.train()
    model(**batch())[0].backward()
    optimizer.step()
    loss.end_epoch(1)
    torch.save(optimizer.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    other, _ = load_model(find_model(learned))
    again, optimizer = made(other, 0.5, tmp_path)
    optimizer.load_state_dict(state)
    assert torch.equal(again.prior, loss.prior)
    again.write(tmp_path / "1epoch.pth")
    prior = read_label_prior(tmp_path, other.token_list)
    assert prior is not None
    assert np.array_equal(prior.logs, loss.logs.numpy())
    for weight, found in ((0.3, "0.5"), (0.3, "none")):
        third, _ = load_model(find_model(learned))
        _, optimizer = made(third, weight, tmp_path)
        if found == "none":
            state.pop("label_prior")
        wanted = f"expected a training with label_prior 0.3, found one with {found}"
        with pytest.raises(UserError, match=re.escape(wanted)):
            optimizer.load_state_dict(dict(state))


def test_a_training_with_pruning_a_teacher_and_accumulation(
    learned: Path, calm_recipe: Any, tmp_path: Path
) -> None:
    teacher = {"model": str(find_model(learned)), "weight": 1.0}
    options = QUICK | {"accum_grad": 2, "num_iters_per_epoch": 6, "teacher_conf": teacher}
    with_prior = calm_recipe.train(tmp_path / "with", **options, label_prior=0.3)
    alone = calm_recipe.train(tmp_path / "alone", **options)
    kept, other = load_model_state(with_prior / MODEL), load_model_state(alone / MODEL)
    assert kept.keys() == other.keys()
    assert any(not torch.equal(kept[name], other[name]) for name in kept)
    assert not (alone / FILE).exists()
    model, options_of = load_model(with_prior / MODEL)
    assert model.ctc.loss_fn.__func__ is type(model.ctc).loss_fn
    prior = read_label_prior(with_prior, options_of.token_list)
    assert prior is not None
    assert prior.weight == 0.3
    assert np.isclose(np.exp(prior.logs).sum(), 1, atol=1e-4)
    # Ended after an epoch, it goes on to the same bits.
    calm_recipe.train(tmp_path / "again", **options | {"max_epoch": 1}, label_prior=0.3)
    again = calm_recipe.train(tmp_path / "again", **options, label_prior=0.3)
    continued = load_model_state(again / MODEL)
    assert all(torch.equal(kept[name], continued[name]) for name in kept)
    assert (again / FILE).read_bytes() == (with_prior / FILE).read_bytes()


def test_a_model_without_such_a_ctc(learned: Path, tmp_path: Path) -> None:
    model, _ = load_model(find_model(learned))
    with pytest.raises(UserError, match="label_prior: expected a number above 0 and at most 1"):
        made(model, 1.5, tmp_path)
    model.ctc.ctc_type = "builtin2"
    with pytest.raises(UserError, match="expected a model with CTC of ctc_type builtin, found"):
        made(model, 0.3, tmp_path)
