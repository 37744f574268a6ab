"""Whisper's encoder, taken out of a Hugging Face directory of the whole model.

What is left of it is called as in `WhisperModel`, without what stands before: `encoder.layers.…`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from parp_espnet.errors import UserError, describe
from parp_espnet.files import atomic_write, read_json, write_json
from parp_espnet.later import imported_later
from parp_espnet.upstreams.heard import PREPROCESSOR, pad_behind, told_preprocessor
from parp_espnet.upstreams.second import RATE, STRIDE, check_output, noise
from parp_espnet.upstreams.weights import load_weights

with imported_later():
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

KIND = "whisper"
"""The `model_type` of its config.json."""
PREFIX = "encoder."
ADAPTATIONS = {"encoder_layerdrop": 0.0, "dtype": "float32"}
"""Settings of its config.json that training needs: a layer is left out by nobody's wish, and
weights of 16 bits would be trained as such.
"""
FRAMES_A_SECOND = 100
"""Of the spectrogram; the encoder makes one frame of two of these."""


def prepare(
    source: Path, out: Path, config: dict[str, Any], random_seed: int | None
) -> tuple[dict[str, tuple[Any, Any]], Any]:
    """Leave in `out` the encoder of a whole Whisper in `source`, or one of its architecture whose
    weights are drawn; return what was adapted, and the encoder, which a second of noise went
    through.

    Raises `UserError` where it is damaged, or its parts do not fit each other.
    """
    changed = {}
    for name, value in ADAPTATIONS.items():
        if config.get(name) != value:
            changed[name] = (config.get(name), value)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "config.json", config | ADAPTATIONS)
    told = told_preprocessor(source)
    options = extractor_options(config) if told is None else told[1]
    changed |= pad_behind(options)
    write_json(out / PREPROCESSOR, options)
    if random_seed is None:
        take_encoder(source, out)
    else:
        draw_encoder(out, random_seed)
    return changed, load_checked(out)


def take_encoder(source: Path, out: Path) -> None:
    """Write the encoder's weights to `out`. Raises `UserError` where `source` has none."""
    taken = {}
    for name, tensor in load_weights(source).items():
        if name.startswith((PREFIX, f"model.{PREFIX}")):
            taken[name.removeprefix("model.")] = tensor.contiguous()
    if not taken:
        raise UserError(f"{source}: expected a Whisper with an encoder, found no {PREFIX}… in it")
    with atomic_write(out / "model.safetensors") as temporary:
        save_file(taken, temporary, {"format": "pt"})


def draw_encoder(out: Path, seed: int) -> None:
    """Write weights that the architecture in `out`'s config.json draws with `seed`."""
    torch.manual_seed(seed)
    drawn = _configured(out).state_dict()
    named = {f"{PREFIX}{name}": tensor.contiguous() for name, tensor in drawn.items()}
    with atomic_write(out / "model.safetensors") as temporary:
        save_file(named, temporary, {"format": "pt"})


def load_encoder(folder: Path) -> Any:
    """Return the encoder that a folder has. Raises `UserError` where weights are missing or
    misshapen.
    """
    model = _configured(folder)
    found = {name.removeprefix(PREFIX): tensor for name, tensor in load_weights(folder).items()}
    expected = model.state_dict()
    wrong = [name for name in expected if name not in found]
    wrong += [name for name in found if name not in expected]
    wrong += [name for name in expected if not _alike(name, found, expected)]
    if wrong:
        raise UserError(
            f"{folder}: {len(set(wrong))} weights are missing or misshapen, such as "
            f"{', '.join(PREFIX + name for name in dict.fromkeys(wrong[:3]))}"
        )
    model.load_state_dict(found)
    return model


def extractor_of(folder: Path) -> Any:
    """Return what makes spectrograms of waves. Raises `UserError` where its windows are not the
    encoder's.
    """
    kind: Any = WhisperFeatureExtractor
    extractor = kind.from_pretrained(folder, local_files_only=True)
    config = read_json(folder / "config.json")
    heard = extractor.chunk_length * FRAMES_A_SECOND, extractor.feature_size
    expected = 2 * config["max_source_positions"], config["num_mel_bins"]
    if heard != expected:
        raise UserError(
            f"{folder / PREPROCESSOR}: expected windows of {expected[0]} frames of "
            f"{expected[1]} numbers, as config.json has them, found {heard[0]} of {heard[1]}"
        )
    return extractor


def extractor_options(config: dict[str, Any]) -> dict[str, Any]:
    """Return a preprocessor_config.json, where the directory has none."""
    seconds = int(config.get("max_source_positions", 1500)) * 2 // FRAMES_A_SECOND
    return {
        "feature_extractor_type": "WhisperFeatureExtractor", "sampling_rate": RATE,
        "feature_size": int(config.get("num_mel_bins", 80)), "chunk_length": seconds,
        "hop_length": 160, "n_fft": 400, "padding_value": 0.0, "padding_side": "right",
    }  # fmt: skip


def load_checked(folder: Path) -> Any:
    """Return the encoder after a second of noise went through it. Raises `UserError`."""
    model = load_encoder(folder)
    extractor = extractor_of(folder)
    try:
        heard = extractor(np.asarray(noise()[0]), sampling_rate=RATE, return_tensors="pt")
        with torch.no_grad():
            output = model.eval()(heard.input_features).last_hidden_state
    except Exception as error:  # torch and transformers raise many kinds
        raise UserError(
            f"{folder}: the model does not run: {describe(error)}; look at its config.json"
        ) from None
    frames = RATE // STRIDE
    check_output(folder, output[:, :frames], frames, model.config.d_model, {})
    return model


def _alike(name: str, found: dict[str, Any], expected: dict[str, Any]) -> bool:
    return name not in found or found[name].shape == expected[name].shape


def _configured(folder: Path) -> Any:
    kind: Any = WhisperConfig
    try:
        return WhisperEncoder(kind.from_json_file(folder / "config.json"))
    except Exception as error:  # an odd configuration
        raise UserError(f"{folder / 'config.json'}: no Whisper: {describe(error)}") from None
