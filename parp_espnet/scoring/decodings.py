"""An experiment's decodings side by side: greedy, by beam, with language models; each against the
greedy one.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parp_espnet.files import write_json
from parp_espnet.scoring.aligned import markdown
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.result import GREEDY_DECODING, RESULT, Result
from parp_espnet.scoring.utterances import compare, read_utterances

HEAD = (
    "decoding",
    "weights",
    "metric",
    "error rate",
    "95 % interval",
    "sub",
    "ins",
    "del",
    "against greedy",
    "p",
)
TUNED = "Weights that were tuned were so on the validation set, whose own rows flatter them. "
OTHER_REFERENCES = "; other references"
"""Follows the name of a score on a text that has been corrected since, or had not been yet."""
EXPLAINED = (
    "Against greedy, in points: a paired bootstrap over utterances, with its 95 % interval.\n"
)


@dataclass(frozen=True)
class Decoded:
    """One decoding of one data set, as it was scored."""

    decoding: str
    """Name of its directory in the experiment's."""
    result: Result
    against_greedy: Paired | None
    """None where it is greedy, or not on the same references, by the same metric, as the greedy
    one.
    """
    other_references: bool = False
    """Whether the greedy one was scored on another text: before or after that was corrected."""

    @property
    def weights(self) -> str:
        """The weights of the search, in words."""
        result = self.result
        weights = {"LM": result.lm_weight, "n-gram": result.ngram_weight, "penalty": result.penalty}
        told = []
        for name, weight in weights.items():
            if weight is not None:
                told.append(f"{name} {weight:g}")
        return ", ".join(told)


def compare_decodings(scores: Sequence[Path]) -> list[Decoded]:
    """Read the `score/` of an experiment's decodings, of one data set or several, and compare them
    set by set.

    They come in the order of their data sets, greedy first, then by how many weights they have.
    Raises `UserError` where a `result.json` or an `utterances.tsv` is damaged or missing.
    """
    results = {score: Result.read(score / RESULT) for score in scores}
    decoded = []
    for score in sorted(results, key=lambda score: _place(score, results[score])):
        result, greedy = results[score], results.get(_greedy_of(score))
        paired = _against_greedy(score, results)
        decoded.append(Decoded(score.parts[-3], result, paired, other_references(result, greedy)))
    return decoded


def _place(score: Path, result: Result) -> tuple[object, ...]:
    decoding, dataset = score.parts[-3:-1]
    weights = [result.lm_weight, result.ngram_weight, result.penalty]
    unused = weights.count(None)
    return (dataset, decoding != GREEDY_DECODING, -unused, decoding)


def other_references(first: Result, second: Result | None) -> bool:
    """Whether two scores of the same kind are known to be on different texts."""
    if second is None or (first.metric, first.merges) != (second.metric, second.merges):
        return False
    digests = first.reference_sha256, second.reference_sha256
    return None not in digests and digests[0] != digests[1]


def _greedy_of(score: Path) -> Path:
    return score.parents[2] / GREEDY_DECODING / score.parts[-2] / score.name


def _against_greedy(score: Path, results: dict[Path, Result]) -> Paired | None:
    greedy = _greedy_of(score)
    if score == greedy or greedy not in results:
        return None
    own, usual = results[score], results[greedy]
    if (own.metric, own.merges) != (usual.metric, usual.merges) or other_references(own, usual):
        return None
    counts = read_utterances(score / "utterances.tsv")
    greedy_counts = read_utterances(greedy / "utterances.tsv")
    if _lengths(counts) != _lengths(greedy_counts):
        return None
    return compare(counts, greedy_counts)


def _lengths(counts: Sequence[Counts]) -> set[tuple[str, int]]:
    """The utterances and the lengths of their references."""
    return {(scored.utterance, scored.reference) for scored in counts}


def as_table(decoded: Sequence[Decoded]) -> str:
    """Return a Markdown table that reads on a console, and how to read it; nothing where there is
    one decoding.
    """
    if len({way.decoding for way in decoded}) < 2:
        return ""
    table = [HEAD, *map(_row, decoded)]
    if not any(way.against_greedy for way in decoded):
        last = HEAD.index("against greedy")
        return markdown([row[:last] for row in table])
    told = f"{markdown(table)}\n"
    datasets = {way.result.dataset for way in decoded}
    if len(datasets) > 1 and any(way.weights for way in decoded):
        told += TUNED
    return told + EXPLAINED


def write_decodings(path: Path, decoded: Sequence[Decoded]) -> None:
    """Write them as JSON; `against_greedy` is null where there is nothing to compare."""
    names = (
        "dataset", "metric", "error_rate", "ci95", "sub", "del_", "ins", "reference_length", "lm",
        "ngram",
        "lm_weight", "ngram_weight", "penalty", "decode_seconds",
    )  # fmt: skip
    entries = []
    for way in decoded:
        entry: dict[str, Any] = {"decoding": way.decoding}
        for name in names:
            entry[name.rstrip("_")] = getattr(way.result, name)
        paired = way.against_greedy
        entry["against_greedy"] = None if paired is None else asdict(paired)
        entries.append(entry)
    write_json(path, entries)


def _row(way: Decoded) -> tuple[str, ...]:
    """The cells of a decoding."""
    result, paired = way.result, way.against_greedy
    low, high = result.ci95
    against = p = ""
    if paired is not None:
        least, most = paired.difference_interval
        against = f"{100 * paired.difference:+.2f} [{100 * least:+.2f}, {100 * most:+.2f}]"
        p = f"{paired.p:.4f}"
    name = f"{way.decoding}/{result.dataset}".removeprefix("decode_")
    if way.other_references:
        name += OTHER_REFERENCES
    counts = map(str, (result.sub, result.ins, result.del_))
    rate, interval = f"{result.error_rate:.4f}", f"[{low:.4f}, {high:.4f}]"
    return (name, way.weights, result.metric.upper(), rate, interval, *counts, against, p)
