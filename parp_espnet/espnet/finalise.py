"""After training: every model that is left is exactly sparse, loads strictly, and has its mask
beside it.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from parp_espnet.devices import name_of
from parp_espnet.errors import UserError
from parp_espnet.espnet.checkpoints import relink, save
from parp_espnet.espnet.session import Session
from parp_espnet.espnet.states import load_model_state
from parp_espnet.files import write_json
from parp_espnet.pruning.masks import Mask, iou
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.upstreams.starts import SUMMARY

FINAL_MASK = "mask.safetensors"
EPOCH = re.compile(r"\d+epoch\.pth")


def finalise(model: nn.Module, session: Session, criterion: Sequence[str], seed: int) -> Mask:
    """Prune the averaged models again, verify all that decoding may use, and leave mask and
    summary.

    Averaging models whose masks differ fills the places that only some of them pruned, so the
    average is less sparse than each. The final model is `<phase>.<key>.ave.pth` of `criterion`,
    which ESPnet decodes with; it is the best epoch's where one model is kept, and the last one's
    where sparsity grows. Runs again harmlessly.

    Writes:
        mask.safetensors: the final model's mask.
        training.json: what the experiment's result.json needs of the training.
    """
    directory = session.directory
    final = directory / f"{criterion[0]}.{criterion[1]}.ave.pth"
    if session.settings.row.grows:
        _choose_last(directory, criterion)
    before = {}
    for path in sorted(directory.glob("*.ave_*best*.pth")):
        if not path.is_symlink():
            before[path.resolve()] = _prune_again(path, session)

    kept: Mapping[str, Tensor] = {}
    links = filter(Path.is_symlink, directory.glob("*.pth"))
    for path in sorted(set(map(Path.resolve, links))):
        kept_here = _verify(path, model, session)
        if path == final.resolve():
            kept = kept_here

    mask = session.pruning.mask(kept)
    mask.save(directory / FINAL_MASK)
    zeros = 1 - nonzero_count(session.settings.find_pool(load_model_state(final))) / mask.total
    summary = {
        **session.settings.as_dict(),
        "sparsity_target": session.settings.sparsity,
        "sparsity_measured": zeros,
        "sparsity_before_last_prune": before.get(final.resolve(), zeros),
        "mask_sha256": mask.sha256,
        "initial_mask_sha256": mask.parent,
        "initial_mask_origin": session.pruning.first_mask.told(),
        "iou_initial_final": iou(kept, _on_cpu(session.pruner.first)),
        "model": final.name,
        "updates": session.pruner.update,
        "train_seconds": session.seconds,
        "device": name_of(next(model.parameters()).device),
        "seed": seed,
    }
    write_json(directory / SUMMARY, summary)
    logging.info(f"{final}: {zeros:.6f} of the pool is zero; mask {directory / FINAL_MASK}")
    return mask


def _choose_last(directory: Path, criterion: Sequence[str]) -> None:
    """Let all names of a best or final model be the last epoch's: where sparsity grows, earlier
    ones have less.
    """
    last = (directory / "latest.pth").resolve()
    for link in list(directory.glob("*.pth")):
        if link.is_symlink() and EPOCH.fullmatch(link.readlink().name):
            relink(link, last)
    relink(directory / f"{criterion[0]}.{criterion[1]}.ave.pth", last)


def _prune_again(path: Path, session: Session) -> float:
    """Prune a model file in place; return its sparsity before."""
    states = load_model_state(path)
    pool = session.settings.find_pool(states)
    total = sum(tensor.numel() for tensor in pool.values())
    before = 1 - nonzero_count(pool) / total
    session.pruning.prune_average(states)
    save(path, states)
    logging.info(
        f"{path}: sparsity {before:.6f} after averaging, {1 - nonzero_count(pool) / total:.6f} "
        f"pruned again"
    )
    return before


def _verify(path: Path, model: nn.Module, session: Session) -> Mapping[str, Tensor]:
    """Load a model file as strictly as can be and check its zeros; return its mask."""
    states = load_model_state(path)
    model.load_state_dict(states, strict=True)
    wrong = [name for name, tensor in states.items() if not torch.isfinite(tensor).all()]
    if wrong:
        raise UserError(
            f"{path}: {len(wrong)} of {len(states)} tensors are not finite, such as {wrong[0]}: "
            f"it was not trained to "
            "anything; train again with a smaller --lr"
        )
    pool = session.settings.find_pool(states)
    kept = session.pruning.kept_of(pool)
    alive = 0
    for name, tensor in pool.items():
        alive += int(tensor[~kept[name]].count_nonzero())
    if alive:
        raise RuntimeError(f"{path}: {alive} weights that its mask prunes are not zero")
    return kept


def _on_cpu(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A mask beside the weights of model files, which are read onto the CPU."""
    return {name: tensor.cpu() for name, tensor in kept.items()}
