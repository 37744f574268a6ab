"""RESULTS.md of a study."""

import re
from collections.abc import Iterable, Mapping, Sequence

from parp_espnet.pruning.masks import random_iou
from parp_espnet.scoring.aligned import unaligned
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import corpus_of, is_joint
from parp_espnet.study.claims import Claim
from parp_espnet.study.exported import exported
from parp_espnet.study.judges.verdict import Verdict
from parp_espnet.study.names import amounts, decodings, is_text, made_by, rate_of
from parp_espnet.study.table import means, table

FIGURE = re.compile(r"^!\[.*\]\(([^/()]+)\.png\)$", re.MULTILINE)
"""A figure as `report` shows it, and the name of its file without `.png`."""


def report(
    name: str,
    results: Sequence[Result],
    claims: Sequence[Claim],
    figures: Mapping[str, str],
    warning: str = "",
) -> str:
    """Return RESULTS.md: what was run, the table, means over languages, the claims, and how to read
    it.

    Args:
        figures: the caption of each figure, by the name of its file without `.png`.
        warning: what is missing, in a sentence.
    """
    first, rate = results[0], rate_of(results)
    shown = ""
    for file, caption in figures.items():
        shown += f"![{caption}]({file}.png)\n\n"
    here = "task" if is_text(results) else "language"
    ratio = f"the ratio to the first dense model's {rate.short} of the same {here}"
    upstreams, updates, seeds = [], [], []
    for result in results:
        upstreams.append(f"`{result.upstream}`")
        updates.append(str(result.updates))
        seeds.append(str(result.seed))
    return f"""# RESULTS of the study `{name}`

{rate.long.capitalize()}, on `{first.dataset}` after finetuning {_all(upstreams)} for
{_all(updates)} updates on {amounts(results)},
seed {_all(seeds)}. {nature(results)}{_decoded(results)}{_warned(warning)}

{table(results)}{means(results)}{exported(results)}{_judged(claims)}
{_defined(results)}
"against dense" is {ratio}{_alike(results)}. IOU
compares the kept weights of the first and the final mask{_random_masks(results)}.

{shown}{made_by(results)}. Command: `./run.sh --profile {name}`.
"""


def _defined(results: Sequence[Result]) -> str:
    """Say what the error rate is."""
    if is_text(results):
        scores = [f"{result.language} by {result.metric}" for result in results]
        return f"1 − score: {_all(scores)}; intervals are a bootstrap over examples."
    rate, unit = rate_of(results).short, rate_of(results).long.split(" ", maxsplit=1)[0]
    counted = f"{rate} is (substitutions + insertions + deletions) / reference {unit}s"
    return f"{counted}; intervals are a bootstrap over utterances."


def nature(results: Sequence[Result]) -> str:
    """Say whether the speech is a synthesiser's, or the text made."""
    if is_text(results):
        made = {(result.language or "").startswith("cldr_") for result in results}
        if True not in made:
            return "GLUE."
        rest = "nothing here is" if made == {True} else "nothing on them is"
        return f"The tasks `cldr_` are made of CLDR's names; {rest} evidence about GLUE."
    synthetic = {corpus_of(result) == "cldr" for result in results}
    if synthetic == {False}:
        return "The recordings are of people."
    rest = "nothing here is" if synthetic == {True} else "nothing on it is"
    return f"`cldr` is synthetic speech; {rest} evidence about human speech."


def decoded(results: Sequence[Result]) -> str:
    """Say how speech was decoded, unless all was greedily, which goes without saying."""
    ways = decodings(results)
    if ways in ([], ["greedy"]):
        return ""
    told = f"Decoding: {'; '.join(ways)}"
    if len(ways) > 1:
        told += (
            "; only what was decoded alike is compared, and figures of several methods do not "
            "tell it apart"
        )
    return f"{told}."


def _decoded(results: Sequence[Result]) -> str:
    told = decoded(results)
    return f" {told}" if told else ""


def _warned(warning: str) -> str:
    return f"\n\nWarning: {warning}." if warning else ""


def _alike(results: Sequence[Result]) -> str:
    told = ""
    if len(decodings(results)) > 1:
        told += ", decoded alike"
    if any(map(is_joint, results)):
        told += "; a joint run is beside the dense joint run"
    return told


def _judged(claims: Sequence[Claim]) -> str:
    """The claims that were tested, as a Markdown table; nothing where none was."""
    tested = [claim for claim in claims if claim.verdict is not Verdict.UNTESTED]
    if not tested:
        return ""
    head = "claim" if any(claim.is_own for claim in tested) else "claim of the paper"
    rows = [(head, "", "verdict", "because")]
    for claim in tested:
        rows.append((claim.name, claim.says, str(claim.verdict), claim.because))
    return f"\n{unaligned(rows)}"


def _random_masks(results: Sequence[Result]) -> str:
    """Say what IOU two random masks have; without it, a measured one says little."""
    told = []
    for sparsity in sorted({result.sparsity_target for result in results}):
        if sparsity > 0:
            told.append(f"{random_iou(sparsity):.3f} at sparsity {sparsity:g}")
    if not told:
        return ""
    return f"; of two random masks it is {', '.join(told)}"


def _all(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
