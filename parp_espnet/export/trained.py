"""An experiment that is complete, as an export needs it: read without ESPnet, and checked."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from parp_espnet.errors import UserError, excerpt
from parp_espnet.espnet.found import (
    find_model,
    find_upstream,
    read_config,
    read_summary,
)
from parp_espnet.espnet.states import load_model_state
from parp_espnet.export.decodings import Tuned, find_tuned
from parp_espnet.export.names import (
    BEFORE_UPSTREAM,
    FAMILIES,
    HEAD,
    Family,
    NotPlainError,
    to_hugging_face,
)
from parp_espnet.files import read_json
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.recognition.grid import Grid, grid_of_convolutions
from parp_espnet.scoring.result import RESULT, Result
from parp_espnet.upstreams.foreign import normalises
from parp_espnet.upstreams.starts import SUMMARY

if TYPE_CHECKING:
    from parp_espnet.export.cut import Cut

MASK = "mask.safetensors"
OUTSIDE = ("preencoder", "encoder", "postencoder", "decoder", "normalize")
"""Parts of an ESPnet model that may stand between upstream and head, or behind."""
UNEXPORTED = {"multilayer_feature": False, "layer": -1}
"""Settings of ESPnet's frontend, with the only value that a plain model has a place for."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A complete experiment, or what an earlier export kept of one."""

    folder: Path
    """The experiment's directory."""
    config: dict[str, Any]
    """ESPnet's configuration of the training; the upstream's path is as found from here."""
    tokens: tuple[str, ...]
    """Labels in their order, ESPnet's blank first."""
    family: Family
    upstream: dict[str, Any]
    """The upstream's Hugging Face configuration, as training saw it."""
    preprocessor: dict[str, Any]
    """The upstream's preprocessor_config.json; whether it normalises is what training did."""
    states: Mapping[str, Tensor]
    """The model that decoding uses, by ESPnet's names, float32 on the CPU."""
    training: dict[str, Any]
    """What `training.json` says."""
    result: Result | None
    mask: Path | None
    cut: "Cut | None" = None
    """What was removed of it for an export; see `cut.cut`."""

    @cached_property
    def decodings(self) -> tuple[Tuned, ...]:
        """Searches whose weights were tuned on the validation set, the best one first; read where
        they are needed. Raises `UserError` where one is damaged.
        """
        return find_tuned(self.folder)

    @property
    def name(self) -> str:
        """What the experiment is called."""
        return self.folder.resolve().name

    @property
    def grid(self) -> Grid:
        """Where the frames are."""
        return grid_of_convolutions(self.upstream["conv_kernel"], self.upstream["conv_stride"])

    @property
    def frame_shift(self) -> int:
        """Samples from a frame to the next."""
        return self.grid.stride

    @property
    def mask_sha256(self) -> str | None:
        """The hash of its mask; None where it has none, or what that pruned is cut away."""
        if self.cut is not None:
            return None
        found: str | None = self.training.get("mask_sha256")
        return found

    @property
    def do_normalize(self) -> bool:
        """Whether waves have mean 0 and variance 1 before the upstream hears them."""
        return bool(self.preprocessor.get("do_normalize", True))

    @property
    def epsilon(self) -> float:
        """What is added to a wave's variance before it is divided by."""
        return self.family.epsilon

    @property
    def pool(self) -> dict[str, Tensor]:
        """The tensors that may be pruned, by ESPnet's names."""
        return PruneSettings.parse(self.config.get("prune_conf")).find_pool(dict(self.states))

    @property
    def fitting_mask(self) -> Path | None:
        """The mask of the weights that there are: what units were cut out of has none."""
        return None if self.cut else self.mask

    @property
    def sparsity(self) -> float:
        """Fraction of the pool that is zero."""
        pool = self.pool
        return 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())

    def weights(self) -> dict[str, Tensor]:
        """The model by the names of Hugging Face's model with a CTC head. Raises `UserError` where
        something of it has no place there.
        """
        return to_hugging_face(self.family, self.upstream, self.states, str(self.folder))


def load_trained(experiment: Path, model: Path | None = None) -> Trained:
    """Read a complete experiment of one's own.

    Args:
        experiment: its directory.
        model: a model file in it, where not that with which its training ended is meant.

    Raises `UserError` where it is unfinished, damaged, of other tokens or not as sparse as it says;
    `NotPlainError` where it has parts that no plain model of an upstream and a CTC head has.
    """
    if not experiment.is_dir():
        raise UserError(f"{experiment}: no such experiment; expected its directory")
    if not (experiment / SUMMARY).is_file():
        raise UserError(
            f"{experiment}: expected {SUMMARY}, as a complete training leaves it, found none; "
            f"complete it first, by the command that began it"
        )
    training = read_summary(experiment / SUMMARY)
    config_file = experiment / "config.yaml"
    options = read_config(config_file)
    _check_parts(config_file, options)
    final = find_model(experiment)
    model_file = final if model is None else model
    states = {name: tensor.float() for name, tensor in load_model_state(model_file).items()}
    find_upstream(options, config_file)
    family, upstream, preprocessor = _read_upstream(config_file, options)
    result = experiment / RESULT
    mask = experiment / MASK
    trained = Trained(
        folder=experiment,
        config=vars(options),
        tokens=tuple(options.token_list),
        family=family,
        upstream=upstream,
        preprocessor=preprocessor,
        states=states,
        training=training,
        result=Result.read(result) if result.is_file() else None,
        mask=mask if mask.is_file() else None,
    )
    _check_tokens(trained, model_file)
    if model_file.resolve() == final.resolve():
        _check_sparsity(trained, model_file)
    return trained


def _check_parts(config: Path, options: argparse.Namespace) -> None:
    """Refuse what a plain model of an upstream and a CTC head has no place for."""
    if getattr(options, "frontend", None) != "s3prl":
        raise NotPlainError(
            f"{config}: frontend: expected s3prl, a model of speech with an upstream, found "
            f"{excerpt(getattr(options, 'frontend', None))}"
        )
    for part in OUTSIDE:
        if getattr(options, part, None) is not None:
            raise NotPlainError(
                f"{config}: {part}: expected none, found {excerpt(getattr(options, part))}: what "
                f"is exported is an upstream with a CTC head, and nothing else"
            )
    frontend = options.frontend_conf
    inner = frontend.get("frontend_conf") or {}
    for name, expected in UNEXPORTED.items():
        if frontend.get(name, expected) != expected:
            raise NotPlainError(
                f"{config}: {name}: expected {excerpt(expected)}, found {excerpt(frontend[name])}: "
                f"an exported model has its head on the upstream's last layer"
            )
    if inner.get("normalize") or inner.get("tile_factor", 1) != 1:
        raise NotPlainError(
            f"{config}: frontend_conf: normalize, tile_factor: expected none, found some: an "
            f"exported model has its head on the upstream's last layer as it is"
        )


def _read_upstream(
    config: Path, options: argparse.Namespace
) -> tuple[Family, dict[str, Any], dict[str, Any]]:
    """The upstream's family, and its configurations."""
    found = Path(str((options.frontend_conf.get("frontend_conf") or {}).get("path_or_url")))
    folder = found if found.is_dir() else found.parent
    if not (folder / "config.json").is_file():
        raise NotPlainError(
            f"{config}: upstream {found}: expected a Hugging Face directory, found a checkpoint of "
            f"s3prl's own: such a model is used from its training directory alone"
        )
    upstream = read_json(folder / "config.json")
    kind = upstream.get("model_type") if isinstance(upstream, dict) else None
    if kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise NotPlainError(f"{folder / 'config.json'}: model_type: expected {known}, found {kind}")
    preprocessor = read_json(folder / "preprocessor_config.json")
    if found.is_file():
        # What trained asks its own checkpoint, which older versions made without regard to this.
        preprocessor["do_normalize"] = normalises(found)
    return FAMILIES[kind], upstream, preprocessor


def _check_tokens(trained: Trained, model_file: Path) -> None:
    """Refuse a model without an upstream or a head, or whose head is for other tokens."""
    lacking = [name for name in HEAD.values() if name not in trained.states]
    if lacking or not any(name.startswith(BEFORE_UPSTREAM) for name in trained.states):
        raise UserError(
            f"{model_file}: expected an upstream with a CTC head, found no "
            f"{', '.join(lacking) or BEFORE_UPSTREAM}"
        )
    labels = len(trained.states[HEAD["lm_head.bias"]])
    if labels != len(trained.tokens):
        raise UserError(
            f"{model_file}: expected a head of {len(trained.tokens)} tokens, which config.yaml "
            f"names, found {labels}: it is the model of another experiment"
        )


def _check_sparsity(trained: Trained, model_file: Path) -> None:
    """Refuse a model that is not what its training left: it was changed since."""
    said = [trained.training.get("sparsity_measured")]
    if trained.result is not None:
        said.append(trained.result.sparsity_measured)
    pool = trained.pool
    total = sum(tensor.numel() for tensor in pool.values())
    zeros = total - nonzero_count(pool)
    for sparsity in said:
        if isinstance(sparsity, float) and round(sparsity * total) != zeros:
            raise UserError(
                f"{model_file}: expected {sparsity:.6f} of the pool to be zero, as its training "
                f"left it, found {zeros / total:.6f}: the model was changed since; train it again"
            )
