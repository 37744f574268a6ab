"""Look at an upstream before anything is trained on it: what is it, does it load, which traps does
it set?

A Hugging Face directory is *adapted*: a copy of its configuration (the weights are linked, not
copied) without the settings with which s3prl silently or loudly goes wrong. Each change is listed
in `ADAPTATIONS`.
"""

import dataclasses
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from torch import nn

from parp_espnet.errors import UserError, describe
from parp_espnet.files import atomic_write, write_json
from parp_espnet.pruning.pool import find_pool
from parp_espnet.upstreams import data2vec, espnet_ssl, fairseq2, spidr, whisper
from parp_espnet.upstreams.foreign import read_checkpoint
from parp_espnet.upstreams.frontend import (
    ESPNET_SSL,
    FRONTEND,
    KEY,
    NAME,
    S3PRL_KEY,
    WHISPER,
)
from parp_espnet.upstreams.head import find_head, write_head
from parp_espnet.upstreams.heard import PREPROCESSOR, hide_padding, pad_behind, preprocessor
from parp_espnet.upstreams.hugging_face import (
    CODE_OF,
    HUGGING_FACE,
    MODELS,
    NAMES,
    WAV2VEC2_LIKE,
    as_wav2vec2,
    draw_weights,
    load,
    read_config,
    remove_weights,
    to_native,
    weights_of,
)
from parp_espnet.upstreams.one_file import check_tensors, open_native
from parp_espnet.upstreams.renamed import HEADS_OPTION
from parp_espnet.upstreams.second import check_converted
from parp_espnet.upstreams.starts import HEAD

ADAPTATIONS: dict[str, tuple[Any, str]] = {
    "layerdrop": (0.0, "a choice of the finetuning's, --layerdrop, not of the pretraining's"),
    "tie_last_hidden_states": (
        True,
        "otherwise the last hidden state of a pre-LayerNorm model lacks its LayerNorm",
    ),
    "dtype": ("float32", "a checkpoint stored in fp16 would be trained in fp16"),
}
"""Setting of config.json → the value it must have, and why."""
RECOMPUTES = "gradient_checkpointing"
"""The same, where an old config.json has it, which transformers heed: a choice of the finetuning's.
"""

DOWNLOADED = ["*.json", "model*.safetensors", "pytorch_model*.bin"]
"""What is fetched of the hub: not the adapters of each of MMS's thousand languages."""
TAKEN = "taken"
"""Where in `out` a checkpoint of one file is written as a Hugging Face directory."""


@dataclasses.dataclass(frozen=True)
class Preflight:
    """A checked upstream: `frontend` is what `frontend.frontend_options` makes ESPnet's options of;
    `changed` says what was adapted.
    """

    frontend: dict[str, Any]
    changed: dict[str, tuple[Any, Any]]
    parameters: int
    labels: int | None = None
    """Of the CTC head that it came with; None where it has none."""


def preflight(
    upstream: str,
    out: Path,
    settings: dict[str, Any] | None = None,
    random_seed: int | None = None,
    pattern: str | None = None,
    biases: bool = True,
) -> Preflight:
    """Check `upstream` and leave in `out` what training needs, `out/frontend.json` last; the head
    that it came with is `out/head.safetensors`.

    Args:
        upstream: a Hugging Face directory, a checkpoint file of s3prl's, fairseq2's, SpidR's or
            ESPnet's, or a name of the Hugging Face hub (`facebook/wav2vec2-base`).
        out: directory of the adapted copy.
        settings: further settings of config.json, such as `mask_time_prob`.
        random_seed: take the architecture only, and draw the weights with this seed: the control
            that shows what pretraining is worth.
        pattern: of the names of a pool of one's own, see `pool.find_pool`.
        biases: whether biases belong to the pool.

    Raises:
        UserError: it is no upstream, of an unknown kind, damaged, does not load, gives other frames
            than s3prl and ESPnet expect, or has no whole pool to prune; the message names the
            cause.
    """
    path = Path(upstream)
    _check_apart(path, out)
    head = None
    if path.is_file():
        checked, model = _check_file(path, out, settings or {}, random_seed)
    else:
        folder = path if path.is_dir() else _download(upstream)
        checked, model = _check_hugging_face(folder, out, settings or {}, random_seed)
        head = find_head(folder) if random_seed is None else None
    try:
        find_pool(dict(model.named_parameters()), pattern, biases)
    except UserError as error:
        raise UserError(f"{upstream}: {error}") from None
    if head is None:
        (out / HEAD).unlink(missing_ok=True)
    else:
        write_head(head, out)
        checked = dataclasses.replace(checked, labels=len(head.labels))
    write_json(out / "frontend.json", checked.frontend)
    return checked


def _check_apart(upstream: Path, out: Path) -> None:
    """Raise `UserError` where what is written would take the place of the upstream's own files."""
    folder = upstream.parent if upstream.is_file() else upstream
    if folder.is_dir() and out.resolve() == folder.resolve():
        raise UserError(
            f"--out {out}: expected another directory than the upstream's own, whose files would "
            f"be written over; choose one that is not there yet"
        )


def _check_hugging_face(
    source: Path, out: Path, settings: dict[str, Any], random_seed: int | None
) -> tuple[Preflight, nn.Module]:
    config = read_config(source)
    kind = config["model_type"]
    name = _runs_in(source, kind)
    if name.endswith("_local") or name == WHISPER:
        _check_settings(source, kind, settings)
    weights = weights_of(source, stored=random_seed is None)
    if kind == whisper.KIND:
        changed, encoder = whisper.prepare(source, out, config | settings, random_seed)
        parameters = _counted(encoder)
        checked = Preflight({NAME: WHISPER, KEY: str(out)}, changed, parameters)
        return checked, nn.ModuleDict({"encoder": encoder})
    wanted = {key: value for key, (value, _) in ADAPTATIONS.items()} | settings
    if any(name.startswith("mask_") for name in settings):
        wanted["apply_spec_augment"] = True
    if config.get(RECOMPUTES):
        wanted[RECOMPUTES] = False
    changed = {
        key: (config.get(key), value) for key, value in wanted.items() if config.get(key) != value
    }
    write_json(out / "config.json", config | wanted)
    heard = preprocessor(source, config)
    changed |= pad_behind(heard)
    if name == FRONTEND:
        changed |= hide_padding(heard)
    write_json(out / PREPROCESSOR, heard)
    if random_seed is None:
        remove_weights(out)
        for file in weights:
            _link(file, out / file.name)
    else:
        draw_weights(out, kind, random_seed)
    model = load(out, kind)
    if kind in WAV2VEC2_LIKE:
        changed["model_type"] = (kind, "wav2vec2")
        model = as_wav2vec2(model, out)
    parameters = _counted(model)
    if name == FRONTEND:
        return Preflight({KEY: str(out)}, changed, parameters), model
    if not name.endswith("_local"):
        return Preflight({"upstream": name, "path_or_url": str(out)}, changed, parameters), model
    converted = out / f"{name.removesuffix('_local')}.pt"
    with atomic_write(converted) as temporary:
        torch.save(to_native(model, out), temporary)
    check_converted(name, converted, model, bool(heard.get("do_normalize", True)))
    return Preflight({"upstream": name, "path_or_url": str(converted)}, changed, parameters), model


def _counted(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _runs_in(source: Path, kind: str) -> str:
    """What loads an upstream: an upstream of s3prl's, or a frontend of ESPnet's."""
    if kind == whisper.KIND:
        return WHISPER
    if kind not in MODELS:
        known = ", ".join(sorted([*MODELS, whisper.KIND]))
        raise UserError(
            f"{source}: upstream of an unknown kind: model_type {kind!r}; known are {known}, "
            "those that s3prl or ESPnet can load from Hugging Face's format"
        )
    return HUGGING_FACE.get(kind, FRONTEND)


def _check_settings(source: Path, kind: str, settings: dict[str, Any]) -> None:
    """Refuse what the code that runs a model would leave undone without a word."""
    for name, value in settings.items():
        if value and _of_training(name):
            what = "drops no layers" if name == "layerdrop" else "hides nothing in training"
            raise UserError(
                f"{source}: --{name} {value}: a {NAMES[kind]} runs in {CODE_OF[kind]}, which "
                f"{what}; leave it out, or take another upstream"
            )


def _of_training(setting: str) -> bool:
    """Whether a setting says what training hides or leaves out."""
    return setting == "layerdrop" or setting.startswith("mask_")


def _check_unused(path: Path, settings: Collection[str]) -> None:
    """Refuse settings that a file has no place for."""
    if settings:
        raise UserError(
            f"{path}: {', '.join(settings)}: expected a Hugging Face directory or hub name, found "
            f"a file"
        )


def _check_file(
    path: Path, out: Path, settings: dict[str, Any], random_seed: int | None
) -> tuple[Preflight, nn.Module]:
    """Check a checkpoint of one file. Raises `UserError`."""
    content = read_checkpoint(path, mmap=True)
    data2vec.check_version(content, path)
    for family in (fairseq2, spidr):
        weights = family.weights_of(content)
        if weights is not None:
            check_tensors(path, weights)
            family.write(weights, path, out / TAKEN, settings.get(HEADS_OPTION))
            return _check_hugging_face(out / TAKEN, out, settings, random_seed)
    if espnet_ssl.is_one(path):
        _check_settings(path, ESPNET_SSL, settings)
        _check_unused(path, [name for name in settings if not _of_training(name)])
        changed, model = espnet_ssl.prepare(path, out, random_seed)
        left = {NAME: ESPNET_SSL, S3PRL_KEY: str(out / espnet_ssl.MODEL)}
        return Preflight(left, changed, _counted(model)), model
    _check_unused(path, settings if random_seed is None else [*settings, "random weights"])
    name, model = open_native(path, content)
    parameters = _counted(model)
    return Preflight({"upstream": name, "path_or_url": str(path)}, {}, parameters), model


def _download(name: str) -> Path:
    """Fetch a model of the Hugging Face hub, or take it from the hub's cache."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or name.startswith((".", "/")):
        raise UserError(
            f"{name}: no such directory or checkpoint file, and no name of the Hugging Face hub "
            f"(owner/model)"
        )
    try:
        return Path(snapshot_download(name, allow_patterns=DOWNLOADED))
    except Exception as error:  # the hub's client raises many kinds
        raise UserError(
            f"{name}: no such directory here, and the Hugging Face hub did not give it "
            f"({describe(error)}); "
            "download it elsewhere and pass its directory"
        ) from None


def _link(source: Path, destination: Path) -> None:
    destination.unlink(missing_ok=True)
    destination.symlink_to(os.path.relpath(source.resolve(), destination.parent.resolve()))
