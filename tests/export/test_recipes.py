"""What recipes train leaves in every format with stage 12's tokens: every family and shipped
upstream, dense and pruned, phones of every language and letters.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
import torch
from espnet2.bin.asr_inference import Speech2Text
from s3prl.nn import S3PRLUpstream

from parp_espnet.errors import UserError
from parp_espnet.export.formats import FORMATS, Options, export
from parp_espnet.export.hf import BLANK, write_processor
from parp_espnet.export.model import transformers_class
from parp_espnet.export.s3prl import name_in_s3prl
from parp_espnet.export.trained import Trained, load_trained
from parp_espnet.phones.ipa import load_inventory
from parp_espnet.phones.spelled import SPACE
from parp_espnet.recognition.audio import read

LETTERS = ("<blank>", "<unk>", SPACE, "a", "ch", "h", "ö", "<sos/eos>")
INVENTORIES = ("en", "es", "fr", "it", "ky", "mb", "nl", "ru", "sv", "tr", "tt", "zh")
SAYS = ("bundle", "hf", "onnx", "openvino", "sparse")
"""Formats whose export recognises the test set, and says with how many of stage 12's tokens."""
RECIPES = {
    "multi, pruned, phones": ("multi", (), 0.8),
    "mono, dense, letters": ("mono", LETTERS, 0.0),
    "wav2vec2-base, dense, letters": ("wav2vec2, group norm", LETTERS, 0.0),
    "wav2vec2-base, pruned, phones": ("wav2vec2, group norm", (), 0.5),
    "wav2vec2-large, pruned, letters": ("XLSR", LETTERS, 0.5),
    "wavlm, dense, phones": ("wavlm", (), 0.0),
    "data2vec, pruned, phones": ("data2vec", (), 0.5),
}
"""Recipe → upstream, tokens, sparsity. That of cldr is `multi`, that of Libri-light is
wav2vec2-base or -large, each in small here; others can be given to any of them.
"""


def tokens_of(labels: list[int], tokens: tuple[str, ...]) -> list[str]:
    return [tokens[label] for label, _ in groupby(labels) if label]


@torch.inference_mode()
def heard_by_espnet(folder: Path, waves: dict[str, torch.Tensor]) -> dict[str, list[str]]:
    recogniser = Speech2Text.from_pretrained(f"{folder}/model.zip", ctc_weight=1.0, beam_size=1)
    model = recogniser.asr_model
    found = {}
    for name, samples in waves.items():
        encoded, _ = model.encode(samples[None], torch.tensor([len(samples)]))
        found[name] = tokens_of(model.ctc.argmax(encoded)[0].tolist(), tuple(model.token_list))
    return found


@torch.inference_mode()
def heard_by_s3prl(
    folder: Path, trained: Trained, waves: dict[str, torch.Tensor]
) -> dict[str, list[str]]:
    """With the head that was left behind."""
    upstream = S3PRLUpstream(name_in_s3prl(trained), path_or_url=str(folder)).eval()
    weight, bias = (trained.states[f"ctc.ctc_lo.{name}"] for name in ("weight", "bias"))
    found = {}
    for name, samples in waves.items():
        layers, _ = upstream(samples[None], torch.tensor([len(samples)]))
        labels = torch.nn.functional.linear(layers[-1][0], weight, bias).argmax(1)
        found[name] = tokens_of(labels.tolist(), trained.tokens)
    return found


@pytest.mark.parametrize(
    "recipe",
    # A HuBERT as `multi` is; its letters are those of the wav2vec 2.0 below it.
    [
        pytest.param(name, marks=[pytest.mark.thorough] * name.startswith("mono"))
        for name in RECIPES
    ],
)
def test_every_format_has_stage_12s_tokens(
    recipe: str,
    make_drawn: Callable[..., Path],
    make_tested: Callable[[Path, Path], Path],
    tones: Path,
    tmp_path: Path,
) -> None:
    kind, tokens, sparsity = RECIPES[recipe]
    # int8 has tests of its own, which take speech, and time.
    drawn = make_drawn(kind, tmp_path / "drawn", tokens, sparsity, has_speech=False, sure=True)
    trained = load_trained(make_tested(drawn, tmp_path / "exp"))
    lines = (tmp_path / "exp/decode_greedy/test/text").read_text().splitlines()
    expected = {name: said for name, *said in map(str.split, lines)}
    assert len({token for said in expected.values() for token in said}) > 1
    options = Options(sparse_dtype="fp32", data=tones)
    names = [name for name in FORMATS if name != "s3prl" or not trained.family.native]
    names.remove("pack")  # which is of routers, and tested in test_pack
    told = export(trained, tmp_path / "all", names, options)
    for name in SAYS:
        assert "8 of 8 utterances of test have stage 12's tokens" in told[name], name
    waves = {name: torch.from_numpy(read(tones / f"{name}.wav")) for name in expected}
    assert heard_by_espnet(tmp_path / "all/espnet", waves) == expected
    if trained.family.native:
        with pytest.raises(UserError, match=f"found a {trained.family.model_type}, of which"):
            export(trained, tmp_path / "no", ["s3prl"], options)
        assert not (tmp_path / "no").exists()
    else:
        assert heard_by_s3prl(tmp_path / "all/s3prl", trained, waves) == expected


@pytest.mark.parametrize("language", INVENTORIES)
def test_transformers_spells_each_languages_phones(
    language: str, trained: Trained, tmp_path: Path
) -> None:
    """As texts of stage 12 do, where two are alike, or one is a part of another."""
    phones = tuple(load_inventory(language))
    tokens = (BLANK, "<unk>", *phones, "<sos/eos>")
    write_processor(replace(trained, tokens=tokens), tmp_path)
    tokenizer = transformers_class("AutoTokenizer").from_pretrained(tmp_path)
    assert json.loads((tmp_path / "vocab.json").read_text())[phones[-1]] == len(tokens) - 2
    labels = [label for phone in range(2, len(tokens) - 1) for label in (phone, phone, 0)]
    assert tokenizer.decode(labels) == " ".join(phones)


def test_letters_and_words(trained: Trained, tmp_path: Path) -> None:
    """Of several characters each; what is between words is a space, once it is loaded again."""
    write_processor(replace(trained, tokens=LETTERS), tmp_path)
    tokenizer = transformers_class("AutoTokenizer").from_pretrained(tmp_path)
    assert tokenizer.decode([2, 3, 3, 0, 3, 2, 2, 4, 5, 6, 2]) == "aa chhö"
    with pytest.raises(UserError, match=r"expected letters without \|, which transformers has"):
        write_processor(replace(trained, tokens=(*LETTERS[:3], "|")), tmp_path)
