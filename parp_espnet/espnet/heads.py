"""How many attention heads a layer of a model on disk has, by the configuration beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parp_espnet.espnet.found import find_upstream, read_config
from parp_espnet.files import read_json
from parp_espnet.upstreams.foreign import read_checkpoint
from parp_espnet.upstreams.frontend import place_of

COUNTERS = ("num_attention_heads", "n_head", "encoder_attention_heads")
"""What configurations call it: Hugging Face's, XLNet's, fairseq's."""
NATIVE = ("model_cfg", "cfg")
"""Under which s3prl's checkpoints have their configuration."""
OF_FOLDERS = (".safetensors", ".bin")
"""Endings of weights whose configuration is beside them."""


def count_heads(model: Path) -> int | None:
    """Return how many heads each layer of a model has; None where nothing says it.

    Args:
        model: a Hugging Face directory, a file in one, an s3prl checkpoint or an ESPnet model.

    Raises:
        UserError: a configuration cannot be read.
    """
    folder = model if model.is_dir() else model.parent
    config = folder / "config.yaml"
    is_trained = config.is_file() and model.suffix == ".pth"
    # A checkpoint that says it itself may lie beside the configuration of another model.
    heads = None if is_trained else _told_by(model)
    if heads is not None:
        return heads
    if (folder / "config.json").is_file():
        return _counted(read_json(folder / "config.json"))
    if not is_trained:
        return None
    options = read_config(config)
    find_upstream(options, config)
    inner, name = place_of(getattr(options, "frontend_conf", None))
    upstream = Path(str(inner.get(name)))
    return count_heads(upstream) if upstream.exists() else None


def _told_by(model: Path) -> int | None:
    """How many a checkpoint of s3prl's says; None where it is none. Raises `UserError`."""
    if not model.is_file() or model.suffix in OF_FOLDERS:
        return None
    content = read_checkpoint(model, mmap=True)
    if not isinstance(content, dict):
        return None
    for key in NATIVE:
        heads = _counted(content.get(key))
        if heads is not None:
            return heads
    return None


def _counted(config: Any) -> int | None:
    if not isinstance(config, Mapping):
        return None
    for name in COUNTERS:
        if type(config.get(name)) is int:
            return int(config[name])
    return None
