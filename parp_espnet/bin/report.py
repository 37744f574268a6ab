"""Make a scoring the result of its experiment, write the recipe's RESULTS.md, and show the result.

python3 -m parp_espnet.bin.report --expdir exp --score exp/TAG/decode_greedy/test/score --out FILE
"""

import argparse
import shutil
from pathlib import Path

from parp_espnet.errors import command
from parp_espnet.pipeline.score import BY_LANGUAGE
from parp_espnet.scoring.decodings import as_table, compare_decodings, write_decodings
from parp_espnet.scoring.report import one_line, write_report
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import read_utterances, write_utterances


@command
def main() -> None:
    """Write `--out`, `utterances.tsv`, `decodings.json` and `by_language/` beside it; print the
    result.

    The table of all experiments is `RESULTS.md` in `--expdir`.
    """
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "--expdir", type=Path, required=True, help="directory of all experiments of the recipe"
    )
    parser.add_argument("--score", type=Path, required=True, help="a decoding's score/")
    parser.add_argument("--out", type=Path, required=True, help="result.json of the experiment")
    options = parser.parse_args()
    shutil.rmtree(options.out.parent / BY_LANGUAGE, ignore_errors=True)
    for part in sorted((options.score / BY_LANGUAGE).glob("*")):
        _keep(part, options.out.parent / BY_LANGUAGE / part.name / options.out.name)
    result = _keep(options.score, options.out)
    write_report(options.expdir, options.expdir / "RESULTS.md")
    decoded = compare_decodings(sorted(options.out.parent.glob(f"decode_*/*/{options.score.name}")))
    write_decodings(options.out.with_name("decodings.json"), decoded)
    print(as_table(decoded), end="")
    print(one_line(result))
    print(f"result in {options.out}, table in {options.expdir / 'RESULTS.md'}")


def _keep(score: Path, out: Path) -> Result:
    """Copy a result to `out`, and the errors of its utterances beside it."""
    result = Result.read(score / "result.json")
    write_utterances(out.with_name("utterances.tsv"), read_utterances(score / "utterances.tsv"))
    result.write(out)
    return result


if __name__ == "__main__":
    main()
