"""Examples as tensors, and in which order they are trained on."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from parp_espnet.glue.examples import Example

Batch = dict[str, Tensor]


def collate(tokenizer: Any, examples: Sequence[Example], pairs: bool, longest: int) -> Batch:
    """Return what a model takes: token numbers, (examples, tokens), padded, and `labels`,
    (examples,) as floats.
    """
    first, second, labels = [], [], []
    for example in examples:
        first.append(example.sentence1)
        second.append(example.sentence2)
        labels.append(example.label)
    made = tokenizer(
        first,
        second if pairs else None,
        truncation=True,
        max_length=longest,
        padding=True,
        return_tensors="pt",
    )
    return {**made, "labels": torch.tensor(labels)}


def orders(count: int, size: int, seed: int) -> Iterator[list[int]]:
    """Yield the examples of each update, without end: all in an order drawn afresh each time they
    are through.

    The last examples of a pass that fill no batch go into the next one.
    """
    generator = torch.Generator().manual_seed(seed)
    left: list[int] = []
    while True:
        while len(left) < size:
            left += torch.randperm(count, generator=generator).tolist()
        yield left[:size]
        left = left[size:]
