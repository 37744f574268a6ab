"""Finetune a classifier and prune it meanwhile, by the methods, masks and pruner that speech has.

Every validation and every model that is kept is exactly sparse. The model of the best validation is
the one that is kept; the last one's where sparsity grows.
"""

import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from parp_espnet.devices import check_gpus, name_of
from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.glue.batches import collate, orders
from parp_espnet.glue.examples import Example, read
from parp_espnet.glue.metrics import METRICS, Values
from parp_espnet.glue.models import base_of, load_classifier, load_tokenizer, places_of
from parp_espnet.glue.run import CHECKPOINT, Standing, load_checkpoint, save_checkpoint
from parp_espnet.glue.settings import MODEL, Settings
from parp_espnet.pipeline.made import options_of, origin_of
from parp_espnet.pruning.log import PruningLog
from parp_espnet.pruning.masks import Mask, iou
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.training import PrunedTraining
from parp_espnet.upstreams.starts import SUMMARY
from parp_espnet.upstreams.weights import load_weights

FIRST_MASK, FINAL_MASK = "initial_mask.safetensors", "mask.safetensors"
WARMUP = 0.1
CLIP = 1.0
PROGRESS_SECONDS = 1.0
VALID_BATCH = 128
LOOKED_AT = 4
"""Batches that are looked at before the first update, for a score of what comes to weights."""


class Finetuning:
    """One finetuning in an experiment's directory; `run` trains, or continues where an interrupted
    one stopped.
    """

    def __init__(
        self, settings: Settings, mask: Path | None, directory: Path, weights: Path | None = None
    ) -> None:
        """Prepare it.

        Args:
            mask: to begin with.
            weights: to begin with, of a finetuned model, its head included; by default the
                pre-trained ones.
        """
        self.settings, self.directory = settings, directory
        self.task, self.metric = settings.definition, METRICS[settings.definition.metrics[0]]
        check_gpus(settings.ngpu)
        self.device = torch.device("cuda" if settings.ngpu else "cpu")
        train, valid, *_ = settings.sets
        self.train = read(Path(f"data/{train}.tsv"), self.task)
        self.valid = read(Path(f"data/{valid}.tsv"), self.task)
        torch.manual_seed(settings.seed)  # the head's weights
        self.model = load_classifier(
            settings.model, self.task, pattern=settings.prune_pattern, new_head=True
        ).to(self.device)
        if weights is not None:
            self.model.load_state_dict(load_weights(weights), strict=True)
        self.tokenizer = load_tokenizer(settings.model)
        _check_length(settings, self.model)
        self.log = PruningLog(directory / "pruning.jsonl")
        # One pass over each tensor: with a vocabulary's embeddings, the plain one takes a third of
        # an update on a CPU.
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.lr, weight_decay=0.0, fused=True
        )
        self.pruning = PrunedTraining(
            self.model,
            self.optimizer,
            replace(settings.pruning, initial_mask=mask),
            record=self.log.append,
            whose=origin_of(settings),
        )
        self.at = Standing()
        self.written_at = -math.inf

    def run(self) -> None:
        """Train to the end; leave the best model, its mask and `training.json`."""
        self._begin()
        parts = self.settings.validations
        ends = [self.settings.updates * number // parts for number in range(parts + 1)]
        batches = orders(len(self.train), self.settings.batch_size, self.settings.seed)
        for _ in range(self.at.update):
            next(batches)  # those of before the checkpoint
        for begin, end in pairwise(ends):
            if end <= self.at.update:
                continue
            started = time.perf_counter() - self.at.seconds
            # Dropout then needs no state of its own in a checkpoint.
            torch.manual_seed(self.settings.seed + 1_000_003 * (begin + 1))
            for _ in range(begin, end):
                loss = self._update([self.train[place] for place in next(batches)])
                self.at.seconds = time.perf_counter() - started
                self._progress("train", loss)
            self.pruning.prune()
            self._validate(loss)
            self.at.seconds = time.perf_counter() - started
            save_checkpoint(
                self.directory / CHECKPOINT,
                self.model,
                self.optimizer,
                self.pruning.pruner,
                self.at,
            )
        self._finish()

    def _begin(self) -> None:
        checkpoint = self.directory / CHECKPOINT
        if checkpoint.is_file():
            self.at = load_checkpoint(checkpoint, self.model, self.optimizer, self.pruning.pruner)
            self.pruning.take_first_mask(Mask.load(self.directory / FIRST_MASK))
            self.log.cut(self.at.update)
            return
        self.log.cut(-1)
        mask = self.pruning.start(self._look_at_batches if self.pruning.needs_batches else None)
        mask.save(self.directory / FIRST_MASK)
        print(f"first mask: {mask.origin}; {mask.sparsity:.6f} of {mask.total} weights are zero")
        emptied = [name for name, kept in mask.kept.items() if not kept.any()]
        if emptied:
            print(
                f"warning: it prunes all of {', '.join(emptied)}: nothing passes; see "
                f"--prune_pattern and --scope"
            )

    def _look_at_batches(self) -> None:
        """Run the first batches through the model, for a score of its inputs."""
        batches = orders(len(self.train), self.settings.batch_size, self.settings.seed)
        for places in islice(batches, LOOKED_AT):
            examples = [self.train[place] for place in places]
            loss_of(self.model, self._batch(examples), self.task.labels)

    def _batch(self, examples: Sequence[Example]) -> dict[str, torch.Tensor]:
        batch = collate(self.tokenizer, examples, self.task.pairs, self.settings.max_length)
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def _update(self, examples: Sequence[Example]) -> float:
        if self.settings.freeze_updates > 0:
            head_only = self.at.update < self.settings.freeze_updates
            base_of(self.model).requires_grad_(not head_only)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.lr * _share(self.at.update, self.settings.updates)
        self.model.train()
        loss = loss_of(self.model, self._batch(examples), self.task.labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        if not torch.isfinite(norm):
            raise UserError(
                f"{self.directory}: update {self.at.update + 1}: the loss or its gradient is not "
                f"a number, at a "
                f"learning rate of {self.optimizer.param_groups[0]['lr']:.3g}; train again with a "
                f"smaller --lr"
            )
        self.optimizer.step()
        self.at.update += 1
        return float(loss.detach())

    def _validate(self, loss: float) -> None:
        labels = np.array([example.label for example in self.valid])
        predictions = predict(self.model, self.tokenizer, self.valid, self.settings)
        score = self.metric.score(labels, predictions)
        print(
            f"update {self.at.update}: loss {loss:.4f}, validation {self.task.metrics[0]} "
            f"{score:.4f}",
            flush=True,
        )
        self._progress("valid", loss)
        if self.at.best is None or score >= self.at.best or self.pruning.settings.row.grows:
            self.at.best, self.at.best_update = score, self.at.update
            self._keep()

    def _keep(self) -> None:
        place = self.directory / Path(MODEL).parent
        beside = place.with_name(".model")
        shutil.rmtree(beside, ignore_errors=True)
        self.model.save_pretrained(beside)  # type: ignore[operator]  # transformers' own
        self.tokenizer.save_pretrained(beside)
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
        self.pruning.mask().save(self.directory / FINAL_MASK)

    def _finish(self) -> None:
        """Verify what is kept, and leave the account of it."""
        mask, first = Mask.load(self.directory / FINAL_MASK), Mask.load(self.directory / FIRST_MASK)
        pool = self.pruning.settings.find_pool(load_weights(self.directory / MODEL))
        alive = 0
        for name, tensor in pool.items():
            alive += int(tensor[~mask.kept[name]].count_nonzero())
        if alive:
            raise RuntimeError(
                f"{self.directory / MODEL}: {alive} weights that its mask prunes are not zero"
            )
        write_json(
            self.directory / SUMMARY,
            {
                **self.pruning.settings.as_dict(),
                "sparsity_target": self.pruning.settings.sparsity,
                "sparsity_measured": 1 - nonzero_count(pool) / mask.total,
                "mask_sha256": mask.sha256,
                "initial_mask_sha256": first.sha256,
                "initial_mask_origin": first.told(),
                "options": options_of(self.settings),
                "iou_initial_final": iou(mask.kept, first.kept),
                "updates": self.at.update,
                "best_update": self.at.best_update,
                "valid_score": self.at.best,
                "train_seconds": self.at.seconds,
                "device": name_of(self.device),
                "seed": self.settings.seed,
            },
        )
        self._progress("done", None)
        (self.directory / CHECKPOINT).unlink(missing_ok=True)

    def _progress(self, phase: str, loss: float | None) -> None:
        now = time.perf_counter()
        if phase != "train" or now - self.written_at >= PROGRESS_SECONDS:
            self.written_at = now
            told = {
                "update": self.at.update,
                "updates": self.settings.updates,
                "loss": _finite(loss),
                "seconds": round(self.at.seconds, 1),
                "phase": phase,
            }
            write_json(self.directory / "progress.json", told)


def _check_length(settings: Settings, model: nn.Module) -> None:
    """Raise `UserError` where a text could have more tokens than the model has places for."""
    most = places_of(model)
    if most is not None and settings.max_length > most:
        raise UserError(
            f"glue.sh: --max_length {settings.max_length}: expected at most {most}, the tokens "
            f"that {settings.model} has places for"
        )


def loss_of(
    model: nn.Module, batch: dict[str, torch.Tensor], labels: Sequence[str] | None
) -> torch.Tensor:
    """Return the mean loss of a batch: cross-entropy, or of a task without labels the squared
    error.
    """
    wanted = batch.pop("labels")
    logits = model(**batch).logits
    if labels is None:
        return nn.functional.mse_loss(logits.squeeze(-1), wanted)
    return nn.functional.cross_entropy(logits, wanted.long())


@torch.no_grad()
def predict(
    model: nn.Module, tokenizer: object, examples: Sequence[Example], settings: Settings
) -> Values:
    """Return what a model says of each example: the class's number, or the number, (examples,)."""
    model.eval()
    device = next(model.parameters()).device
    regression = settings.definition.labels is None
    predictions: list[torch.Tensor] = []
    for begin in range(0, len(examples), VALID_BATCH):
        part = examples[begin : begin + VALID_BATCH]
        batch = collate(tokenizer, part, settings.definition.pairs, settings.max_length)
        del batch["labels"]
        on_device = {name: tensor.to(device) for name, tensor in batch.items()}
        logits = model(**on_device).logits.float().cpu()
        if not torch.isfinite(logits).all():
            raise UserError(
                "the model's output is not a number: it learnt nothing; train again with a "
                "smaller --lr"
            )
        predictions.append(logits.squeeze(-1) if regression else logits.argmax(dim=-1))
    return torch.cat(predictions).double().numpy()


def _share(update: int, updates: int) -> float:
    """The share of the peak learning rate: it rises over the first tenth of the updates and then
    falls to 0.
    """
    warm = max(1, round(WARMUP * updates))
    return (update + 1) / warm if update < warm else (updates - update) / max(1, updates - warm)


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None
