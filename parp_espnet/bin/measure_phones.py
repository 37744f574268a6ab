"""Measure how near the times of an experiment's phones are to the true ones, and how far its
confidences are to be believed.

python3 -m parp_espnet.bin.measure_phones exp/TAG --data dump/raw/test --out measured

The true times are those of the synthesiser, and known of `cldr` alone; begins are compared with
those of ESPnet's own aligner on the same model.
"""

import argparse
from typing import Any

from parp_espnet.arguments import Parser, path
from parp_espnet.errors import command
from parp_espnet.files import write_json
from parp_espnet.recognition.command_line import quiet_imports


@command
def main() -> None:
    """Leave `phones.json`, `reliability.png` and `borders.png`; print what they say."""
    options = _parser().parse_args()
    with quiet_imports():
        from parp_espnet.aligning import measured  # noqa: PLC0415
        from parp_espnet.corpora.times import are_spoken  # noqa: PLC0415
        from parp_espnet.decoding.label_prior import read_label_prior  # noqa: PLC0415
        from parp_espnet.espnet.forced import stock_begins  # noqa: PLC0415
        from parp_espnet.export.asked import Asked  # noqa: PLC0415
        from parp_espnet.export.opened import open_model  # noqa: PLC0415
        from parp_espnet.export.search import choose  # noqa: PLC0415
        from parp_espnet.recognition.calibration import draw_reliability  # noqa: PLC0415
        from parp_espnet.recognition.hearing import Hearing  # noqa: PLC0415

    known = measured.read_known(options.data)
    listener, tuned = open_model(options.experiment)
    asked = Asked(options.greedy, None, None, None, None, None)
    search, said = choose(asked, tuned, listener.tokens)
    calibrations = measured.measure_confidence(Hearing(listener), known, search)
    found: dict[str, Any] = {"decoding": said, "confidence": {}, "borders": {}}
    options.out.mkdir(parents=True, exist_ok=True)
    for name, calibration in calibrations.items():
        found["confidence"][name] = calibration.summary()
        print(f"{name}: ECE {calibration.error:.4f}, {len(calibration.are_right)} phones")
    draw_reliability(calibrations, options.out / "reliability.png")
    if are_spoken(source.name.name for source in known.sources):
        stock = stock_begins(options.experiment)
        prior = read_label_prior(options.experiment, listener.tokens)
        errors = measured.measure_borders(Hearing(listener), known, stock, prior)
        for name, one in errors.items():
            summary = one.summary()
            found["borders"][name] = summary
            print(
                f"{name}: begins are off by {summary['median_ms']:.1f} ms in the median, "
                f"90 % by at most {summary['percentile_90_ms']:.1f} ms"
            )
        measured.draw_borders(errors, options.out / "borders.png")
    write_json(options.out / "phones.json", found)


def _parser() -> Parser:
    parser = Parser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("experiment", type=path, metavar="EXP", help="a complete experiment")
    parser.add_argument("--data", type=path, required=True, help="Kaldi directory of a test set")
    parser.add_argument("--out", type=path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--greedy", action="store_true", help="no search, whatever was tuned")
    return parser


if __name__ == "__main__":
    main()
