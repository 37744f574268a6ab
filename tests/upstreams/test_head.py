"""Heads of models in Hugging Face's own format, as the preflight keeps them."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import HubertConfig, HubertForCTC

from parp_espnet.errors import UserError
from parp_espnet.upstreams.head import find_head, read_head
from parp_espnet.upstreams.labels import read_labels
from parp_espnet.upstreams.preflight import preflight

SMALL = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
    "num_feat_extract_layers": 5, "conv_dim": [8] * 5, "conv_kernel": [20, 8, 4, 2, 2],
    "conv_stride": [10, 4, 2, 2, 2], "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2, "vocab_size": 6, "pad_token_id": 1,
}  # fmt: skip
VOCABULARY = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "ɲ": 5}
LABELS = ("<s>", "<blank>", "<sos/eos>", "<unk>", "a", "ɲ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    place = tmp_path / "in"
    HubertForCTC(HubertConfig(**SMALL)).save_pretrained(place)
    write(place / "vocab.json", VOCABULARY)
    return place


def write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content))


def test_the_preflight_keeps_it(folder: Path, tmp_path: Path) -> None:
    checked = preflight(str(folder), tmp_path / "out")
    assert checked.labels == len(VOCABULARY)
    head = tmp_path / "out/head.safetensors"
    assert read_labels(head) == LABELS
    model = HubertForCTC.from_pretrained(folder)
    assert torch.equal(read_head(head)["weight"], model.lm_head.weight)
    assert torch.equal(read_head(head)["bias"], model.lm_head.bias)
    # The next one that is looked at has none.
    (folder / "vocab.json").unlink()
    assert preflight(str(folder), tmp_path / "out").labels is None
    assert not head.exists()


def test_weights_drawn_at_random_have_no_head(folder: Path, tmp_path: Path) -> None:
    preflight(str(folder), tmp_path / "out", random_seed=0)
    assert not (tmp_path / "out/head.safetensors").exists()


def test_of_pytorchs_own_format(folder: Path) -> None:
    weights = HubertForCTC.from_pretrained(folder).state_dict()
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    head = find_head(folder)
    assert head is not None
    assert head.labels == LABELS


def test_of_one_of_several_languages(folder: Path) -> None:
    write(folder / "vocab.json", {"eng": {"b": 0}, "fra": VOCABULARY})
    assert find_head(folder) is None
    write(folder / "tokenizer_config.json", {"target_lang": "fra", "word_delimiter_token": "a"})
    head = find_head(folder)
    assert head is not None
    assert head.labels[4] == "<space>"


@pytest.mark.parametrize("other", [{"<pad>": 1, "b": 4}, {**VOCABULARY, "b": 6}])
def test_of_another_of_several_languages(folder: Path, other: dict[str, int]) -> None:
    write(folder / "vocab.json", {"eng": other, "fra": VOCABULARY})
    write(folder / "tokenizer_config.json", {"target_lang": "eng"})
    with pytest.raises(UserError, match=r"expected a CTC layer of"):
        find_head(folder)


@pytest.mark.parametrize(("said", "row"), [({}, 0), ({"pad_token_id": 3}, 3)])
def test_the_blank_is_where_transformers_has_it(
    folder: Path, said: dict[str, int], row: int
) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["pad_token_id"]
    write(folder / "config.json", config | said)
    head = find_head(folder)
    assert head is not None
    assert head.labels.index("<blank>") == HubertConfig(**said).pad_token_id == row


@pytest.mark.parametrize("vocabulary", [["a"], {"a": "0"}, {"a": -1}, {"a": None}])
def test_a_vocabulary_that_names_no_rows_is_as_none(folder: Path, vocabulary: Any) -> None:
    write(folder / "vocab.json", vocabulary)
    assert find_head(folder) is None


def test_a_vocabulary_of_another_model(folder: Path) -> None:
    write(folder / "vocab.json", VOCABULARY | {"o": 6})
    with pytest.raises(UserError, match=r"expected a CTC layer of as many rows .* labels up to 6"):
        find_head(folder)


def test_an_upstream_alone_has_none(upstream: Path, tmp_path: Path) -> None:
    assert find_head(upstream) is None
