"""Say what a training left: `python3 -m parp_espnet.bin.show_training --exp exp/TAG`."""

import argparse
from pathlib import Path

from parp_espnet.errors import UserError, command
from parp_espnet.files import read_json


@command
def main() -> None:
    """Print the final model's sparsity, mask and seconds, from `training.json`."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--exp", type=Path, required=True, help="experiment that was trained")
    exp: Path = parser.parse_args().exp
    found = read_json(exp / "training.json")
    model = exp / found["model"]
    if not model.exists():
        raise UserError(f"{model}: no such model, though training.json names it; train again")
    print(
        f"{model}: pool sparsity {found['sparsity_measured']:.6f}, asked "
        f"{found['sparsity_target']:g}; "
        f"mask {found['mask_sha256'][:12]}, IOU with the first mask "
        f"{found['iou_initial_final']:.4f}; "
        f"{found['updates']} updates in {found['train_seconds']:.0f} s"
    )


if __name__ == "__main__":
    main()
