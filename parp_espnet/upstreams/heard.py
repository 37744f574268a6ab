"""How the samples of a wave are prepared before an upstream in Hugging Face's format hears them."""

from pathlib import Path
from typing import Any

from parp_espnet.errors import UserError, excerpt
from parp_espnet.files import read_json
from parp_espnet.upstreams import espnet_frontend
from parp_espnet.upstreams.second import RATE

PREPROCESSOR = "preprocessor_config.json"
PROCESSOR = "processor_config.json"
"""What transformers leaves since its version 5 of a processor: of its tokenizer and of what hears,
which is one of `_NESTED`, with no `PREPROCESSOR` beside it.
"""
_NESTED = ("feature_extractor", "audio_processor")


def told_preprocessor(source: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return what a directory says of it, and the file that does, as transformers reads it; None
    where nothing does.

    Raises `UserError` where a file is damaged.
    """
    for name in (PROCESSOR, PREPROCESSOR):
        file = source / name
        if not file.is_file():
            continue
        found = read_json(file)
        if not isinstance(found, dict):
            raise UserError(
                f"{file}: expected the settings of a preprocessor, found {excerpt(found)}; "
                f"fetch it again"
            )
        if name == PREPROCESSOR:
            return file, found
        for key in _NESTED:
            if isinstance(found.get(key), dict):
                return file, dict(found[key])
    return None


def preprocessor(source: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The directory's own preprocessor; where it has none, the one its architecture was trained
    with.

    Without the file s3prl asks the hub for facebook/wav2vec2-base's. Models with layer norm in the
    feature extractor were trained on normalised waves and with an attention mask, those with group
    norm without the mask, and WavLM's of these on waves as they are.

    Raises `UserError` where it hears other than 16,000 samples a second: s3prl has nothing else for
    it.
    """
    told = told_preprocessor(source)
    if told is not None:
        file, found = told
        rate = found.get("sampling_rate", RATE)
        if rate != RATE:
            raise UserError(
                f"{file}: expected a preprocessor with sampling_rate {RATE}, found {excerpt(rate)}"
            )
        return found
    kind = config.get("model_type")
    if kind in espnet_frontend.HEARS_BANKS:
        return espnet_frontend.bank_extractor(config)
    layer_norm = config.get("feat_extract_norm") == "layer"
    return {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1,
        "sampling_rate": RATE, "padding_value": 0.0, "padding_side": "right",
        "do_normalize": layer_norm or kind != "wavlm",
        "return_attention_mask": layer_norm,
    }  # fmt: skip


def pad_behind(heard: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Let a preprocessor pad behind an utterance; return what that changed.

    s3prl and ESPnet take the first frames of a batch for an utterance's, wherever it is.
    """
    name = "padding_side"
    before = heard.get(name, "right")
    heard[name] = "right"
    return {} if before == "right" else {name: (before, "right")}


def hide_padding(heard: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Let a preprocessor say where padding is; return what that changed.

    Otherwise what an utterance becomes would depend on what else is in its batch. s3prl always asks
    for it.
    """
    name = "return_attention_mask"
    before = heard.get(name)
    heard[name] = True
    return {} if before is True else {name: (before, True)}
