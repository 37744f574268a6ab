"""`parp-mask rates`: rates for a scope, of what the loss on dev is without a layer's weights."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from parp_espnet.bin.mask import main
from parp_espnet.errors import UserError
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.espnet.sensitivity import groups_of, loss_of, losses_of, rates_from, read_said
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.scopes import read_rates

MODEL = "valid.loss.ave.pth"

Command = Callable[..., tuple[object, str, str]]


@pytest.fixture
def mask(run_command: Callable[..., tuple[object, str, str]]) -> Command:
    return partial(run_command, main)


@pytest.fixture(scope="module")
def dense(learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiment with small weights where its mask has zeros."""
    folder = tmp_path_factory.mktemp("dense")
    shutil.copy(learned / "config.yaml", folder)
    states = torch.load(learned / MODEL, weights_only=True)
    torch.manual_seed(0)
    for tensor in states.values():
        if tensor.is_floating_point():
            zeros = tensor == 0
            tensor[zeros] = 1e-4 * torch.randn(int(zeros.sum()))
    torch.save(states, folder / MODEL)
    return folder


def test_a_layer_that_matters_more_is_pruned_less() -> None:
    losses = {"a": 2.0, "b": 0.5, "c": 1.25}
    assert rates_from(losses, 0.7, 0.08) == {"a": 0.62, "b": 0.78, "c": 0.7}
    assert rates_from({"a": 1.0, "b": 1.0}, 0.7, 0.08) == {"a": 0.7, "b": 0.7}


def test_groups_are_layers() -> None:
    names = ["encoder.layers.1.x.weight", "encoder.layers.1.x.bias", "encoder.layers.10.x.weight"]
    assert groups_of([*names, "other.weight"]) == {
        "encoder.layers.1.*": names[:2],
        "encoder.layers.10.*": names[2:],
        "other.weight": ["other.weight"],
    }


def test_each_layer_is_pruned_alone_and_given_back(learned: Path, tones: Path) -> None:
    recogniser = Recogniser(learned / MODEL)
    said = read_said(tones, recogniser.tokens)
    before = {name: tensor.clone() for name, tensor in recogniser.pool().items()}
    whole, losses = losses_of(recogniser, said, 0.95)
    assert all(torch.equal(tensor, before[name]) for name, tensor in recogniser.pool().items())
    assert loss_of(recogniser, said) == whole
    assert len(losses) > 1
    assert all(loss != whole for loss in losses.values())
    # By hand: the smallest weights of one layer are zero.
    key = next(iter(losses))
    part = [tensor for name, tensor in recogniser.pool().items() if name.startswith(key[:-1])]
    sizes = torch.cat([tensor.detach().abs().flatten() for tensor in part])
    bound = sizes.sort().values[round(0.95 * len(sizes)) - 1]
    with torch.no_grad():
        for tensor in part:
            tensor[tensor.abs() <= bound] = 0
    assert loss_of(recogniser, said) == losses[key]


def test_the_file_is_a_scope(mask: Command, dense: Path, tones: Path, tmp_path: Path) -> None:
    out = tmp_path / "rates.yaml"
    words = ("rates", "--model", dense / MODEL, "--data", tones, "--sparsity", 0.5, "--out", out)
    code, said, told = mask(*words)
    assert code == 0, told
    assert f"{out}: " in said
    rates = dict(read_rates(out))
    assert max(rates.values()) == 0.58
    assert min(rates.values()) == 0.42
    first = out.read_bytes()
    assert mask(*words)[0] == 0
    assert out.read_bytes() == first
    made = tmp_path / "mask.safetensors"
    scoped = ("--sparsity", 0.5, "--scope", out, "--out", made)
    assert mask("from-model", "--model", dense / MODEL, *scoped)[0] == 0
    found = Mask.load(made)
    pruned = sum(int((~kept).sum()) for kept in found.kept.values())
    assert pruned == round(0.5 * found.total)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--spread", 0.5), "--spread 0.5: expected more than 0"),
        (("--spread", 0), "--spread 0: expected more than 0"),
        (("--sparsity", 1), "sparsity"),
        (("--data", "nowhere"), "nowhere/text: no such file"),
        (("--model", "nowhere"), "nowhere: no such model"),
        (("--out", "rates"), "--out rates: expected a name by which --scope knows a file of rates"),
        (("--out", "rates.txt"), "--out rates.txt: expected a name by which --scope knows"),
        (("--out", "/dev/rates.yaml"), "/dev/rates.yaml: nothing is made in /dev"),
    ],
)
def test_what_cannot_be_measured_is_said(
    mask: Command,
    dense: Path,
    tones: Path,
    tmp_path: Path,
    options: tuple[object, ...],
    expected: str,
) -> None:
    out = tmp_path / "rates.yaml"
    usual = ("--model", dense / MODEL, "--data", tones, "--sparsity", 0.7, "--out", out)
    code, _, told = mask("rates", *usual, *options)
    assert code == 2
    assert expected in told
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_a_pruned_model_is_refused(
    mask: Command, learned: Path, tones: Path, tmp_path: Path
) -> None:
    # Pruned to 70 %, a layer would be without twenty points more, and not without seventy.
    out = tmp_path / "rates.yaml"
    usual = ("--model", learned / MODEL, "--data", tones, "--sparsity", 0.7, "--out", out)
    code, _, told = mask("rates", *usual)
    assert code == 2
    assert "expected a dense model, found one of whose weights 50.0% are zero" in told
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_texts_of_other_tokens_are_refused(learned: Path, tones: Path, tmp_path: Path) -> None:
    data = tmp_path / "dev"
    data.mkdir()
    shutil.copy(tones / "wav.scp", data)
    names = [line.split()[0] for line in (tones / "text").read_text().splitlines()]
    (data / "text").write_text("".join(f"{name} una palabra\n" for name in names))
    tokens = Recogniser(learned / MODEL).tokens
    with pytest.raises(UserError, match="expected texts in the tokens of the model"):
        read_said(data, tokens)
    (data / "text").write_text(f"{names[0]} a\n")
    with pytest.raises(UserError, match=r"expected what is said in .*, found nothing"):
        read_said(data, tokens)
