"""A small XLNet, pre-trained briefly with its own objective, for want of XLNet's weights where
there is no network.

The objective (Yang et al. 2019): of each sequence a random factorisation order is drawn, and the
last sixth of it is predicted, each token from those before it in that order, wherever they stand.
The text is CLDR's phrases in the languages of the made tasks, of the training set's names only.
"""

import math
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor, nn

from parp_espnet.corpora.phrases import phrase_book
from parp_espnet.files import write_json
from parp_espnet.glue.made import LANGUAGES
from parp_espnet.glue.settings import PRETRAINED, Pretraining
from parp_espnet.progress import bar

PAD, UNKNOWN, MASK, SEPARATOR, CLASS = "<pad>", "<unk>", "<mask>", "<sep>", "<cls>"
VOCABULARY = 3000
LENGTH = 32
BATCH = 32
PREDICTED = 1 / 6
PEAK = 1e-3
HELD_OUT = 200
"""Phrases of names that are not trained on, of which the loss is told."""


def phrases(split: str, seed: int) -> Iterator[str]:
    """Yield phrases without end, of one language after the other."""
    random = Random(f"xlnet {split} {seed}")
    while True:
        for language in LANGUAGES:
            yield phrase_book(language, split).phrase(random)


def pretrain(settings: Pretraining, out: Path) -> None:
    """Pre-train; leave a Hugging Face directory in `out`, with `PRETRAINED`, which has the seed,
    the losses and the seconds.
    """
    from transformers import XLNetConfig, XLNetLMHeadModel  # noqa: PLC0415  # they take seconds

    started = time.perf_counter()
    torch.manual_seed(settings.seed)
    text = list(islice(phrases("train", settings.seed), settings.phrases))
    tokenizer = make_tokenizer(text)
    config = XLNetConfig(
        vocab_size=len(tokenizer), d_model=128, n_layer=4, n_head=4, d_inner=384,
        summary_type="last",
        pad_token_id=tokenizer.pad_token_id, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model: Any = XLNetLMHeadModel(config)
    train = pack(tokenizer, text)
    held_out = pack(tokenizer, list(islice(phrases("dev", settings.seed), HELD_OUT)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK, weight_decay=0.01)
    before = mean_loss(model, held_out)
    with bar(settings.updates, "pretraining", "update") as shown:
        for update in range(settings.updates):
            for group in optimizer.param_groups:
                group["lr"] = PEAK * _share(update, settings.updates)
            model.train()
            loss = loss_of(model, train[torch.randint(len(train), (BATCH,))])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            shown.update(1)
    # Who is killed here leaves the weights of one and the tokens of another.
    (out / PRETRAINED).unlink(missing_ok=True)
    model.transformer.save_pretrained(out)
    tokenizer.save_pretrained(out)
    after = mean_loss(model, held_out)
    told = {
        "updates": settings.updates, "phrases": settings.phrases, "seed": settings.seed,
        "weights": sum(tensor.numel() for tensor in model.transformer.parameters()),
        "held_out_loss_before": before, "held_out_loss": after,
        "uniform_loss": math.log(len(tokenizer)),
        "seconds": round(time.perf_counter() - started, 1),
    }  # fmt: skip
    write_json(out / PRETRAINED, told)
    print(
        f"{out}: {told['weights']} weights; held-out loss {before:.3f} before, {after:.3f} after, "
        f"in nats a token, in {told['seconds']:.0f} s"
    )


def make_tokenizer(text: list[str]) -> Any:
    """Return a tokenizer of word pieces of the text, which puts the separator and the class token
    last, as XLNet's.
    """
    from tokenizers import BertWordPieceTokenizer  # noqa: PLC0415
    from tokenizers.processors import TemplateProcessing  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    special = [PAD, UNKNOWN, MASK, SEPARATOR, CLASS]
    pieces: Any = BertWordPieceTokenizer(
        unk_token=UNKNOWN,
        sep_token=SEPARATOR,
        cls_token=CLASS,
        pad_token=PAD,
        mask_token=MASK,
        strip_accents=False,
    )
    pieces.train_from_iterator(
        text, vocab_size=VOCABULARY, special_tokens=special, show_progress=False
    )
    numbers = [(word, pieces.token_to_id(word)) for word in (SEPARATOR, CLASS)]
    pieces._tokenizer.post_processor = TemplateProcessing(
        single=f"$A:0 {SEPARATOR}:0 {CLASS}:2", pair=f"$A:0 {SEPARATOR}:0 $B:1 {SEPARATOR}:1 "
                                                     f"{CLASS}:2",
        special_tokens=numbers,
    )  # fmt: skip
    wrapped: Any = PreTrainedTokenizerFast  # it is untyped
    return wrapped(
        tokenizer_object=pieces._tokenizer, pad_token=PAD, unk_token=UNKNOWN, mask_token=MASK,
        sep_token=SEPARATOR,
        cls_token=CLASS, padding_side="left", model_input_names=["input_ids", "token_type_ids",
        "attention_mask"],
    )  # fmt: skip


def pack(tokenizer: Any, text: list[str]) -> Tensor:
    """Return the text as sequences of one length, (sequences, LENGTH), with a separator after each
    phrase.
    """
    rows = tokenizer(text, add_special_tokens=False)["input_ids"]
    flat: list[int] = []
    for row in rows:
        flat += [*row, tokenizer.sep_token_id]
    return torch.tensor(flat[: len(flat) // LENGTH * LENGTH]).view(-1, LENGTH)


def permuted(tokens: Tensor) -> dict[str, Tensor]:
    """Draw an order for each sequence; return what XLNetLMHeadModel takes.

    Args:
        tokens: (sequences, length).

    Returns:
        input_ids: the tokens, none of them hidden.
        perm_mask: (sequences, length, length), 1 where position i may not see position j: j is
        predicted, and not
            before i in the order. What is not predicted comes first in the order, and is seen by
            all.
        target_mapping: (sequences, predicted, length), 1 at the position of each predicted token.
        labels: (sequences, predicted).
    """
    count, length = tokens.shape
    predicted = max(1, round(PREDICTED * length))
    order = torch.rand(count, length).argsort(dim=1)
    last = order[:, length - predicted :]
    place = torch.full((count, length), -1)
    place.scatter_(1, last, torch.arange(predicted).expand(count, predicted))
    hidden = (place[:, None, :] >= 0) & (place[:, :, None] <= place[:, None, :])
    return {
        "input_ids": tokens,
        "perm_mask": hidden.float(),
        "target_mapping": nn.functional.one_hot(last, length).float(),
        "labels": tokens.gather(1, last),
    }


def loss_of(model: nn.Module, tokens: Tensor) -> Tensor:
    """Return the mean loss of the predicted tokens, in nats."""
    loss: Tensor = model(**permuted(tokens)).loss
    return loss


@torch.no_grad()
def mean_loss(model: nn.Module, tokens: Tensor) -> float:
    """Return the mean loss of all sequences, each in one order; orders are the same each time."""
    model.eval()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return float(loss_of(model, tokens))


def _share(update: int, updates: int) -> float:
    """The share of the peak learning rate: up over a tenth of the updates, then down to 0 as a
    line.
    """
    warm = max(1, updates // 10)
    return min((update + 1) / warm, (updates - update) / max(1, updates - warm))
