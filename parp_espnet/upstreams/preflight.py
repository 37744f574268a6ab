"""Look at an upstream before anything is trained on it: what is it, does it load, which traps does it set?

A Hugging Face directory is *adapted*: a copy of its configuration (the weights are linked, not copied) without the
settings with which s3prl silently or loudly goes wrong. Each change is listed in `ADAPTATIONS`.
"""

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from safetensors.torch import save_file
from transformers import HubertModel, Wav2Vec2Model, WavLMModel
from transformers.utils import logging as transformers_logging

from parp_espnet.errors import UserError, describe
from parp_espnet.files import atomic_write, read_json, write_json
from parp_espnet.upstreams.foreign import check_native, read_checkpoint
from parp_espnet.upstreams.wavlm import to_native

ADAPTATIONS: dict[str, tuple[Any, str]] = {
    "layerdrop": (0.0, "a choice of the finetuning's, --layerdrop, not of the pretraining's"),
    "tie_last_hidden_states": (True, "otherwise the last hidden state of a pre-LayerNorm model lacks its LayerNorm"),
    "dtype": ("float32", "a checkpoint stored in fp16 would be trained in fp16"),
}
"""Setting of config.json → the value it must have, and why."""

HUGGING_FACE = {"wav2vec2": "hf_wav2vec2_custom", "hubert": "hf_hubert_custom", "wavlm": "wavlm_local"}
"""`model_type` of a config.json → the s3prl upstream that loads it; a WavLM is converted first."""

MODELS: dict[str, Any] = {"wav2vec2": Wav2Vec2Model, "hubert": HubertModel, "wavlm": WavLMModel}
"""`model_type` of a config.json → its class."""

NATIVE = {
    "wav2vec2_local": {"model_cfg", "model_weight", "task_cfg"},
    "hubert_local": {"model_cfg", "model_weight", "task_cfg", "dictionaries_symbols"},
    "wavlm_local": {"cfg", "model"},
}
"""s3prl upstream → the top-level keys of the one-file checkpoints that it loads."""

WEIGHTS = re.compile(r"(model|pytorch_model).*\.(safetensors|bin)(\.index\.json)?")


@dataclasses.dataclass(frozen=True)
class Preflight:
    """A checked upstream: `frontend` is ESPnet's inner `frontend_conf`; `changed` says what was adapted."""

    frontend: dict[str, Any]
    changed: dict[str, tuple[Any, Any]]
    parameters: int


def preflight(
    upstream: str, out: Path, settings: dict[str, Any] | None = None, random_seed: int | None = None
) -> Preflight:
    """Check `upstream` and leave in `out` what training needs, `out/frontend.json` last.

    Args:
        upstream: a Hugging Face directory, an s3prl checkpoint file, or a name of the Hugging Face hub
            (`facebook/wav2vec2-base`).
        out: directory of the adapted copy.
        settings: further settings of config.json, such as `mask_time_prob`.
        random_seed: take the architecture only, and draw the weights with this seed: the control that shows what
            pretraining is worth.

    Raises:
        UserError: it is no upstream, of an unknown kind, damaged, or does not load; the message names the cause.
    """
    path = Path(upstream)
    if path.is_file():
        if random_seed is not None or settings:
            what = ", ".join(settings or {}) or "random weights"
            raise UserError(f"{path}: {what}: expected a Hugging Face directory or hub name, found a file")
        checked = _check_native(path)
    else:
        folder = path if path.is_dir() else _download(upstream)
        checked = _check_hugging_face(folder, out, settings or {}, random_seed)
    write_json(out / "frontend.json", checked.frontend)
    return checked


def _check_hugging_face(source: Path, out: Path, settings: dict[str, Any], random_seed: int | None) -> Preflight:
    config = _read_hugging_face_config(source)
    name = HUGGING_FACE.get(config["model_type"])
    if name is None:
        known = ", ".join(sorted(HUGGING_FACE))
        raise UserError(
            f"{source}: upstream of an unknown kind: model_type {config['model_type']!r}; known are {known}"
        )
    if name == "wavlm_local" and settings.get("layerdrop"):
        raise UserError(
            f"{source}: --layerdrop {settings['layerdrop']}: a WavLM runs in s3prl's code, which drops no layers"
        )
    weights = sorted(file for file in source.iterdir() if WEIGHTS.fullmatch(file.name))
    if not weights:
        raise UserError(f"{source}: no weights: expected model.safetensors or pytorch_model.bin beside config.json")
    wanted = {key: value for key, (value, _) in ADAPTATIONS.items()} | settings
    if any(name.startswith("mask_") for name in settings):
        wanted["apply_spec_augment"] = True
    changed = {key: (config.get(key), value) for key, value in wanted.items() if config.get(key) != value}
    write_json(out / "config.json", config | wanted)
    write_json(out / "preprocessor_config.json", _preprocessor(source, config))
    if random_seed is None:
        for file in weights:
            _link(file, out / file.name)
    else:
        _draw_weights(out, config["model_type"], random_seed)
    model = _load(out, config["model_type"])
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if config["model_type"] != "wavlm":
        return Preflight({"upstream": name, "path_or_url": str(out)}, changed, parameters)
    with atomic_write(out / "wavlm.pt") as temporary:
        torch.save(to_native(model.config.to_dict(), model.state_dict()), temporary)
    return Preflight({"upstream": name, "path_or_url": str(out / "wavlm.pt")}, changed, parameters)


def _read_hugging_face_config(source: Path) -> dict[str, Any]:
    if not (source / "config.json").is_file():
        found = ", ".join(sorted(file.name for file in source.iterdir())[:6]) or "an empty folder"
        raise UserError(f"{source}: no upstream: expected a Hugging Face directory with config.json, found {found}")
    config = read_json(source / "config.json")
    if not isinstance(config, dict) or "model_type" not in config:
        raise UserError(f"{source / 'config.json'}: expected a Hugging Face model with 'model_type', found none")
    return config


def _preprocessor(source: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The directory's own preprocessor; where it has none, the one its architecture was trained with.

    Without the file s3prl asks the hub for facebook/wav2vec2-base's. Models with layer norm in the feature extractor
    were trained on normalised waves and with an attention mask, those with group norm without the mask.
    """
    file = source / "preprocessor_config.json"
    if file.is_file():
        return dict(read_json(file))
    layer_norm = config.get("feat_extract_norm") == "layer"
    return {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1, "sampling_rate": 16000,
        "padding_value": 0.0, "padding_side": "right", "do_normalize": True, "return_attention_mask": layer_norm,
    }  # fmt: skip


def _draw_weights(folder: Path, model_type: str, seed: int) -> None:
    """Write weights that the architecture in `folder`'s config.json draws for itself with `seed`."""
    kind = MODELS[model_type]
    torch.manual_seed(seed)
    model = kind(kind.config_class.from_json_file(folder / "config.json"))
    for file in folder.glob("*"):
        if WEIGHTS.fullmatch(file.name):
            file.unlink()
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    with atomic_write(folder / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})


def _load(folder: Path, model_type: str) -> Any:
    """Load the adapted copy as s3prl will; missing weights are an error, not a warning."""
    kind = MODELS[model_type]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would be one flash of a bar
    try:
        model, loading = kind.from_pretrained(folder, output_loading_info=True, local_files_only=True)
    except Exception as error:  # transformers and safetensors raise many kinds for a damaged file
        raise UserError(f"{folder}: the weights cannot be loaded: {describe(error)}") from None
    # A model trained without masking has no mask embedding, and needs none to be finetuned without.
    missing = sorted(set(loading["missing_keys"]) - {"masked_spec_embed"})
    if missing or loading.get("mismatched_keys"):
        found = missing or sorted(str(key) for key in loading["mismatched_keys"])
        raise UserError(f"{folder}: {len(found)} weights are missing or misshapen, such as {', '.join(found[:3])}")
    wave = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        output = model.eval()(wave, output_hidden_states=True)
    if not torch.isfinite(output.last_hidden_state).all():
        raise UserError(f"{folder}: the upstream's output is not finite on a second of noise; the weights are damaged")
    if not torch.equal(output.hidden_states[-1], output.last_hidden_state):
        raise UserError(
            f"{folder}: the last hidden state is not the model's output; is transformers newer than tested?"
        )
    return model


def _check_native(path: Path) -> Preflight:
    content = read_checkpoint(path, mmap=True)
    keys = set(content) if isinstance(content, dict) else set()
    fitting = [name for name, expected in NATIVE.items() if expected <= keys]
    if not fitting:
        raise UserError(
            f"{path}: upstream of an unknown kind: expected an s3prl checkpoint with the keys of one of "
            f"{json.dumps({name: sorted(expected) for name, expected in NATIVE.items()})}, "
            f"found {sorted(map(str, keys))[:8]}; "
            "convert fairseq's with s3prl/upstream/<kind>/convert.py"
        )
    # HuBERT's keys contain wav2vec 2.0's, so the kind with the most keys is meant.
    name = max(fitting, key=lambda kind: len(NATIVE[kind]))
    check_native(content, path)
    weights = content.get("model_weight", content.get("model"))
    if not isinstance(weights, dict) or not all(isinstance(weight, torch.Tensor) for weight in weights.values()):
        raise UserError(f"{path}: expected weights by their names, found {type(weights).__name__} of something else")
    return Preflight({"upstream": name, "path_or_url": str(path)}, {}, sum(w.numel() for w in weights.values()))


def _download(name: str) -> Path:
    """Fetch a model of the Hugging Face hub, or take it from the hub's cache."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or name.startswith((".", "/")):
        raise UserError(
            f"{name}: no such directory or checkpoint file, and no name of the Hugging Face hub (owner/model)"
        )
    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "pytorch_model*.bin"]))
    except Exception as error:  # the hub's client raises many kinds
        raise UserError(
            f"{name}: no such directory here, and the Hugging Face hub did not give it ({describe(error)}); "
            "download it elsewhere and pass its directory"
        ) from None


def _link(source: Path, destination: Path) -> None:
    destination.unlink(missing_ok=True)
    destination.symlink_to(os.path.relpath(source.resolve(), destination.parent.resolve()))
