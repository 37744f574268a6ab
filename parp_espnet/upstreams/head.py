"""The CTC layer that a model on disk has above its upstream: what a training may begin with.

A Hugging Face directory of a `…ForCTC` class has one, with its labels in `vocab.json`; a bundle has
one, with its labels in `bundle.json`. The preflight keeps it as one file beside what it adapts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write, read_json
from parp_espnet.phones.spelled import SPACE
from parp_espnet.upstreams.labels import BLANK, END, LABELS, UNKNOWN
from parp_espnet.upstreams.starts import BUNDLE, HEAD
from parp_espnet.upstreams.weights import load_some

WEIGHT, BIAS = "lm_head.weight", "lm_head.bias"
"""What transformers calls the layer in every `…ForCTC` class."""
VOCABULARY = "vocab.json"
USUAL_BLANK = 0
"""The row of the blank where config.json says none, in every `…ForCTC` class."""


@dataclass(frozen=True, eq=False)
class Head:
    """A CTC layer and what its rows are of."""

    weight: Tensor
    """(labels, dimensions)."""
    bias: Tensor
    """(labels)."""
    labels: tuple[str, ...]
    """As ESPnet calls them, such as <blank>; "" for a row that nothing names."""


def find_head(folder: Path) -> Head | None:
    """Return the head of a model's directory; None where it has none, or nothing names its rows.

    Raises `UserError` where its names do not fit its rows, or a file is damaged.
    """
    labels = _labels(folder)
    if labels is None:
        return None
    found = load_some(folder, (WEIGHT, BIAS))
    if len(found) < 2:
        return None
    weight, bias = found[WEIGHT].float(), found[BIAS].float()
    rows = len(bias)
    if weight.dim() != 2 or len(weight) != rows or max(labels, default=-1) >= rows:
        raise UserError(
            f"{folder}: expected a CTC layer of as many rows as it has labels, found "
            f"{tuple(weight.shape)} weights, {rows} biases and labels up to {max(labels)}; take "
            f"its vocab.json and weights from the same model"
        )
    language = _language_of(folder)
    if language is not None and len(labels) != rows:
        raise UserError(
            f"{folder}: expected a CTC layer of {len(labels)} rows, as the vocabulary of language "
            f"{language} has labels, found one of {rows}, of another language; take that as "
            f"target_lang in tokenizer_config.json, or the weights of this one"
        )
    return Head(weight, bias, tuple(labels.get(row, "") for row in range(rows)))


def write_head(head: Head, folder: Path) -> None:
    """Leave a head in a folder, where `labels.read_labels` finds what its rows are of."""
    tensors = {"weight": head.weight.contiguous(), "bias": head.bias.contiguous()}
    told = {LABELS: json.dumps(head.labels, ensure_ascii=False)}
    with atomic_write(folder / HEAD) as temporary:
        save_file(tensors, temporary, told)


def read_head(file: Path) -> dict[str, Tensor]:
    """Return `weight` and `bias` of such a file. Raises `UserError` where it is damaged."""
    try:
        with safe_open(file, framework="pt") as opened:
            return {name: opened.get_tensor(name) for name in ("weight", "bias")}
    except Exception as error:  # safetensors raises several kinds
        raise UserError(
            f"{file}: expected the head of an upstream ({error}); run stage 5 again"
        ) from None


def _labels(folder: Path) -> dict[int, str] | None:
    """Row → label; None where nothing says them."""
    if (folder / BUNDLE).is_file():
        found = read_json(folder / BUNDLE)
        tokens = found.get("tokens") if isinstance(found, dict) else None
        return dict(enumerate(map(str, tokens))) if isinstance(tokens, list) else None
    if not (folder / VOCABULARY).is_file():
        return None
    vocabulary = read_json(folder / VOCABULARY)
    told = _object(folder / "tokenizer_config.json")
    language = _language_of(folder)
    if language is not None:
        vocabulary = vocabulary[language]
    if not _is_vocabulary(vocabulary):
        return None
    return _named(vocabulary, told, _object(folder / "config.json"))


def _language_of(folder: Path) -> str | None:
    """The language whose vocabulary is meant, of MMS's, which have one for each; else None."""
    language = _object(folder / "tokenizer_config.json").get("target_lang")
    if (folder / BUNDLE).is_file() or not isinstance(language, str):
        return None
    return language if isinstance(_object(folder / VOCABULARY).get(language), dict) else None


def _named(
    vocabulary: Mapping[str, int], told: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[int, str]:
    """The rows of a vocabulary by ESPnet's names."""
    usual = {"unk_token": UNKNOWN, "eos_token": END, "word_delimiter_token": SPACE}
    special = {"<unk>": UNKNOWN, "[UNK]": UNKNOWN, "</s>": END, "|": SPACE}
    for option, name in usual.items():
        if isinstance(word := told.get(option), str):
            special[word] = name
    labels = {row: special.get(label, label) for label, row in vocabulary.items()}
    blank = config.get("pad_token_id", USUAL_BLANK)
    if type(blank) is int:
        labels[blank] = BLANK
    return labels


def _is_vocabulary(found: Any) -> bool:
    return isinstance(found, dict) and all(
        type(row) is int and 0 <= row < 1 << 20 for row in found.values()
    )


def _object(file: Path) -> Mapping[str, Any]:
    found = read_json(file) if file.is_file() else None
    return found if isinstance(found, dict) else {}
