"""Train with pruning: `espnet2.bin.asr_train` and all its options, and a `prune_conf` in the
configuration.

    python3 -m parp_espnet.bin.train --config exp/parp/train.yaml --output_dir exp/parp …

In the YAML:

    prune_conf: {method: parp, sparsity: 0.5, interval: 5, freeze_updates: 0, initial_mask: null}
"""

from parp_espnet.errors import command
from parp_espnet.espnet.task import PruningASRTask


@command
def main() -> None:
    """Train, or continue where an interrupted training stopped."""
    PruningASRTask.main()


if __name__ == "__main__":
    main()
