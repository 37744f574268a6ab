"""Two experiments side by side: like with like, and what else differs between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import regular
from parp_espnet.glue.score import PREDICTIONS
from parp_espnet.glue.score import compare as compare_predictions
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.scoring.per import total
from parp_espnet.scoring.result import GREEDY, RESULT, Result
from parp_espnet.scoring.utterances import compare, read_utterances
from parp_espnet.study.arms import arm_of
from parp_espnet.study.names import decoding_of

TREE = "decode_"
"""Begins the name of a decoding's directory."""
TRN = "ref.trn"
SAME_RATE = 1e-6
VERSION = "version of "


@dataclass(frozen=True)
class Scored:
    """One decoding of one set, as it was scored."""

    decoding: str
    """The name of its directory without `TREE`; nothing of text tasks."""
    folder: Path
    """Has its `result.json`, and the errors of each utterance."""
    result: Result

    @property
    def errors(self) -> Path:
        """The errors of each utterance, or what was predicted of each example."""
        return self.folder / ("utterances.tsv" if self.result.scores is None else PREDICTIONS)

    @property
    def words(self) -> str:
        """How it was decoded, in words."""
        result = self.result
        used = {
            "LM weight": result.lm_weight,
            "n-gram weight": result.ngram_weight,
            "penalty": result.penalty,
        }
        words = [decoding_of(result)]
        for name, value in used.items():
            if value is not None:
                words.append(f"{name} {value:g}")
        return ", ".join(words)


def find_scored(folder: Path) -> list[Scored]:
    """Return what of an experiment is scored, its own decoding first; of a decoding's `score/`,
    that.

    Raises `UserError` where nothing is, or a file is damaged.
    """
    scores = sorted(folder.glob(f"{TREE}*/*/score/{RESULT}"))
    own = folder / RESULT
    if not own.is_file() and not scores:
        raise UserError(
            f"{folder}: expected an experiment, or a decoding's score/, with its result.json; "
            f"found none: score it "
            "(phn.sh's stages 13 and 14, glue.sh's stage 5)"
        )
    decodings = []
    for score in scores:
        decodings.append(Scored(_decoding(score.parts[-4]), score.parent, Result.read(score)))
    if not own.is_file():
        return decodings
    result = Result.read(own)
    if folder.parts[-1:] == ("score",) and folder.resolve().parts[-3].startswith(TREE):
        return [Scored(_decoding(folder.resolve().parts[-3]), folder, result)]
    if any(decoding.result == result for decoding in decodings):
        return sorted(decodings, key=lambda decoding: decoding.result != result)
    # Its records were unpacked, or the directories of its decodings are gone: the words say which
    # it was.
    return [Scored(decoding_of(result), folder, result), *decodings]


def _decoding(name: str) -> str:
    return name.removeprefix(TREE)


def alike(left: Path, right: Path, decoding: str | None = None) -> tuple[Scored, Scored]:
    """Return the two scores to compare: of the same decoding, set, metric and references.

    Without `decoding` it is that of both results where they were decoded alike, else greedy
    decoding.

    Raises `UserError` that says what there is, where the two have nothing in common.
    """
    first, second = find_scored(left), find_scored(right)
    pairs = [pair for pair in product(first, second) if _same(*pair)]
    asked = ""
    if decoding is not None:
        asked, wanted = f" --decoding {decoding}", _decoding(decoding)
        pairs = [pair for pair in pairs if wanted in (pair[0].decoding, pair[1].decoding)]
    if not pairs:
        raise UserError(
            f"{left} and {right}: expected a decoding{asked} of the same set by the same metric in "
            f"both, found "
            f"{_told(first)} in the one and {_told(second)} in the other; decode both alike, or "
            f"choose by --decoding"
        )
    pair = min(pairs, key=lambda pair: _rank(pair, first[0], second[0]))
    _check_references(*pair)
    return pair


def _same(left: Scored, right: Scored) -> bool:
    named = left.decoding == right.decoding or left.words == right.words
    return named and _what_is_scored(left.result) == _what_is_scored(right.result)


def _what_is_scored(result: Result) -> tuple[object, ...]:
    """The set and the metric; of text tasks, which task."""
    task = result.language if result.scores else None
    return result.dataset, result.metric, result.merges, task


def _rank(pair: tuple[Scored, Scored], first: Scored, second: Scored) -> tuple[bool, bool, bool]:
    """The experiments' own results come first, then greedy ones, then those of the set of their
    results.
    """
    own = pair[0] == first and pair[1] == second
    return not own, pair[0].decoding != GREEDY, pair[0].result.dataset != first.result.dataset


def _told(scored: Sequence[Scored]) -> str:
    names = []
    for score in scored:
        metric = score.result.metric
        if score.result.merges:
            metric += f", {len(score.result.merges)} phones merged"
        names.append(f"{score.decoding or 'predictions'} of {score.result.dataset} ({metric})")
    return "; ".join(names)


def _check_references(left: Scored, right: Scored) -> None:
    """Raise `UserError` where the references are known to differ; `compare` finds utterances that
    one lacks.
    """
    digests = (left.result.reference_sha256, right.result.reference_sha256)
    if None not in digests:
        differ = digests[0] != digests[1]
    else:
        own, other = left.folder / TRN, right.folder / TRN
        differ = own.is_file() and other.is_file() and _lines(own) != _lines(other)
    if differ:
        raise UserError(
            f"{left.folder} and {right.folder}: expected the same references, found others of the "
            f"same name, "
            f"{left.result.dataset}: it has changed between the two; score both again on the same "
            f"set"
        )


def _lines(file: Path) -> list[str]:
    return sorted(regular(file).read_text(encoding="utf-8").splitlines())


def error_rate_of(score: Scored) -> float:
    """Return its error rate, of speech that of the utterances that are compared.

    Raises `UserError` where these are not those that its result counted.
    """
    if score.result.scores is not None:
        return score.result.error_rate
    rate = total(read_utterances(score.errors)).error_rate
    if abs(rate - score.result.error_rate) > SAME_RATE:
        raise UserError(
            f"{score.errors}: its errors are {rate:.2%}, and those of result.json beside it "
            f"{score.result.error_rate:.2%}; score again (phn.sh's stages 13 and 14)"
        )
    return rate


def compare_scored(left: Scored, right: Scored, seed: int) -> Paired:
    """Compare the two by a paired bootstrap. Raises `UserError` as `utterances.compare` does."""
    if left.result.scores is not None:
        return compare_predictions(left.errors, right.errors, left.result.metric, seed)
    return compare(read_utterances(left.errors), read_utterances(right.errors), seed)


def differences(left: Scored, right: Scored) -> list[str]:
    """Return what differs between how the two were made, a line each: `lr: default, 0.001`."""
    settings, others = _settings(left), _settings(right)
    lines = []
    for name in settings | others:
        absent = "unknown" if name.startswith(VERSION) else "default"
        if settings.get(name) != others.get(name):
            lines.append(f"{name}: {settings.get(name, absent)} | {others.get(name, absent)}")
    return lines


def unknown_options(scored: Sequence[Scored]) -> list[Path]:
    """Return whose options are not known: results of before they were held."""
    return [score.folder for score in scored if score.result.options is None]


FIELDS = (
    "language", "train_minutes", "train_examples", "upstream", "freeze_updates", "updates", "seed",
    "recipe", "device",
    "git",
)  # fmt: skip
"""Fields of a result that say how it was made."""


def _settings(scored: Scored) -> dict[str, str]:
    result = scored.result
    settings = {"method": arm_of(result).name, "sparsity": "not measured", "interval": "none"}
    if result.sparsity_measured is not None:
        settings["sparsity"] = f"{result.sparsity_target:g}"
    if result.interval is not None:
        settings["interval"] = str(result.interval)
    for name in FIELDS:
        settings[name] = str(getattr(result, name))
    settings["n-gram"] = _or_none(result.ngram)
    settings["LM"] = _or_none(result.lm)
    settings["decoded"] = scored.words
    for name, value in (result.options or {}).items():
        if name not in OWN_FIELDS:
            settings[name] = str(value).lower() if isinstance(value, bool) else str(value)
    for name, version in result.versions.items():
        settings[f"{VERSION}{name}"] = version
    settings["training data"] = str(result.train_sha256)[:8]
    first = (result.mask_origin or {}).get("sha256")
    if first is not None:
        settings["first mask"] = str(first)[:8]
    return settings


def _or_none(value: str | None) -> str:
    return "none" if value is None else value


OWN_FIELDS = frozenset({
    "method", "sparsity", "interval", "seed", "updates", "freeze_updates", "upstream",
    "train_minutes", "lang", "task",
    "train_examples", "use_ngram", "use_lm", "beam_size", "ngram_weight", "lm_weight", "penalty",
    "model",
})  # fmt: skip
"""Options that a result has fields for."""
