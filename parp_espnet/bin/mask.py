"""Make, describe and compare masks.

mask="python3 -m parp_espnet.bin.mask"
$mask from-upstream --upstream DIR --sparsity 0.5 --out mask.safetensors
$mask from-model --model exp/dense/valid.loss.ave.pth --sparsity 0.5 --out mask.safetensors
$mask info mask.safetensors
$mask diff one.safetensors other.safetensors
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from parp_espnet.errors import UserError, command
from parp_espnet.espnet.checkpoints import load_model_state
from parp_espnet.pruning.masks import Mask, iou, random_iou
from parp_espnet.pruning.methods import Source
from parp_espnet.pruning.pool import find_pool
from parp_espnet.pruning.selection import select
from parp_espnet.pruning.settings import check_sparsity


@command
def main() -> None:
    """Run one of the sub-commands."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    actions = parser.add_subparsers(dest="action", required=True)

    upstream = actions.add_parser("from-upstream", help="the largest of the pre-trained weights (MPI, PARP)")
    upstream.add_argument(
        "--upstream", required=True, help="a Hugging Face directory, or the hub name of a downloaded one"
    )
    model = actions.add_parser("from-model", help="the largest of finetuned weights (OMP, transfer)")
    model.add_argument("--model", type=Path, required=True, help="an ESPnet model file, e.g. valid.loss.ave.pth")
    for maker in (upstream, model):
        maker.add_argument("--sparsity", type=float, required=True, help="fraction to prune, in [0, 1)")
        maker.add_argument("--out", type=Path, required=True)

    info = actions.add_parser("info", help="what a mask is and where it prunes")
    info.add_argument("mask", type=Path)
    diff = actions.add_parser("diff", help="overlap of two masks")
    diff.add_argument("masks", type=Path, nargs=2)

    args = parser.parse_args()
    if args.action == "from-upstream":
        _make(_upstream_weights(args.upstream), Source.PRETRAINED.value, args.sparsity, args.out)
    elif args.action == "from-model":
        _make(
            load_model_state(args.model),
            f"magnitudes of the finetuned weights {args.model}",
            args.sparsity,
            args.out,
        )
    elif args.action == "info":
        _info(args.mask)
    else:
        _diff(*args.masks)


def _make(weights: Mapping[str, Tensor], origin: str, sparsity: float, out: Path) -> None:
    check_sparsity(sparsity)
    mask = Mask(select(find_pool(weights), sparsity), origin=origin, sparsity_target=sparsity)
    mask.save(out)
    print(f"{out}: {mask.sparsity:.6f} of {mask.total} weights pruned, {mask.origin}")


def _upstream_weights(upstream: str) -> Mapping[str, Tensor]:
    # Slow to import, and needed by this sub-command only.
    from transformers import AutoModel  # noqa: PLC0415

    try:
        states: Mapping[str, Tensor] = AutoModel.from_pretrained(upstream, local_files_only=True).state_dict()
    except (OSError, ValueError) as error:
        raise UserError(
            f"--upstream {upstream}: expected a Hugging Face model, found none ({_first_line(error)})"
        ) from None
    return states


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _info(path: Path) -> None:
    mask = Mask.load(path)
    print(f"origin       {mask.origin}")
    print(f"sparsity     {mask.sparsity:.6f} measured, {mask.sparsity_target:g} asked for, {mask.scope} ranking")
    print(f"weights      {mask.total} in {len(mask.kept)} tensors")
    print(f"step         {mask.step if mask.step is not None else '-'}")
    print(f"sha256       {mask.sha256}")
    print(f"parent       {mask.parent or '-'}")
    print(f"fingerprint  {mask.fingerprint}")
    for name, kept in mask.kept.items():
        print(f"{1 - int(kept.sum()) / kept.numel():.4f}  {name} {'×'.join(map(str, kept.shape))}")


def _diff(one: Path, other: Path) -> None:
    first, second = Mask.load(one), Mask.load(other)
    first.check_fits(second.kept, where=f"{one} and {other}")
    print(f"IOU over kept weights  {iou(first.kept, second.kept):.4f}")
    if first.sparsity == second.sparsity:
        print(f"of random masks        {random_iou(first.sparsity):.4f}")
    else:
        print(f"of random masks        - (sparsities differ: {first.sparsity:.4f}, {second.sparsity:.4f})")


if __name__ == "__main__":
    main()
