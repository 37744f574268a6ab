"""A tiny BERT and a tiny XLNet that spell words, and a task that they learn in seconds."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from string import ascii_lowercase

import pytest
import torch

from parp_espnet.glue.command_line import read
from parp_espnet.glue.examples import Example, write
from parp_espnet.glue.settings import Settings
from parp_espnet.glue.tasks import TASKS

ROOT = Path(__file__).resolve().parents[2]


def save_model(folder: Path, kind: str) -> Path:
    """Save a randomly initialised model of two layers of 32 dimensions, and its tokenizer of
    letters.
    """
    from tokenizers import BertWordPieceTokenizer  # noqa: PLC0415
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, XLNetConfig, XLNetModel  # noqa: PLC0415

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *ascii_lowercase,
        *(f"##{one}" for one in ascii_lowercase),
    ]
    spelled = BertWordPieceTokenizer({word: number for number, word in enumerate(words)})
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=spelled._tokenizer, **names).save_pretrained(folder)
    torch.manual_seed(0)
    if kind == "bert":
        sizes = {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 64,
        }
        BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(folder)
    else:
        small = XLNetConfig(
            vocab_size=len(words), d_model=32, n_layer=2, n_head=4, d_inner=64, summary_type="first"
        )
        XLNetModel(small).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny BERT."""
    return save_model(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="session")
def xlnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny XLNet."""
    return save_model(tmp_path_factory.mktemp("xlnet"), "xlnet")


@pytest.fixture(scope="session")
def text_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe directory, on a path with a space in it, whose task is whether a word begins with an
    a.
    """
    folder = tmp_path_factory.mktemp("my task")
    random = Random(0)
    for name, size in {"train": 64, "valid": 32, "test": 32}.items():
        words = [random.choice("ab") + "".join(random.choices("cdef", k=3)) for _ in range(size)]
        examples = [
            Example(f"{name}-{n}", word, "", float(word[0] == "a")) for n, word in enumerate(words)
        ]
        write(folder / "data" / f"{name}.tsv", examples, TASKS["cldr_order"])
    return folder


@pytest.fixture
def settings_of(text_recipe: Path, bert: Path, ngpu: int) -> Callable[..., Settings]:
    """Settings of an experiment on the tiny task, and any options besides."""

    def make(*options: str) -> Settings:
        usual = (
            "--recipe",
            str(text_recipe),
            "--task",
            "cldr_order",
            "--model",
            str(bert),
            "--updates",
            "40",
        )
        usual += ("--ngpu", str(ngpu), "--lr", "0.01", "--validations", "2", "--batch_size", "16")
        return read([*usual, *options])

    return make
