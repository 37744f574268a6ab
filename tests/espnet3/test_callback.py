"""The callback in Lightning's own trainer, on a model of a few numbers."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader

from parp_espnet.errors import UserError
from parp_espnet.espnet3 import launch
from parp_espnet.espnet3.callback import PruningCallback
from parp_espnet.espnet3.finish import average, take_along, weights_of
from parp_espnet.files import read_json
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.pruner import nonzero_count

EPOCHS, BATCHES = 3, 4
UPDATES = {"rigl": {"updates": EPOCHS * BATCHES}}
"""What some methods have to know."""

POOL = r"\d\.weight"


class Inner(nn.Module):
    """A model that takes what espnet3's models take, and returns what they return."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.2), nn.Linear(16, 4))

    def forward(self, speech: Tensor) -> tuple[Tensor, dict[str, Tensor], None]:
        loss = (self.layers(speech) - 1).square().mean()
        return loss, {"loss": loss.detach()}, None


class Wrapped(lightning.LightningModule):
    """As espnet3 wraps a model: it saves by the model's own names."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.model = Inner()

    def training_step(self, batch: tuple[list[str], dict[str, Tensor]], number: int) -> Tensor:
        loss: Tensor = self.model(**batch[1])[0]
        return loss

    def validation_step(self, batch: tuple[list[str], dict[str, Tensor]], number: int) -> None:
        self.log("valid/loss", self.model(**batch[1])[0], batch_size=2)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.05)

    def train_dataloader(self) -> Any:
        generator = torch.Generator().manual_seed(1)
        waves = [torch.randn(2, 8, generator=generator) for _ in range(BATCHES)]
        batches: Any = [(["a", "b"], {"speech": wave}) for wave in waves]
        return DataLoader(batches, batch_size=None)

    def val_dataloader(self) -> Any:
        return self.train_dataloader()

    def state_dict(self, *words: Any, **others: Any) -> dict[str, Any]:
        return self.model.state_dict(*words, **others)

    def load_state_dict(self, states: Any, strict: bool = True, assign: bool = False) -> Any:
        return self.model.load_state_dict(states, strict=strict)


def fit(
    directory: Path,
    conf: dict[str, Any],
    epochs: int = EPOCHS,
    checkpoint: Path | None = None,
    callbacks: tuple[Any, ...] = (),
    pruned: bool = True,
) -> Wrapped:
    """Train as espnet3 does, with its checkpoints."""
    last = ModelCheckpoint(directory, filename="step{step}", auto_insert_metric_name=False)
    last._save_on_train_epoch_end = True
    best = ModelCheckpoint(
        directory,
        filename="best{epoch}",
        monitor="valid/loss",
        save_top_k=2,
        save_weights_only=True,
        save_on_train_epoch_end=False,
    )
    pruning = PruningCallback(str(directory), {"prune_pattern": POOL} | conf, seed=3)
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=[last, best, *([pruning] if pruned else []), *callbacks],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    model = Wrapped()
    trainer.fit(model, ckpt_path=None if checkpoint is None else str(checkpoint))
    return model


def zeros_in(states: dict[str, Tensor]) -> float:
    pool = {name: tensor for name, tensor in states.items() if name.endswith(".weight")}
    return 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())


@pytest.mark.parametrize(
    ("conf", "sparsity"),
    [
        ({"method": "parp", "sparsity": 0.5, "interval": 3}, 0.5),
        ({"method": "parp", "sparsity": 0.5, "interval": 3, "scope": "layer"}, 0.5),
        ({"method": "router", "sparsity": 0.5, "interval": 3}, 0.5),  # its best are not its last
        ({"method": "mpi", "sparsity": 0.25}, 0.25),
        ({"method": "dense"}, 0.0),
    ],
)
def test_what_is_left_is_exactly_sparse(
    conf: dict[str, Any], sparsity: float, tmp_path: Path
) -> None:
    fit(tmp_path, conf)
    said = read_json(tmp_path / "training.json")
    assert said["sparsity_measured"] == sparsity
    assert said["model"] == "valid.loss.ave.pth"
    assert len(said["checkpoints"]) == 3
    assert set(said["checkpoints"].values()) == {sparsity}
    states = torch.load(tmp_path / said["model"], weights_only=True)
    assert zeros_in(states) == sparsity
    mask = Mask.load(tmp_path / "mask.safetensors")
    assert mask.sha256 == said["mask_sha256"]
    Inner().load_state_dict(states, strict=True)


def test_where_sparsity_grows_the_last_model_is_the_final_one(tmp_path: Path) -> None:
    conf = {"method": "parp-p", "sparsity": 0.5, "interval": 2, "start_sparsity": 0.25}
    model = fit(tmp_path, conf | {"updates": EPOCHS * BATCHES})
    said = read_json(tmp_path / "training.json")
    assert (said["model"], said["sparsity_measured"]) == ("last.pth", 0.5)
    states = torch.load(tmp_path / "last.pth", weights_only=True)
    expected = model.model.state_dict()
    assert all(torch.equal(states[name], expected[name]) for name in expected)
    # Of best ones that were saved on the way, it says what they are.
    assert min(said["checkpoints"].values()) < 0.5


@pytest.mark.parametrize("method", ["parp", "parp-ste", "rigl", "movement", "router"])
def test_a_resumed_training_ends_in_the_same_bits(method: str, tmp_path: Path) -> None:
    conf = {"method": method, "sparsity": 0.5, "interval": 3} | UPDATES.get(method, {})
    alone = fit(tmp_path / "alone", conf)
    resumed = tmp_path / "resumed"
    fit(resumed, conf, epochs=2)
    (checkpoint,) = resumed.glob("step*.ckpt")
    continued = fit(resumed, conf, checkpoint=checkpoint)
    expected = alone.model.state_dict()
    for name, tensor in continued.model.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    one, other = (Mask.load(place / "mask.safetensors") for place in (tmp_path / "alone", resumed))
    assert one.sha256 == other.sha256
    assert read_json(resumed / "training.json")["sparsity_measured"] == 0.5


def test_moved_in_between_it_ends_in_the_same_bits(tmp_path: Path) -> None:
    """The best models so far are still the best ones, wherever they are now."""
    conf = {"method": "parp", "sparsity": 0.5, "interval": 3}
    fit(tmp_path / "alone", conf)
    fit(tmp_path / "before", conf, epochs=2)
    moved = tmp_path / "moved"
    (tmp_path / "before").rename(moved)
    # What was best is kept as such, and what comes is never better.
    (checkpoint,) = moved.glob("step*.ckpt")
    fit(moved, conf, checkpoint=checkpoint)
    names = sorted(path.name for path in moved.glob("best*.ckpt"))
    assert names == sorted(path.name for path in (tmp_path / "alone").glob("best*.ckpt"))
    one, other = (
        torch.load(place / "valid.loss.ave.pth", weights_only=True)
        for place in (tmp_path / "alone", moved)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("there", [True, False])
def test_best_models_are_taken_along_where_they_are_there(there: bool, tmp_path: Path) -> None:
    if there:
        (tmp_path / "best1.ckpt").touch()
    state = {"dirpath": "/gone", "best_k_models": {"/gone/best1.ckpt": 0.5}}
    state |= {"best_model_path": "/gone/best1.ckpt", "last_model_path": ""}
    take_along(state, str(tmp_path))
    best = str(tmp_path / "best1.ckpt") if there else "/gone/best1.ckpt"
    assert state["best_k_models"] == {best: 0.5}
    assert state["dirpath"] == (str(tmp_path) if there else "/gone")
    assert state["best_model_path"] == best


def test_a_router_moves_the_mask_alone(tmp_path: Path) -> None:
    conf = {"method": "router", "sparsity": 0.5, "interval": 3, "score_lr": 30.0}
    trained = fit(tmp_path, conf).model.state_dict()
    before = Inner.state_dict(Wrapped().model)
    first = Mask.load(tmp_path / "initial_mask.safetensors")
    last = Mask.load(tmp_path / "mask.safetensors")
    assert last.sha256 != first.sha256
    assert zeros_in(trained) == 0.5
    for name, tensor in trained.items():
        kept = tensor != 0
        assert torch.equal(tensor[kept], before[name][kept]), name


def test_resumed_after_its_last_epoch_it_only_finishes(tmp_path: Path) -> None:
    conf = {"method": "parp", "sparsity": 0.5, "interval": 3}
    fit(tmp_path, conf)
    before = read_json(tmp_path / "training.json")
    (tmp_path / "training.json").unlink()
    (checkpoint,) = tmp_path.glob("step*.ckpt")
    fit(tmp_path, conf, checkpoint=checkpoint)
    after = read_json(tmp_path / "training.json")
    assert after | {"train_seconds": 0} == before | {"train_seconds": 0}


def test_a_checkpoint_within_an_epoch_says_how_sparse_it_is(tmp_path: Path) -> None:
    within = ModelCheckpoint(
        tmp_path, filename="within{step}", every_n_train_steps=2, save_top_k=-1
    )
    fit(tmp_path, {"method": "parp", "sparsity": 0.5, "interval": 100}, callbacks=(within,))
    measured = read_json(tmp_path / "training.json")["checkpoints"]
    told = {name: sparsity for name, sparsity in measured.items() if name.startswith("within")}
    assert len(told) == 6
    for name, sparsity in told.items():
        assert zeros_in(weights_of(tmp_path / name)) == sparsity
    assert told["withinstep=2.ckpt"] < 0.5


def test_other_settings_are_refused(tmp_path: Path) -> None:
    conf = {"method": "parp", "sparsity": 0.5, "interval": 3}
    fit(tmp_path, conf, epochs=1)
    (checkpoint,) = tmp_path.glob("step*.ckpt")
    with pytest.raises(UserError, match="other settings"):
        fit(tmp_path, conf | {"sparsity": 0.75}, checkpoint=checkpoint)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    fit(tmp_path, {"method": "dense"}, epochs=1, pruned=False)
    (checkpoint,) = tmp_path.glob("step*.ckpt")
    with pytest.raises(UserError, match="expected a checkpoint of a training with PruningCallback"):
        fit(tmp_path, {"method": "parp", "sparsity": 0.5}, checkpoint=checkpoint)


def test_wrong_settings_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="prap"):
        PruningCallback(str(tmp_path), {"method": "prap"})


def test_a_score_of_inputs_looks_at_batches(tmp_path: Path) -> None:
    fit(tmp_path, {"method": "parp", "sparsity": 0.5, "interval": 3, "score": "activation"})
    assert read_json(tmp_path / "training.json")["sparsity_measured"] == 0.5


def test_an_average_counts_nothing_twice() -> None:
    one, other = torch.zeros(2), torch.ones(2)
    steps = torch.tensor(3)
    mean = average([{"a": one, "n": steps}, {"a": other, "n": steps + 1}])
    assert mean["a"].tolist() == [0.5, 0.5]
    assert mean["n"] == 4
    assert average([{"a": one}])["a"] is one


def test_without_the_extra_one_line_says_so(
    run_command: Callable[..., tuple[object, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightning", None)
    code, _, error = run_command(launch.main, "--stages", "train")
    assert code == 2
    assert error.startswith("error: lightning cannot be imported")
    assert error.endswith("pip install 'parp-espnet[espnet3]'\n")
    assert error.count("\n") == 1
