"""Check an upstream and make the copy that training uses.

python3 -m parp_espnet.bin.preflight --upstream DIR --out DIR
"""

import argparse
from pathlib import Path

import yaml

from parp_espnet.errors import UserError, command


@command
def main() -> None:
    """Print one line that says what the upstream is and what was adapted; leave `frontend.json` in
    `--out`.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--upstream",
        required=True,
        help="directory, experiment, checkpoint file, or name on the Hugging Face hub",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="where the adapted copy and frontend.json go"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of config.json"
    )
    parser.add_argument(
        "--random_seed", type=int, help="take the architecture, and draw the weights with this seed"
    )
    parser.add_argument("--pattern", help="regular expression of the names of a pool of your own")
    parser.add_argument(
        "--biases", action=argparse.BooleanOptionalAction, default=True, help="prune biases as well"
    )
    arguments = parser.parse_args()
    settings = dict(_setting(text) for text in arguments.set)
    # Imported here: transformers takes seconds.
    from parp_espnet.export.start import as_upstream  # noqa: PLC0415
    from parp_espnet.upstreams.frontend import FRONTEND  # noqa: PLC0415
    from parp_espnet.upstreams.preflight import preflight  # noqa: PLC0415

    checked = preflight(
        as_upstream(arguments.upstream, arguments.out),
        arguments.out,
        settings,
        arguments.random_seed,
        arguments.pattern,
        arguments.biases,
    )
    adapted = (
        ", ".join(f"{key} {old} → {new}" for key, (old, new) in sorted(checked.changed.items()))
        or "nothing"
    )
    runs_in = checked.frontend.get("upstream", f"ESPnet's {FRONTEND}")
    print(
        f"{arguments.upstream}: {runs_in}, {checked.parameters / 1e6:.1f} M "
        f"parameters; "
        f"adapted: {adapted}{'' if arguments.random_seed is None else '; weights drawn at random'}"
        f"{'' if checked.labels is None else f'; a head of {checked.labels} labels'}"
    )


def _setting(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--set {text}: expected KEY=VALUE, such as mask_time_prob=0.1")
    return key, yaml.safe_load(value)


if __name__ == "__main__":
    main()
