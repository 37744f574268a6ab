"""Pretrain a small upstream: `python3 -m parp_espnet.bin.pretrain {speech,train,export,random} CONFIG --exp DIR`."""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.upstreams.pretrain.config import read_config
from parp_espnet.upstreams.pretrain.speech import make_speech


@command
def main() -> None:
    """Run one stage of `egs2/cldr/ssl1/run.sh`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["speech", "train", "export", "random"])
    parser.add_argument("config", type=Path, help="e.g. conf/multi.yaml")
    parser.add_argument("--exp", type=Path, required=True, help="where the stages leave their work")
    parser.add_argument("--out", type=Path, help="directory of the exported upstream (export, random)")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (random)")
    parser.add_argument("--jobs", type=int, default=2, help="processes that synthesise")
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    if arguments.stage == "speech":
        for split in ("train", "dev"):
            make_speech(config, arguments.exp / "speech", split, arguments.jobs)
        return
    # torch takes seconds to import, and the synthesising processes must not inherit it.
    from parp_espnet.upstreams.pretrain import export, train  # noqa: PLC0415

    last = arguments.exp / f"iter{len(config.iterations)}" / "checkpoint.pt"
    if arguments.stage == "train":
        train.pretrain(config, arguments.exp)
    elif arguments.out is None:
        parser.error(f"{arguments.stage} needs --out DIR")
    elif arguments.stage == "export":
        export.export(config, last, arguments.out)
    else:
        export.export_random(config, arguments.seed, arguments.out)


if __name__ == "__main__":
    main()
