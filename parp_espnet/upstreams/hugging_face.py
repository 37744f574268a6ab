"""Upstreams in Hugging Face's format: what of them s3prl can load, and as what."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from parp_espnet.errors import UserError, describe, printable
from parp_espnet.files import atomic_write, read_json, write_json
from parp_espnet.later import imported_later
from parp_espnet.upstreams import data2vec, espnet_frontend, wavlm
from parp_espnet.upstreams.heard import PREPROCESSOR
from parp_espnet.upstreams.second import check_output, check_strides, noise
from parp_espnet.upstreams.starts import CONFIG, NARROWED, is_pretraining
from parp_espnet.upstreams.weights import check_stored

with imported_later():
    from transformers import (
        Data2VecAudioModel,
        HubertModel,
        UniSpeechModel,
        UniSpeechSatModel,
        Wav2Vec2Model,
        WavLMModel,
    )
    from transformers.utils import logging as transformers_logging

HUGGING_FACE = {
    "wav2vec2": "hf_wav2vec2_custom",
    "hubert": "hf_hubert_custom",
    "wavlm": "wavlm_local",
    "data2vec-audio": "data2vec_local",
    "unispeech": "hf_wav2vec2_custom",
    "unispeech-sat": "hf_wav2vec2_custom",
}
"""`model_type` of a config.json → the s3prl upstream that loads it, once it is converted where it
has to be. Others have ESPnet's own frontend.
"""

MODELS: dict[str, Any] = {
    "wav2vec2": Wav2Vec2Model,
    "hubert": HubertModel,
    "wavlm": WavLMModel,
    "data2vec-audio": Data2VecAudioModel,
    "unispeech": UniSpeechModel,
    "unispeech-sat": UniSpeechSatModel,
    **espnet_frontend.MODELS,
}
"""`model_type` of a config.json → its class."""

NAMES = {
    "wavlm": "WavLM",
    "data2vec-audio": "data2vec",
    "whisper": "Whisper",
    "espnet_ssl": "model that ESPnet pretrained",
}
"""What those are called whose code hides nothing in training, and drops no layers."""
CODE_OF = {
    "wavlm": "s3prl's code",
    "data2vec-audio": "s3prl's code",
    "whisper": "its encoder alone",
    "espnet_ssl": "ESPnet's frontend espnet_ssl",
}
"""What these run in."""

WAV2VEC2_LIKE = ("unispeech", "unispeech-sat")
"""Models that compute what a wav2vec 2.0 does with the same weights: s3prl has nothing else that
loads them.
"""

IN_LAYERS = r"(?:^|\.)encoder\.layers\.(\d{1,5})\."
"""A weight of a layer, in the names of all of them."""
OF_UPSTREAM = r"^(?:\w+\.)?(?:feature_extractor|feature_projection|encoder)\."
"""A weight of what is run, whatever head it came with."""
COMPUTED = (".inv_freq",)
"""How names end of what a file may have, and a model computes."""
ADAPTER = "adapter_config.json"
"""What peft leaves beside a model that it was trained with."""
WEIGHTS = re.compile(r"(model|pytorch_model).*\.(safetensors|bin)(\.index\.json)?")


def read_config(source: Path) -> dict[str, Any]:
    """Return the config.json of a directory. Raises `UserError` where it is none of a model."""
    if not (source / "config.json").is_file():
        found = ", ".join(sorted(file.name for file in source.iterdir())[:6]) or "an empty folder"
        file = ""
        if is_pretraining(source / CONFIG):
            file = f"; of what ESPnet pretrained, give the model file: {source}/….pth"
        raise UserError(
            f"{source}: no upstream: expected a Hugging Face directory with config.json, found "
            f"{found}{file}"
        )
    config = read_json(source / "config.json")
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise UserError(
            f"{source / 'config.json'}: expected a Hugging Face model with 'model_type', found none"
        )
    if NARROWED in config:
        # The shapes of some fit a stock class all the same, which computes something else.
        raise UserError(
            f"{source / 'config.json'}: expected a model that transformers' class holds, found one "
            f"without some units, heads or channels; export it without --cut, or take the "
            f"experiment that it was exported of"
        )
    return config


def draw_weights(folder: Path, model_type: str, seed: int) -> None:
    """Write weights that the architecture in `folder`'s config.json draws for itself
    with `seed`.
    """
    kind = MODELS[model_type]
    torch.manual_seed(seed)
    write_weights(kind(kind.config_class.from_json_file(folder / "config.json")), folder)


def write_weights(model: nn.Module, folder: Path) -> None:
    """Write weights in the place of those that `folder` has, or links to."""
    remove_weights(folder)
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    with atomic_write(folder / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})


def weights_of(source: Path, stored: bool) -> list[Path]:
    """The files of a directory's weights. Raises `UserError` where there are none, where they are
    no whole model's, or (where those that are `stored` are wanted) numbers of another kind.
    """
    weights = sorted(file for file in source.iterdir() if WEIGHTS.fullmatch(file.name))
    if not weights:
        raise UserError(
            f"{source}: no weights: expected model.safetensors or pytorch_model.bin beside "
            f"config.json"
        )
    if stored:
        check_stored(file for file in weights if file.suffix in (".safetensors", ".bin"))
    if (source / ADAPTER).is_file():
        raise UserError(
            f"{source / ADAPTER}: expected a whole model, found an adapter of peft (LoRA) beside "
            f"it, which would be "
            "left out; merge it (merge_and_unload), save that, and take it"
        )
    return weights


def remove_weights(folder: Path) -> None:
    """Remove the weights that a folder has, or links to, in whatever format: of several,
    transformers takes one.
    """
    for file in folder.glob("*"):
        if WEIGHTS.fullmatch(file.name):
            file.unlink()


def open_model(folder: Path, model_type: str) -> tuple[Any, list[str]]:
    """Return the model of a directory in float32, and the names of what else its file has.

    Raises `UserError` where weights are missing, or the file is damaged.
    """
    kind = MODELS[model_type]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would be one flash of a bar
    verbosity = transformers_logging.get_verbosity()
    # What it has to say of missing weights is said below; a head is none of the upstream's.
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        # Weights of other shapes are told below, by their names.
        model, loading = kind.from_pretrained(
            folder,
            output_loading_info=True,
            local_files_only=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
        )
    except Exception as error:  # transformers and safetensors raise many kinds for a damaged file
        raise UserError(f"{folder}: the weights cannot be loaded: {describe(error)}") from None
    finally:
        transformers_logging.set_verbosity(verbosity)
    # A model trained without masking has no mask embedding, and needs none to be finetuned without.
    missing = sorted(set(loading["missing_keys"]) - {"masked_spec_embed"})
    if missing:
        raise UserError(
            f"{folder}: {len(missing)} weights are missing or misshapen, such as "
            f"{', '.join(missing[:3])}"
        )
    _check_shapes(folder, loading.get("mismatched_keys"))
    return model, list(loading["unexpected_keys"])


def _check_shapes(folder: Path, mismatched: Collection[tuple[Any, ...]] | None) -> None:
    """Refuse weights of other shapes than the configuration has, each with both shapes."""
    if not mismatched:
        return
    name, found, expected = min(mismatched, key=str)
    raise UserError(
        f"{folder}: {len(mismatched)} weights are missing or misshapen, such as {name}: expected "
        f"shape {tuple(expected)}, as its configuration has it, found {tuple(found)}"
    )


def load(folder: Path, model_type: str) -> Any:
    """Load the adapted copy as s3prl will; missing weights are an error, not a warning."""
    model, left_out = open_model(folder, model_type)
    config = model.config
    _check_left_out(folder, left_out, config.num_hidden_layers)
    if config.num_hidden_layers < 1:
        raise UserError(
            f"{folder}: num_hidden_layers: expected one at least, found "
            f"{config.num_hidden_layers}; "
            "look at its config.json"
        )
    if model_type in espnet_frontend.MODELS:
        espnet_frontend.check_second(folder, model, model_type)
        return model
    frames = check_strides(folder, config.conv_kernel, config.conv_stride)
    try:
        with torch.no_grad():
            output = model.eval()(noise(), output_hidden_states=True)
    except Exception as error:  # torch and transformers raise many kinds for an odd configuration
        raise UserError(
            f"{folder}: the model does not run: {describe(error)}; look at its config.json"
        ) from None
    check_output(folder, output.last_hidden_state, frames, config.hidden_size, config.to_dict())
    if model_type not in WAV2VEC2_LIKE and not torch.equal(
        output.hidden_states[-1], output.last_hidden_state
    ):
        raise UserError(
            f"{folder}: the last hidden state is not the model's output; is transformers newer "
            f"than tested?"
        )
    return model


def _check_left_out(folder: Path, names: Iterable[str], layers: int) -> None:
    """Raise `UserError` where a file has more of the model than transformers has a place for.

    What is run would not be the model of the file, which has adapters that are not merged, say, or
    scales of numbers of eight bits, or another config.json: convolutions with biases or norms that
    it knows nothing of. Layers that config.json does not count are nobody's: some take the first
    few. Heads are none of the upstream's.
    """
    in_layers, outside = [], []
    for name in sorted(names):
        if not re.search(OF_UPSTREAM, name) or name.endswith(COMPUTED) or ".adapter_layer." in name:
            continue
        place = re.search(IN_LAYERS, name)
        if place is None:
            outside.append(name)
        elif int(place[1]) < layers:
            in_layers.append(name)
    if in_layers:
        raise UserError(
            f"{folder}: {len(in_layers)} weights of the layers have no place in the model of "
            f"config.json, such as "
            f"{', '.join(map(printable, in_layers[:3]))}; merge adapters (LoRA), take the model "
            f"that was not "
            "quantised or pruned"
        )
    if outside:
        raise UserError(
            f"{folder}: {len(outside)} weights before and beside the layers have no place in the "
            f"model of config.json, such as {', '.join(map(printable, outside[:3]))}; take the "
            f"config.json that belongs to these weights"
        )


def to_native(model: Any, folder: Path) -> dict[str, Any]:
    """Return a model as s3prl's own code of it loads it."""
    config, weights = model.config.to_dict(), model.state_dict()
    normalise = bool(read_json(folder / PREPROCESSOR).get("do_normalize", True))
    if isinstance(model, WavLMModel):
        return wavlm.to_native(config, weights, normalise)
    return data2vec.to_native(config, weights, normalise)


def as_wav2vec2(model: Any, folder: Path) -> Any:
    """Write a model's weights and configuration as a wav2vec 2.0's, and load that.

    Raises `UserError` unless it computes the same.
    """
    write_weights(model, folder)
    config = read_json(folder / "config.json")
    write_json(
        folder / "config.json",
        config | {"model_type": "wav2vec2", "architectures": ["Wav2Vec2Model"]},
    )
    converted = load(folder, "wav2vec2")
    with torch.no_grad():
        theirs = model(noise()).last_hidden_state
        ours = converted(noise()).last_hidden_state
    if not torch.equal(theirs, ours):
        raise UserError(
            f"{folder}: as a wav2vec 2.0, which s3prl can load, this {config['model_type']} "
            f"computes something else; "
            "is transformers newer than tested?"
        )
    return converted
