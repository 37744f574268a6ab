"""What a training by espnet3 leaves: an experiment like any other, exactly sparse."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn

from parp_espnet.devices import name_of
from parp_espnet.errors import UserError
from parp_espnet.espnet.checkpoints import save
from parp_espnet.espnet.states import load_model_state
from parp_espnet.files import parse_yaml, write_json, write_text
from parp_espnet.pruning.masks import iou
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.training import PrunedTraining
from parp_espnet.upstreams.foreign import read_checkpoint
from parp_espnet.upstreams.starts import SUMMARY

FINAL_MASK = "mask.safetensors"
CONFIG = "config.yaml"
LAST = "last.pth"

States = dict[str, Tensor]


class Finish:
    """Makes the final model, and the account of it."""

    def __init__(self, pruning: PrunedTraining, model: nn.Module, directory: Path) -> None:
        self.pruning = pruning
        self.model = model
        self.directory = directory

    def leave(self, trainer: Trainer, seconds: float, seed: int) -> None:
        """Write the final model, `mask.safetensors`, `training.json` and a `config.yaml` that
        stands alone.

        The final model is the average of the best ones by the first criterion of espnet3's
        `best_model_criterion`, pruned again; the last one where sparsity grows, since earlier ones
        have less, and where there is no criterion.

        Raises `UserError` where the model was not trained to anything.
        """
        final, states = self._choose(trainer)
        before = self._sparsity(states)
        kept = self.pruning.prune_average(states)
        self._check(final, states)
        save(final, states)
        averages = self._prune_averages()
        mask = self.pruning.mask(kept)
        mask.save(self.directory / FINAL_MASK)
        self._write_config()
        first = {name: tensor.cpu() for name, tensor in self.pruning.pruner.first.items()}
        measured = self._sparsity(states)
        summary = {
            **self.pruning.settings.as_dict(),
            "sparsity_target": self.pruning.settings.sparsity,
            "sparsity_measured": measured,
            "sparsity_before_last_prune": before,
            "mask_sha256": mask.sha256,
            "initial_mask_sha256": mask.parent,
            "initial_mask_origin": self.pruning.first_mask.told(),
            "iou_initial_final": iou(kept, first),
            "model": final.name,
            "updates": self.pruning.pruner.update,
            "train_seconds": seconds,
            "device": name_of(next(self.model.parameters()).device),
            "seed": seed,
            "averages_before_last_prune": averages,
            "checkpoints": self._of_checkpoints(),
        }
        write_json(self.directory / SUMMARY, summary)
        logging.info(f"{final}: {measured:.6f} of the pool is zero")

    def _choose(self, trainer: Trainer) -> tuple[Path, States]:
        """Where the final model goes, and what it is before it is pruned again."""
        chosen = _best_of(trainer)
        if chosen is None or self.pruning.settings.row.grows:
            last = {name: tensor.detach().cpu() for name, tensor in self.model.state_dict().items()}
            return self.directory / LAST, {name: tensor.clone() for name, tensor in last.items()}
        criterion, paths = chosen
        mean = average([weights_of(path) for path in paths])
        return self.directory / f"{criterion}.ave.pth", mean

    def _prune_averages(self) -> dict[str, float]:
        """Prune the averages that espnet3 has made; return how sparse each was before."""
        before = {}
        for path in sorted(self.directory.glob("*.ave_*best.pth")):
            states = load_model_state(path)
            before[path.name] = self._sparsity(states)
            self.pruning.prune_average(states)
            save(path, states)
        return before

    def _check(self, final: Path, states: States) -> None:
        """Raise where a model is not of the names that it is loaded by, or not finite."""
        if states.keys() != self.model.state_dict().keys():
            raise RuntimeError(f"{final}: its names are not the model's")
        wrong = [name for name, tensor in states.items() if not torch.isfinite(tensor).all()]
        if wrong:
            raise UserError(
                f"{final}: {len(wrong)} of {len(states)} tensors are not finite, such as "
                f"{wrong[0]}: it was not trained to anything; train again with a smaller lr"
            )

    def _sparsity(self, states: States) -> float:
        pool = self.pruning.settings.find_pool(states)
        return 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())

    def _of_checkpoints(self) -> dict[str, float]:
        """How sparse each checkpoint is that Lightning has left."""
        measured = {}
        for path in sorted(self.directory.glob("*.ckpt")):
            if not path.is_symlink():
                measured[path.name] = self._sparsity(weights_of(path))
        return measured

    def _write_config(self) -> None:
        """Make the labels stand in espnet3's config.yaml, as ESPnet 2 leaves them."""
        path = self.directory / CONFIG
        tokens = getattr(self.model, "token_list", None)
        if tokens is None or not path.is_file():
            return
        config = parse_yaml(path.read_text(encoding="utf-8"))
        config["token_list"] = [str(token) for token in tokens]
        write_text(path, yaml.safe_dump(config, allow_unicode=True, sort_keys=False))


def _best_of(trainer: Trainer) -> tuple[str, Sequence[Path]] | None:
    """The first criterion that models are kept by, and those that are."""
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor is not None:
            kept = [Path(path) for path in sorted(callback.best_k_models)]
            present = [path for path in kept if path.is_file()]
            if present:
                return callback.monitor.replace("/", "."), present
    return None


def take_along(state: dict[str, Any], directory: str) -> None:
    """Let what Lightning remembers of its best models be in a directory, where they are there."""
    earlier = state.get("dirpath")
    if earlier in (None, directory):
        return

    def now(path: str) -> str:
        moved = Path(directory) / Path(path).name
        return str(moved) if path and moved.is_file() else path

    best = {now(path): score for path, score in (state.get("best_k_models") or {}).items()}
    if not all(Path(path).parent == Path(directory) for path in best):
        return
    state["best_k_models"] = best
    for name in ("best_model_path", "kth_best_model_path", "last_model_path"):
        state[name] = now(state.get(name) or "")
    state["dirpath"] = directory


def weights_of(checkpoint: Path) -> States:
    """Return the weights in a checkpoint of Lightning's, by the model's own names. Raises
    `UserError` where it is damaged.
    """
    found: Any = read_checkpoint(checkpoint)
    try:
        states: States = found["state_dict"]
    except (KeyError, TypeError):
        raise UserError(f"{checkpoint}: expected a checkpoint of Lightning's, found none") from None
    return states


def average(models: Sequence[States]) -> States:
    """Return the mean of some models; what is counted in whole numbers is the last one's."""
    mean = dict(models[-1])
    for name, tensor in mean.items():
        if len(models) > 1 and tensor.is_floating_point():
            mean[name] = torch.stack([states[name] for states in models]).mean(0)
    return mean
