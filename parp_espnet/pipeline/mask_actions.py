"""What `parp-mask` does, by the name of the sub-command; its options are in
`parp_espnet.bin.mask`.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from parp_espnet.errors import UserError, describe, printable
from parp_espnet.files import write_text
from parp_espnet.pipeline.kept import load
from parp_espnet.pipeline.made import origin_of
from parp_espnet.pipeline.shipped import model_called
from parp_espnet.places import need_place
from parp_espnet.pruning.anatomy import by_kind, by_layer, groups, iou_by, sparsity_by
from parp_espnet.pruning.combine import combine, random_mask
from parp_espnet.pruning.masks import Mask, iou, most_iou, random_iou
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.origin import Origin
from parp_espnet.pruning.patterns import Units
from parp_espnet.pruning.pool import find_pool, fold, pool_names, shapes_of
from parp_espnet.pruning.ranking import Ranking
from parp_espnet.pruning.scopes import ENDINGS, is_file
from parp_espnet.pruning.selection import select
from parp_espnet.pruning.units import described
from parp_espnet.upstreams.weights import check_depth, copy_changed, load_weights

REFINED = {(Source.RANDOM, Source.PRETRAINED), (Source.ITERATED, Source.FINETUNED)}
"""What an experiment calls the source of a mask, and what the command does that makes it.

Weights drawn at random stand in a pre-trained model's place, and IMP's last round is a finetuned
model.
"""


def _from_upstream(args: argparse.Namespace) -> None:
    told = Source.PRETRAINED.value.replace("magnitudes", args.ranking.told)
    _make(_upstream_weights(args.upstream), Source.PRETRAINED, told, args)


def _from_model(args: argparse.Namespace) -> None:
    told = f"{args.ranking.told} of the finetuned weights {args.model}"
    _make(load_weights(args.model), Source.FINETUNED, told, args, _trained_in(args.model))


def _trained_in(model: Path) -> Origin:
    """Whose a finetuned model is: its directory says it, or that above it where the model has a
    folder of its own.
    """
    return Origin.of_experiment(model.parent).over(Origin.of_experiment(model.parent.parent))


def _make(
    weights: Mapping[str, Tensor],
    source: Source,
    origin: str,
    args: argparse.Namespace,
    run: Origin | None = None,
) -> None:
    model = args.upstream if source is Source.PRETRAINED else args.model
    if args.pattern is None:
        check_depth(Path(model), weights)
    ranking = counting_heads(args.ranking, model)
    pool = find_pool(weights, args.pattern, args.biases, ranking.prunes_channels)
    kept = select(pool, args.sparsity, ranking)
    made = replace(_made(source, args.settings).over(run or Origin()), ranking=ranking.score)
    told = {"sparsity_target": args.sparsity, "ranking": ranking}
    _save(Mask(kept, origin=origin, made=made, **told), args.out)


def counting_heads(ranking: Ranking, model: str | Path) -> Ranking:
    """Return a ranking that knows how many heads a model has, where it has to."""
    if not ranking.counts_heads:
        return ranking
    from parp_espnet.espnet.heads import count_heads  # noqa: PLC0415  # for this alone

    path = model_called(str(model))
    if path.exists():
        return replace(ranking, heads=count_heads(path))
    from transformers import AutoConfig  # noqa: PLC0415  # as below

    config = AutoConfig.from_pretrained(str(model), local_files_only=True)
    return replace(ranking, heads=getattr(config, "num_attention_heads", None))


def _made(source: Source, settings: Path | None) -> Origin:
    """Whose a mask is: that of the experiment, which may know more of its source."""
    if settings is None:
        return Origin(source=source.name.lower())
    experiment = load(settings)
    told = Source[experiment.mask_source.upper()]
    # A finetuned model's mask may be made for an experiment that begins otherwise, or for none.
    same = told is source or (told, source) in REFINED
    return replace(origin_of(experiment), source=(told if same else source).name.lower())


def _random(args: argparse.Namespace) -> None:
    ranking = counting_heads(args.ranking, args.model)
    weights = load_weights(args.model)
    pool = find_pool(weights, args.pattern, args.biases, ranking.prunes_channels)
    mask = random_mask(shapes_of(pool), args.sparsity, args.seed, ranking)
    known = _made(Source.UNIFORM, args.settings) if args.settings is not None else Origin()
    _save(replace(mask, made=replace(mask.made.over(known), ranking=None)), args.out)


def _combine(args: argparse.Namespace) -> None:
    masks = [Mask.load(path) for path in args.masks]
    _save(combine(masks, args.how, [str(path) for path in args.masks]), args.out)


def _rates(args: argparse.Namespace) -> None:
    # ESPnet takes seconds to import, and the other actions need nothing of it.
    from parp_espnet.espnet import sensitivity  # noqa: PLC0415
    from parp_espnet.espnet.found import find_model, read_config  # noqa: PLC0415
    from parp_espnet.espnet.recogniser import Recogniser  # noqa: PLC0415

    if not 0 < args.spread <= args.sparsity < 1 - args.spread:
        raise UserError(
            f"--spread {args.spread:g}: expected more than 0, and rates of {args.sparsity:g} ± it "
            "in [0, 1)"
        )
    # Before minutes of measuring.
    if not is_file(args.out):
        raise UserError(
            f"--out {args.out}: expected a name by which --scope knows a file of rates, "
            f"*{', *'.join(ENDINGS)}"
        )
    need_place(args.out)
    model = find_model(args.model)
    config = read_config(model.parent / "config.yaml")
    sensitivity.check_dense(model, getattr(config, "prune_conf", None))
    said = sensitivity.read_said(args.data, config.token_list)
    whole, losses = sensitivity.losses_of(Recogniser(model), said, args.sparsity)
    rates = sensitivity.rates_from(losses, args.sparsity, args.spread)
    write_text(args.out, sensitivity.written(rates, losses, whole))
    lowest, highest = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    print(
        printable(
            f"{args.out}: {len(rates)} rates, from {rates[lowest]:g} ({lowest}) to "
            f"{rates[highest]:g} ({highest}); the loss on {args.data} is {whole:.4f} nats a token"
        )
    )


def _save(mask: Mask, out: Path) -> None:
    mask.save(out)
    print(printable(f"{out}: {mask.sparsity:.6f} of {mask.total} weights pruned, {mask.origin}"))


def _upstream_weights(upstream: str) -> Mapping[str, Tensor]:
    if (path := model_called(upstream)).exists():
        return load_weights(path)
    # Slow to import, and needed for a name of the hub only.
    from transformers import AutoModel  # noqa: PLC0415

    try:
        states: Mapping[str, Tensor] = AutoModel.from_pretrained(
            upstream, local_files_only=True
        ).state_dict()
    except (OSError, ValueError) as error:
        raise UserError(
            f"--upstream {upstream}: expected a Hugging Face model, found none ({describe(error)})"
        ) from None
    return states


def _pool(args: argparse.Namespace) -> None:
    weights = load_weights(args.model)
    if args.pattern is None:
        check_depth(args.model, weights)
    names = pool_names(weights, args.pattern, args.biases)
    pool = find_pool(weights, args.pattern, args.biases)
    size, total = _size(pool.values()), _size(weights.values())
    print(
        f"{args.model}: {size} of {total} weights ({size / total:.1%}) in {len(pool)} tensors "
        f"would be pruned"
    )
    for kind, part in groups(pool, by_kind).items():
        shape = "×".join(map(str, next(iter(part.values())).shape))
        print(
            f"  prune  {kind:40} {len(part):3} tensors such as {shape}, {_size(part.values())} "
            f"weights"
        )
    left = sorted(set(weights) - set(names.values()))
    print(f"  leave  {fold(left, limit=1000)}" if left else "  leave  nothing")


def _size(tensors: object) -> int:
    return sum(tensor.numel() for tensor in tensors)  # type: ignore[attr-defined]


def _info(args: argparse.Namespace) -> None:
    mask = Mask.load(args.mask)
    print(f"origin       {printable(mask.origin)}")
    for name, value in mask.made.as_dict().items():
        if value is not None:
            print(f"{name:12} {printable(value)}")
    ranking = f"{printable(mask.scope)} ranking"
    print(
        f"sparsity     {mask.sparsity:.6f} measured, {mask.sparsity_target:g} asked for, {ranking}"
    )
    if isinstance(mask.ranking.form, Units):
        print(f"units        {' and '.join(described(mask.ranking.form, mask.kept))} pruned")
    print(f"weights      {mask.total} in {len(mask.kept)} tensors")
    print(f"step         {mask.step if mask.step is not None else '-'}")
    if mask.step is not None and mask.parent is None:
        print("note         it names no mask from which that many updates led to it")
    print(f"sha256       {mask.sha256}")
    print(f"parent       {printable(mask.parent or '-')}")
    print(f"fingerprint  {mask.fingerprint}")
    print("pruned, by layer and by kind:")
    for group in (by_layer, by_kind):
        sparsities = sparsity_by(mask.kept, group)
        for name in groups(mask.kept, group):
            share = f"{sparsities[name]:.4f}" if name in sparsities else "no weights"
            print(f"{share}  {printable(name)}")


def _diff(args: argparse.Namespace) -> None:
    first, second = (Mask.load(path) for path in args.masks)
    first.check_fits(second.kept, where=" and ".join(map(str, args.masks)))
    print(f"IOU over kept weights  {iou(first.kept, second.kept):.4f}")
    print(f"of random masks        {random_iou(first.sparsity, second.sparsity):.4f}")
    if first.sparsity != second.sparsity:
        print(f"sparsities differ      {first.sparsity:.4f} and {second.sparsity:.4f}")
        print(f"highest possible       {most_iou(first.sparsity, second.sparsity):.4f}")
    own, others = sparsity_by(first.kept, by_layer), sparsity_by(second.kept, by_layer)
    print("by layer, with what random masks of the same sparsities would have:")
    for name, overlap in iou_by(first.kept, second.kept, by_layer).items():
        print(f"{overlap:.4f}  {random_iou(own[name], others[name]):.4f}  {printable(name)}")


def _apply(args: argparse.Namespace) -> None:
    mask, names, _ = _fitting(args.mask, args.model)
    pruned = {name: mask.kept[canonical] for canonical, name in names.items()}
    copy_changed(
        args.model,
        args.out,
        # Not by a product, which makes NaN of an infinity and −0 of what is below 0.
        lambda name, tensor: tensor.masked_fill(~pruned[name], 0) if name in pruned else tensor,
    )
    print(f"{args.out}: {args.model} with {mask.sparsity:.6f} of {mask.total} weights zero")


def _verify(args: argparse.Namespace) -> None:
    mask, names, weights = _fitting(args.mask, args.model)
    revived: dict[str, int] = {}
    for canonical, name in names.items():
        count = int(torch.count_nonzero(weights[name][~mask.kept[canonical]]))
        if count:
            revived[name] = count
    if revived:
        worst = max(revived, key=lambda name: revived[name])
        print(
            f"{args.model}: not sparse: {sum(revived.values())} pruned weights in {len(revived)} "
            f"tensors are not zero, "
            f"most in {worst} ({revived[worst]})"
        )
        sys.exit(1)
    print(
        f"{args.model}: exactly sparse, {mask.sparsity:.6f} of {mask.total} weights are zero as "
        f"{args.mask} has it"
    )


def _fitting(path: Path, model: Path) -> tuple[Mask, dict[str, str], Mapping[str, Tensor]]:
    """Return a mask, the model's name of each of its tensors, and the model's weights.

    Raises `UserError` where they do not fit.
    """
    mask, weights = Mask.load(path), load_weights(model)
    names = _names_under(mask, list(weights))
    mask.check_fits(
        {canonical: weights[name] for canonical, name in names.items()}, where=f"{path} and {model}"
    )
    return mask, names, weights


def _names_under(mask: Mask, names: Sequence[str]) -> dict[str, str]:
    """Return the model's name of each tensor of a mask, which may be of a pool of one's own or
    without biases.
    """
    own = "|".join(re.escape(name) for name in mask.kept)
    for pattern, biases in ((own, True), (None, True), (None, False)):
        try:
            pool = pool_names(names, pattern, biases)
        except UserError:
            continue
        if pool.keys() == mask.kept.keys():
            return pool
    return pool_names(names, biases=any(name.endswith("bias") for name in mask.kept))


ACTIONS = {
    "from-upstream": _from_upstream,
    "from-model": _from_model,
    "random": _random,
    "combine": _combine,
    "rates": _rates,
    "pool": _pool,
    "info": _info,
    "diff": _diff,
    "apply": _apply,
    "verify": _verify,
}
