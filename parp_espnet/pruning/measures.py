"""What a score needs beside the weights, measured in a training: the inputs of weights, and Adam's
second moments of their gradients.

A measure is made before the first update and told of every one; asked for a tensor of the pool, it
returns what it knows of it. Its state travels in checkpoints. All ranks of a training know the
same.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, distributed, nn

from parp_espnet.errors import UserError
from parp_espnet.pruning.scores import Need


class Measure(Protocol):
    """What a pruned training asks of a measure."""

    def after_update(self) -> None:
        """Take what the batches of one update showed; on every rank."""

    def forget(self) -> None:
        """Leave out batches that came to no update."""

    def settle(self) -> None:
        """Make what was taken what `of` returns: the weights are ranked now."""

    def watching(self) -> Any:
        """A context in which the batches that run through the model are looked at, whatever its
        mode.
        """

    def of(self, name: str) -> Tensor:
        """Return what is known of a tensor of the pool. Raises `UserError` where that is
        nothing.
        """

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs, in tensors and plain types."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict()`."""


class Nothing:
    """For scores that need nothing."""

    def after_update(self) -> None:
        pass

    def forget(self) -> None:
        pass

    def settle(self) -> None:
        pass

    @contextmanager
    def watching(self) -> Iterator[None]:
        yield

    def of(self, name: str) -> Tensor:
        return torch.ones(())

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        pass


class SecondMoments(Nothing):
    """Adam's averages of squared gradients, without the bias of their start: of each weight, of its
    tensor's shape. They are the optimizer's, and so is their state.
    """

    def __init__(self, pool: Mapping[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
        self._pool = pool
        self._optimizer = optimizer
        self._betas: dict[int, float] = {}
        for group in optimizer.param_groups:
            if "betas" not in group:
                raise UserError(
                    f"score moment: expected Adam or one of its kin, which keeps second moments, "
                    f"found {type(optimizer).__name__}"
                )
            for parameter in group["params"]:
                self._betas[id(parameter)] = group["betas"][1]

    def of(self, name: str) -> Tensor:
        parameter = self._pool[name]
        state = self._optimizer.state.get(parameter, {})
        if "exp_avg_sq" not in state:
            raise UserError(
                f"score moment: {name} has had no gradient so far, and no second moment; expected "
                f"one before the first ranking: begin at sparsity 0 (method parp-p, start_sparsity "
                f"0) or with a mask file, and freeze nothing of the pool"
            )
        moments: Tensor = state["exp_avg_sq"]
        unbiased: Tensor = moments / (1 - self._betas[id(parameter)] ** float(state["step"]))
        return unbiased


class Inputs:
    """The mean squares of what comes to each weight, (inputs,), over the batches since the last
    ranking; 1 for a bias.

    Batches are looked at as they run through the model: those of training, where the model is in
    its training mode, and any in `watching`. Frames of padding count as others do, and a batch that
    overflowed does not.
    """

    def __init__(self, pool: Mapping[str, str], model: nn.Module) -> None:
        """Look at a model. `pool` is the model's name of each tensor by its canonical one.

        Raises `UserError` where a weight is not that of a linear layer.
        """
        self._whole: dict[str, Tensor] = {}
        self._seen: dict[str, Tensor] = {}
        self._means: dict[str, Tensor] = {}
        self._always = False
        self._model = model
        for canonical, name in pool.items():
            path, _, part = name.rpartition(".")
            module = model.get_submodule(path)
            if part == "bias":
                continue
            if not isinstance(module, nn.Linear):
                raise UserError(
                    f"score activation: expected weights of linear layers, found {name} of "
                    f"{type(module).__name__}; leave it out of the pool, or take another score"
                )
            module.register_forward_pre_hook(self._hook(canonical))

    def _hook(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        @torch.no_grad()
        def look(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            if not arguments or not (module.training or self._always):
                return
            rows = arguments[0].detach().flatten(0, -2).float()
            count = torch.full((1,), len(rows), dtype=torch.float64, device=rows.device)
            # How many there were stands behind the sums.
            sums = torch.cat([rows.square().sum(0, dtype=torch.float64), count])
            # Of such a batch no update is made.
            sums = torch.where(sums.isfinite().all(), sums, 0.0)
            self._seen[name] = self._seen[name] + sums if name in self._seen else sums

        return look

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._always = True
        try:
            yield
        finally:
            self._always = False
        self.after_update()

    def after_update(self) -> None:
        device = next(self._model.parameters()).device
        for name, sums in _over_ranks(self._seen, device).items():
            self._whole[name] = self._whole[name] + sums if name in self._whole else sums
        self._seen = {}

    def forget(self) -> None:
        self._seen = {}

    def settle(self) -> None:
        # What came after the last update may be done again, where the training is interrupted.
        self._seen = {}
        for name, sums in self._whole.items():
            if sums[-1] > 0:
                self._means[name] = (sums[:-1] / sums[-1]).float()
        self._whole = {}

    def of(self, name: str) -> Tensor:
        if name in self._means:
            return self._means[name]
        if name.endswith("bias"):
            return torch.ones(())
        raise UserError(
            f"score activation: no inputs of {name} were seen: no batch ran through the model "
            f"before the first ranking, or the model calls its layers by their weights, as s3prl's "
            f"attention does; take another score"
        )

    def state_dict(self) -> dict[str, Any]:
        return {"whole": dict(self._whole), "means": dict(self._means)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        # Who reads a checkpoint may have it on the CPU.
        device = next(self._model.parameters()).device
        self._whole = _moved(state.get("whole", {}), device)
        self._means = _moved(state.get("means", {}), device)
        self._seen = {}


class Learned(Nothing):
    """The scores that a training learns; `of` is the mover's, and so is their state."""

    def __init__(self, of: Callable[[str], Tensor]) -> None:
        self._of = of

    def of(self, name: str) -> Tensor:
        return self._of(name)


def _moved(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def _over_ranks(sums: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Add up what all ranks have seen; a rank may have seen nothing of a layer that was dropped."""
    if not distributed.is_initialized():
        return dict(sums)
    sizes: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(sizes, {name: len(sums[name]) for name in sums})
    together: dict[str, int] = {}
    for size in sizes:
        together |= size
    if not together:
        return {}
    names = sorted(together)
    seen: list[Tensor] = []
    for name in names:
        own = sums.get(name)
        if own is None:
            own = torch.zeros(together[name], dtype=torch.float64, device=device)
        seen.append(own)
    flat = torch.cat(seen)
    distributed.all_reduce(flat)
    parts = torch.split(flat, [together[name] for name in names])
    return dict(zip(names, parts, strict=True))


def measure_for(
    need: Need,
    pool: Mapping[str, Tensor],
    names: Mapping[str, str],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> Measure:
    """Return what measures a need of a score.

    Args:
        pool: the parameters, by canonical name.
        names: what the model calls them, by canonical name.

    Raises:
        UserError: the model or the optimizer does not have it.
    """
    if need is Need.INPUTS:
        return Inputs(names, model)
    if need is Need.SECOND_MOMENTS:
        return SecondMoments(pool, optimizer)
    return Nothing()
