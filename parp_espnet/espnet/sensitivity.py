"""How much each layer's weights matter, measured: rates for a scope (`--scope rates.yaml`).

The loss on held-out speech is measured with one layer pruned and all others whole. Layers whose
loss grows most are to be pruned least. How rates follow from that is OWL's: they differ by at most
`spread` from the sparsity (Yin et al. 2024, section 3.3, where outliers of activations take the
place of what is measured here).
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from parp_espnet.data.lines import read_lines
from parp_espnet.errors import UserError, printable
from parp_espnet.espnet.decode import read_samples, read_wav_scp, samples_in
from parp_espnet.espnet.recogniser import Recogniser
from parp_espnet.espnet.states import load_model_state
from parp_espnet.progress import bar
from parp_espnet.pruning.families import in_layer
from parp_espnet.pruning.pruner import nonzero_count
from parp_espnet.pruning.selection import prune_
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.recognition.listening import Samples, make_batches
from parp_espnet.upstreams.labels import UNKNOWN

MOST_ZEROS = 0.01
"""The share of a dense model's weights that may be zero, such as biases that never moved."""


@dataclass(frozen=True)
class Said:
    """An utterance and what is said in it."""

    samples: Samples
    tokens: list[int]


def read_said(data: Path, tokens: Sequence[str]) -> dict[str, Said]:
    """Read the utterances of a Kaldi data directory (`wav.scp` of 16 kHz mono files, `text` of
    tokens). What a model has no token for is its `<unk>`.

    Raises `UserError` where a file is missing or damaged, an utterance has no text, or texts are
    not of the model's tokens.
    """
    texts = read_lines(data / "text", "no such file; expected a Kaldi data directory")
    numbers = {token: number for number, token in enumerate(tokens)}
    said = {}
    known = count = 0
    for utterance, path in read_wav_scp(data).items():
        words = texts[utterance].value.split() if utterance in texts else []
        if not words:
            raise UserError(
                f"{data}/text: expected what is said in {printable(utterance)}, found nothing; "
                "run the recipe's stage 2 again"
            )
        known += sum(word in numbers for word in words)
        count += len(words)
        spelled = [numbers.get(word, numbers.get(UNKNOWN, 0)) for word in words]
        samples_in(utterance, path)
        said[utterance] = Said(read_samples(utterance, path), spelled)
    if 2 * known < count:
        raise UserError(
            f"{data}/text: expected texts in the tokens of the model, such as "
            f"{printable(' '.join(tokens[2:5]))}, found {count - known} of {count} words that are "
            "none of them"
        )
    return said


def check_dense(model: Path, prune_conf: Any) -> None:
    """Raise `UserError` where weights of a model file are gone already: what is measured would be
    how the loss grows without others.

    Args:
        prune_conf: how it was pruned, as its training's configuration has it.
    """
    pool = PruneSettings.parse(prune_conf).find_pool(load_model_state(model))
    zeros = 1 - nonzero_count(pool) / sum(tensor.numel() for tensor in pool.values())
    if zeros > MOST_ZEROS:
        raise UserError(
            f"{model}: expected a dense model, found one of whose weights {zeros:.1%} are zero; "
            "give an experiment of --method dense"
        )


def loss_of(recogniser: Recogniser, said: Mapping[str, Said]) -> float:
    """Return the CTC loss in nats per token, over all utterances that are long enough for
    their tokens.
    """
    lengths = {utterance: len(one.samples) for utterance, one in said.items()}
    total, count = 0.0, 0
    for batch in make_batches(lengths, recogniser.limit(None)):
        heard = recogniser.listen([said[utterance].samples for utterance in batch])
        for utterance, one in zip(batch, heard, strict=True):
            tokens = said[utterance].tokens
            loss = functional.ctc_loss(
                torch.from_numpy(one.logprobs)[:, None],
                torch.tensor([tokens]),
                torch.tensor([len(one.logprobs)]),
                torch.tensor([len(tokens)]),
                reduction="sum",
            )
            if loss.isfinite():
                total += float(loss)
                count += len(tokens)
    if not count:
        raise UserError("rates: expected utterances that are longer than their texts, found none")
    return total / count


def groups_of(names: list[str]) -> dict[str, list[str]]:
    """Return the tensors of each layer by what names them in a file of rates; a tensor that is in
    no layer is a group of its own.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        place = in_layer(name)
        key = name if place is None else f"{place.stack}.{place.number}.*"
        groups.setdefault(key, []).append(name)
    for key, members in groups.items():
        if fnmatch.filter(names, key) != members:
            raise UserError(f"rates: {printable(key)} names more than a layer of this model")
    return groups


@torch.no_grad()
def losses_of(
    recogniser: Recogniser, said: Mapping[str, Said], sparsity: float
) -> tuple[float, dict[str, float]]:
    """Return the loss of a model as it is, and with each of its layers pruned alone: the smallest
    `sparsity` of the layer's weights are zero. The model is afterwards as it was.
    """
    pool = recogniser.pool()
    groups = groups_of(list(pool))
    losses = {}
    with bar(len(groups) + 1, "rates", unit="layer") as shown:
        whole = loss_of(recogniser, said)
        shown.update(1)
        for key, members in groups.items():
            part = {name: pool[name] for name in members}
            before = {name: tensor.clone() for name, tensor in part.items()}
            prune_(part, sparsity)
            losses[key] = loss_of(recogniser, said)
            for name, tensor in part.items():
                tensor.copy_(before[name])
            shown.update(1)
    return whole, losses


def rates_from(losses: Mapping[str, float], sparsity: float, spread: float) -> dict[str, float]:
    """Return a rate for each layer: `sparsity` + `spread` for that whose loss is lowest,
    `sparsity` − `spread` for that whose is highest, in proportion between them.
    """
    lowest, highest = min(losses.values()), max(losses.values())
    rates = {}
    for key, loss in losses.items():
        share = (loss - lowest) / (highest - lowest) if highest > lowest else 0.5
        rates[key] = round(sparsity + spread * (1 - 2 * share), 4)
    return rates


def written(rates: Mapping[str, float], losses: Mapping[str, float], whole: float) -> str:
    """Return a file of rates, each with the loss that it is of."""
    lines = [f"# CTC loss in nats a token, of the whole model {whole:.4f}; with a layer pruned:\n"]
    for key, rate in rates.items():
        lines.append(f'"{key}": {rate:g}  # {losses[key]:.4f}\n')
    return "".join(lines)
