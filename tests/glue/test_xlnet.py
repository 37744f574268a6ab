"""XLNet's own objective."""

from pathlib import Path

import pytest
import torch
from transformers import XLNetConfig, XLNetLMHeadModel

from parp_espnet.errors import UserError
from parp_espnet.glue import models
from parp_espnet.glue.models import find_model, load_classifier, load_tokenizer
from parp_espnet.glue.settings import XLNET, Pretraining
from parp_espnet.glue.tasks import TASKS
from parp_espnet.glue.xlnet import permuted, pretrain


def test_a_predicted_token_is_seen_only_by_what_comes_after_it():
    torch.manual_seed(0)
    model = XLNetLMHeadModel(
        XLNetConfig(vocab_size=50, d_model=16, n_layer=2, n_head=2, d_inner=32)
    ).eval()
    batch = permuted(torch.randint(50, (3, 12)))
    assert batch["labels"].shape == (3, 2)
    wanted = batch.pop("labels")
    where = batch["target_mapping"].argmax(dim=-1)
    assert bool((batch["input_ids"].gather(1, where) == wanted).all())
    with torch.no_grad():
        first, second = (model(**batch).logits[:, number] for number in range(2))
        # Another last token changes no prediction; another first one changes the second's alone; a
        # seen one both.
        for place, changes in ((where[:, 1], (False, False)), (where[:, 0], (False, True))):
            others = batch["input_ids"].clone()
            others[torch.arange(3), place] = (others[torch.arange(3), place] + 1) % 50
            found = model(**batch | {"input_ids": others}).logits
            for number, (before, changed) in enumerate(zip((first, second), changes, strict=True)):
                assert bool((found[:, number] != before).any()) == changed
        seen = next(place for place in range(12) if place not in where[0])
        others = batch["input_ids"].clone()
        others[0, seen] = (others[0, seen] + 1) % 50
        found = model(**batch | {"input_ids": others}).logits[0]
        assert bool((found != torch.stack([first[0], second[0]])).any(dim=-1).all())


def test_a_pretrained_one_classifies(tmp_path: Path):
    pretrain(Pretraining(updates=4, phrases=200), tmp_path)
    model, tokenizer = (
        load_classifier(str(tmp_path), TASKS["cldr_same"]),
        load_tokenizer(str(tmp_path)),
    )
    words = tokenizer.convert_ids_to_tokens(tokenizer("Chad", "Tchad")["input_ids"])
    assert words[-2:] == ["<sep>", "<cls>"]
    assert words.count("<sep>") == 2
    batch = tokenizer(["Chad", "Chad, Peru"], ["Tchad", "Perú"], padding=True, return_tensors="pt")
    with torch.no_grad():
        alone = tokenizer(["Chad"], ["Tchad"], return_tensors="pt")
        assert model.eval()(**batch).logits.shape == (2, 2)
        # What stands before the text to fill the batch changes nothing.
        assert torch.allclose(model(**batch).logits[0], model(**alone).logits[0], atol=1e-5)


def test_one_that_was_interrupted_while_it_was_written_is_none(tmp_path: Path, monkeypatch) -> None:
    """It has the weights of one pretraining and the tokens of another."""
    monkeypatch.setattr(models, "OWN", tmp_path)
    with pytest.raises(UserError, match="--model xlnet: not there yet, or half written"):
        find_model(XLNET)
    pretrain(Pretraining(updates=1, phrases=200), tmp_path)
    assert find_model(XLNET) == str(tmp_path)
    tokens = tmp_path / "tokenizer.json"
    tokens.unlink()
    tokens.mkdir()
    with pytest.raises(Exception, match="Is a directory"):
        pretrain(Pretraining(updates=1, phrases=100), tmp_path)
    with pytest.raises(UserError, match="half written"):
        find_model(XLNET)
