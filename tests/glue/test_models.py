"""A pre-trained text model is whole, or refused: transformers draws whatever a file lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
    XLNetLMHeadModel,
)

from parp_espnet.errors import UserError
from parp_espnet.glue.models import load_classifier, places_of
from parp_espnet.glue.tasks import TASKS

BERT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "vocab_size": 50,
}  # fmt: skip
XLNET = {"vocab_size": 50, "d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64}
MADE: dict[str, Callable[[], torch.nn.Module]] = {
    "BERT": lambda: BertModel(BertConfig(**BERT)),
    "BERT with a head": lambda: BertForSequenceClassification(BertConfig(**BERT)),
    "RoBERTa with another head": lambda: RobertaForMaskedLM(RobertaConfig(**BERT)),
    "XLNet": lambda: XLNetLMHeadModel(XLNetConfig(**XLNET)),
}


def save(folder: Path, kind: str, change: Callable[[str, Tensor], Tensor | None]) -> Path:
    torch.manual_seed(0)
    MADE[kind]().save_pretrained(folder)  # type: ignore[operator]
    file = folder / "model.safetensors"
    changed = {}
    for name, tensor in load_file(file).items():
        left = change(name, tensor)
        if left is not None:
            changed[name] = left
    save_file(changed, file, {"format": "pt"})
    return folder


@pytest.mark.parametrize("kind", MADE)
def test_a_head_may_be_drawn(tmp_path: Path, kind: str) -> None:
    load_classifier(str(save(tmp_path, kind, lambda _, tensor: tensor)), TASKS["sst2"])


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        ("BERT", "embeddings.word_embeddings.weight"),
        ("BERT", "embeddings.position_embeddings.weight"),
        ("BERT", "layer.1.output.LayerNorm.weight"),
        ("BERT", "layer.0.attention.self.query.bias"),
        ("BERT", "pooler.dense.bias"),
        ("BERT with a head", "embeddings.word_embeddings.weight"),
        ("RoBERTa with another head", "embeddings.LayerNorm.bias"),
        ("XLNet", "layer.0.rel_attn.r_w_bias"),
        ("XLNet", "layer.1.ff.layer_norm.weight"),
    ],
)
def test_nothing_below_it_may(tmp_path: Path, kind: str, lacking: str) -> None:
    place = save(tmp_path, kind, lambda name, tensor: None if name.endswith(lacking) else tensor)
    with pytest.raises(UserError, match=rf"1 below its head are not there .*{lacking}; fetch it"):
        load_classifier(str(place), TASKS["sst2"])


HEADS = {
    "BERT": ["classifier.bias", "classifier.weight"],
    "RoBERTa": [
        *("classifier.dense.bias", "classifier.dense.weight"),
        *("classifier.out_proj.bias", "classifier.out_proj.weight"),
    ],
    # Its summary is no base's either.
    "XLNet": [
        *("logits_proj.bias", "logits_proj.weight"),
        *("sequence_summary.summary.bias", "sequence_summary.summary.weight"),
    ],
}
FINETUNED: dict[str, Callable[[int], torch.nn.Module]] = {
    "BERT": lambda labels: BertForSequenceClassification(BertConfig(**BERT, num_labels=labels)),
    "RoBERTa": lambda labels: RobertaForSequenceClassification(
        RobertaConfig(**BERT, num_labels=labels)
    ),
    "XLNet": lambda labels: XLNetForSequenceClassification(XLNetConfig(**XLNET, num_labels=labels)),
}


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("kind", FINETUNED)
def test_a_head_of_another_task_is_drawn(tmp_path: Path, kind: str, labels: int) -> None:
    torch.manual_seed(0)
    before = FINETUNED[kind](labels)
    for name, parameter in before.named_parameters():
        if name in HEADS[kind]:
            torch.nn.init.constant_(parameter, 7)
    before.save_pretrained(tmp_path)  # type: ignore[operator]
    found = load_classifier(str(tmp_path), TASKS["sst2"], new_head=True).state_dict()
    for name, tensor in before.state_dict().items():
        if name in HEADS[kind]:
            assert not (found[name] == 7).any(), name
        else:
            assert torch.equal(found[name], tensor), name


def test_who_has_been_trained_keeps_its_head(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = FINETUNED["BERT"](2)
    before.save_pretrained(tmp_path)  # type: ignore[operator]
    found = load_classifier(str(tmp_path), TASKS["sst2"]).state_dict()
    for name, tensor in before.state_dict().items():
        assert torch.equal(found[name], tensor), name


def test_numbers_of_eight_bits_are_refused(tmp_path: Path) -> None:
    def rounded(name: str, tensor: Tensor) -> Tensor:
        return tensor.to(torch.int8) if name.endswith("query.weight") else tensor

    place = save(tmp_path, "BERT", rounded)
    with pytest.raises(UserError, match=r"query.weight: expected weights of 16 or 32 bits, found"):
        load_classifier(str(place), TASKS["sst2"])


@pytest.mark.parametrize(
    ("kind", "places"),
    [("BERT", 512), ("BERT with a head", 512), ("RoBERTa with another head", 510), ("XLNet", None)],
)
def test_how_many_tokens_a_model_has_places_for(kind: str, places: int | None) -> None:
    """RoBERTa's places begin behind that of padding, with 1 of 512 to spare."""
    assert places_of(MADE[kind]()) == places
