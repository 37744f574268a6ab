"""Write the training configuration of one experiment.

python3 -m parp_espnet.bin.make_config --settings FILE --frontend FILE --out FILE
"""

import argparse
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.config import make
from parp_espnet.pipeline.kept import keep_trained, load_speech


@command
def main() -> None:
    """Write what `parp_espnet.bin.train --config` reads."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "--settings", type=Path, required=True, help="experiment.json of the experiment"
    )
    parser.add_argument(
        "--frontend", type=Path, required=True, help="frontend.json of the preflight"
    )
    parser.add_argument(
        "--initial_mask", default="", help="mask file to begin with; none when empty"
    )
    parser.add_argument("--out", type=Path, required=True, help="YAML to write")
    options = parser.parse_args()
    mask = Path(options.initial_mask) if options.initial_mask else None
    settings = load_speech(options.settings)
    make(settings, options.frontend, mask, options.out)
    # Masks and results say with which options the model was trained, whatever a later call decodes
    # it with.
    keep_trained(settings, options.out.parent)


if __name__ == "__main__":
    main()
