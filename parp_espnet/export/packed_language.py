"""The language pack of an experiment whose upstream is as it was but for a mask (`router`) or
adapters (`lora`), the head and the norms; see `pack`.
"""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from parp_espnet.errors import UserError
from parp_espnet.export.adapters import Adapter, find_adapters
from parp_espnet.export.card import Facts, write_card
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.formats import Options
from parp_espnet.export.names import HEAD
from parp_espnet.export.pack import Array, Pack, load_pack, pack_bits
from parp_espnet.export.switching import PackRecogniser
from parp_espnet.export.test_set import Compared, compare, find_test_set
from parp_espnet.export.trained import Trained
from parp_espnet.files import bytes_of
from parp_espnet.names import plain_name
from parp_espnet.pruning.masks import Mask
from parp_espnet.pruning.methods import METHODS, row_of
from parp_espnet.pruning.settings import PruneSettings
from parp_espnet.upstreams.untouched import UNHEARD, Upstream, load_upstream

LARGEST_NGRAM = 256 << 10
"""Bytes of an n-gram, compressed, that go into a pack: some ten minutes' of phones."""
LEAVING = [name for name, row in METHODS.items() if row.weights.stay and not row.from_finetuned]
"""Methods that leave the upstream as it was."""


@dataclass(frozen=True)
class Packed:
    """A pack, the upstream that it is of, and searches that it has no room for, in words."""

    pack: Pack
    upstream: Upstream
    left_out: tuple[str, ...]


def write(trained: Trained, folder: Path, options: Options) -> list[str]:
    """Write a pack and its card, read it again, and compare what it hears with stage 12.

    Raises `UserError` where the experiment's upstream is not as it was.
    """
    made = pack_of(trained, options.dtype)
    path = folder / f"{_language(trained)}.pack"
    made.pack.save(path)
    pack = load_pack(path)
    best = pack.decodings[0] if pack.decodings else None
    compared = _compare(trained, pack, made.upstream, options)
    facts = Facts("pack", compared=compared, search=best)
    write_card(trained, folder, facts, options)
    size = path.stat().st_size
    dense = sum(tensor.nbytes for tensor in made.upstream.weights.values())
    return [
        f"{path.name}: {size} bytes, {size / dense:.3f} of the upstream {pack.upstream_name} in "
        f"fp32, sha256 {pack.upstream_sha256[:12]}",
        *_adapters_told(pack, options),
        facts.told_of_tokens,
        f"decodes by default: {facts.decoding}",
        *made.left_out,
    ]


def _adapters_told(pack: Pack, options: Options) -> list[str]:
    """What adapters take, beside a mask."""
    if not pack.adapters:
        if options.dtype != Options.dtype:
            return [f"--dtype {options.dtype} is for adapters, of which it has none: all is fp32"]
        return []
    ranks = sorted({adapter.rank for adapter in pack.adapters.values()})
    taken = sum(adapter.nbytes for adapter in pack.adapters.values())
    weights = sum(math.prod(adapter.shape) for adapter in pack.adapters.values())
    return [
        f"adapters of rank {' to '.join(map(str, dict.fromkeys((ranks[0], ranks[-1]))))}: {taken} "
        f"bytes before compression; a mask of their {weights} weights has {math.ceil(weights / 8)}"
    ]


def pack_of(trained: Trained, dtype: str = "fp32") -> Packed:
    """Return what a pack of an experiment holds.

    Args:
        dtype: how adapters are stored.

    Raises `UserError` where its method is another, its mask is gone or another model's, or its
    weights are not those of the upstream that it names.
    """
    method = str(trained.training.get("method"))
    row = row_of(method)
    if method not in LEAVING:
        why = ", which begins with finetuned weights" if row.from_finetuned else ""
        raise UserError(
            f"{trained.folder}: expected an experiment of --method {' or '.join(LEAVING)}, which "
            f"leaves the upstream as it was, found {method}{why}; export it as a bundle"
        )
    if trained.mask is None:
        raise UserError(f"{trained.folder}: expected mask.safetensors, found none; train it again")
    upstream = load_upstream(_folder_of(trained))
    mask = Mask.load(trained.mask)
    if trained.training.get("mask_sha256") not in (None, mask.sha256):
        raise UserError(
            f"{trained.mask}: expected the mask that training ended with, found another; train it "
            f"again"
        )
    weights = trained.weights()
    dense = {trained.family.prefix + name: one for name, one in upstream.weights.items()}
    kept = _kept(trained, mask, weights)
    masks: dict[str, Array] = {}
    adapters: dict[str, Adapter] = {}
    if row.adapts:
        pool = {name: weights[name] for name in kept}
        adapters = find_adapters(pool, dense, dtype, str(trained.folder))
    else:
        _check_unmoved(trained, weights, dense, kept)
        masks = pack_bits(kept)
    beside = {}
    for name, tensor in weights.items():
        known = name in dense and torch.equal(tensor, dense[name])
        if name not in kept and not known and name != trained.family.prefix + UNHEARD:
            beside[name] = tensor
    decodings, ngrams, left_out = _searches(trained.decodings, trained.folder)
    pack = Pack(
        place=trained.folder,
        family=trained.family,
        tokens=trained.tokens,
        upstream=trained.upstream,
        normalise=trained.do_normalize,
        upstream_name=_name_of(trained),
        upstream_sha256=upstream.sha256,
        masks=masks,
        beside=beside,
        decodings=decodings,
        ngrams=ngrams,
        told=_told(trained, mask),
        adapters=adapters,
    )
    pack.check_fits(upstream)
    return Packed(pack, upstream, left_out)


def _folder_of(trained: Trained) -> Path:
    """The upstream's directory, as training saw it."""
    inner = trained.config["frontend_conf"]["frontend_conf"]
    place = Path(str(inner["path_or_url"]))
    return place if place.is_dir() else place.parent


def _kept(trained: Trained, mask: Mask, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The mask by Hugging Face's names. Raises `UserError` where it does not fit."""
    settings = PruneSettings.parse(trained.config.get("prune_conf"))
    names = settings.pool_names(weights)
    mask.check_fits({name: weights[own] for name, own in names.items()}, str(trained.mask))
    return {own: mask.kept[name] for name, own in names.items()}


def _check_unmoved(
    trained: Trained,
    weights: Mapping[str, Tensor],
    dense: Mapping[str, Tensor],
    kept: Mapping[str, Tensor],
) -> None:
    """Raise `UserError` unless each weight that is kept is the upstream's, and all others are 0."""
    moved = []
    for name, flags in kept.items():
        if name in HEAD or name not in dense or not torch.equal(weights[name], dense[name] * flags):
            moved.append(name)
    if moved:
        raise UserError(
            f"{trained.folder}: expected the weights of the upstream {_name_of(trained)} under a "
            f"mask, found others in {len(moved)} of {len(kept)} tensors, such as {moved[0]}: was "
            f"the upstream changed since, or is the model an average of several?"
        )


def _searches(
    tuned: tuple[Tuned, ...], folder: Path
) -> tuple[tuple[Tuned, ...], dict[str, bytes], tuple[str, ...]]:
    """Searches that a pack has room for, their n-grams by name, and what is left out, in words."""
    kept, ngrams, left_out = [], {}, []
    for search in tuned:
        if search.lm is not None and search.weights.lm_weight:
            left_out.append(
                f"left out: {search.name}: ESPnet's language model is no part of a pack"
            )
            continue
        if search.ngram is None or not search.weights.ngram_weight:
            kept.append(replace(search, lm=None, ngram=None))
            continue
        search.check(f"remove {folder / search.name}, which the pack then lacks")
        content = bytes_of(search.ngram)
        size = len(zlib.compress(content, 9))
        if size > LARGEST_NGRAM:
            left_out.append(
                f"left out: {search.name}: its n-gram has {size} bytes, compressed, more than "
                f"{LARGEST_NGRAM}; give it as --ngram {search.ngram}"
            )
            continue
        name = f"{plain_name(search.name)}{search.ngram.suffix}"
        ngrams[name] = content
        kept.append(replace(search, lm=None, ngram=Path(name)))
    return tuple(kept), ngrams, tuple(left_out)


def _told(trained: Trained, mask: Mask) -> dict[str, Any]:
    """How it was made, where that is known."""
    told: dict[str, Any] = {
        "name": trained.name,
        "method": trained.training.get("method"),
        "sparsity": trained.sparsity,
        "mask_sha256": mask.sha256,
        "ranking": mask.ranking.metadata(),
    }
    result = trained.result
    if result is not None:
        told |= {"recipe": result.recipe, "language": result.language, "seed": result.seed}
        told |= {"updates": result.updates, "train_minutes": result.train_minutes}
        told |= {"dataset": result.dataset, "metric": result.metric}
        told |= {"error_rate": result.error_rate, "ci95": list(result.ci95)}
    return told


def _name_of(trained: Trained) -> str:
    """What the upstream is called: as the user gave it, but no place of the training's machine."""
    given = trained.result.upstream if trained.result is not None else str(_folder_of(trained))
    return Path(given).name if given.startswith(("/", ".")) else given


def _language(trained: Trained) -> str:
    """What the file is called."""
    language = None if trained.result is None else trained.result.language
    return plain_name((language or "language").replace(" ", "_"))


def _compare(trained: Trained, pack: Pack, upstream: Upstream, options: Options) -> Compared | None:
    """Recognise the test set greedily with what was written."""
    tests = find_test_set(trained, options.data)
    if tests is None:
        return None
    recogniser = PackRecogniser(upstream, pack)
    return compare(
        tests, lambda samples: tuple(phone.name for phone in recogniser.recognise([samples])[0])
    )
