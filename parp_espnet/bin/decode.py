"""Decode a data set greedily: one process, batches of like length.

python3 -m parp_espnet.bin.decode --model exp/TAG/valid.cer_ctc.ave.pth --data DIR --out
exp/TAG/greedy
"""

import argparse
from pathlib import Path

from parp_espnet.errors import UserError, command


@command
def main() -> None:
    """Write `<out>/text`, `<out>/ctm` and `<out>/decode.json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--model", type=Path, required=True, help="an ESPnet model file beside its config.yaml"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="a Kaldi data directory (16 kHz mono)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="receives text, ctm and decode.json"
    )
    parser.add_argument(
        "--batch_seconds", type=float, help="audio in a batch, padding too [10 on a CPU, 120 else]"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--logprobs", action="store_true", help="leave logprobs.safetensors for a search as well"
    )
    args = parser.parse_args()
    if args.batch_seconds is not None and args.batch_seconds <= 0:
        raise UserError(f"--batch_seconds: expected seconds above 0, found {args.batch_seconds:g}")
    # Imported here: ESPnet takes seconds.
    from parp_espnet.espnet.decode import decode  # noqa: PLC0415

    print(decode(args.model, args.data, args.out, args.batch_seconds, args.device, args.logprobs))


if __name__ == "__main__":
    main()
