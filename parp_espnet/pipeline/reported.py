"""Stage 14: a scoring becomes the result of its experiment."""

import shutil
from pathlib import Path

from parp_espnet.pipeline.score import BY_LANGUAGE
from parp_espnet.scoring.decodings import as_table, compare_decodings, write_decodings
from parp_espnet.scoring.report import one_line, write_report
from parp_espnet.scoring.result import RESULT, Result
from parp_espnet.scoring.utterances import read_utterances, write_utterances


def report(expdir: Path, score: Path, out: Path) -> str:
    """Write `out`, and `utterances.tsv`, `decodings.json` and `by_language/` beside it; return the
    result in words.

    The table of all experiments is `RESULTS.md` in `expdir`.

    Args:
        expdir: directory of all experiments of the recipe.
        score: a decoding's `score/`.
        out: `result.json` of the experiment.

    Raises:
        UserError: what scoring leaves is missing or damaged.
    """
    by_language = out.parent / BY_LANGUAGE
    shutil.rmtree(by_language, ignore_errors=True)
    for part in sorted((score / BY_LANGUAGE).glob("*")):
        _keep(part, by_language / part.name / out.name)
    result = _keep(score, out)
    write_report(expdir, expdir / "RESULTS.md")
    scored = sorted(out.parent.glob(f"decode_*/*/{score.name}"))
    decodings = compare_decodings(scored)
    write_decodings(out.with_name("decodings.json"), decodings)
    where = f"result in {out}, table in {expdir / 'RESULTS.md'}"
    return f"{as_table(decodings)}{one_line(result)}\n{where}"


def _keep(score: Path, out: Path) -> Result:
    """Copy a result to `out`, and the errors of its utterances beside it."""
    result = Result.read(score / RESULT)
    write_utterances(out.with_name("utterances.tsv"), read_utterances(score / "utterances.tsv"))
    result.write(out)
    return result
