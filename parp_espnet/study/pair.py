"""Two experiments side by side: like with like, and what else differs between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.files import regular
from parp_espnet.glue.score import PREDICTIONS
from parp_espnet.glue.score import compare as compare_predictions
from parp_espnet.scoring.bootstrap import Paired
from parp_espnet.scoring.per import total
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import compare, read_utterances
from parp_espnet.study.arms import arm_of
from parp_espnet.study.names import decoding_of

GREEDY = "greedy"
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
        one = self.result
        found = {
            "LM weight": one.lm_weight,
            "n-gram weight": one.ngram_weight,
            "penalty": one.penalty,
        }
        weights = [f"{name} {value:g}" for name, value in found.items() if value is not None]
        return ", ".join([decoding_of(one), *weights])


def find_scored(folder: Path) -> list[Scored]:
    """Return what of an experiment is scored, its own decoding first; of a decoding's `score/`,
    that.

    Raises `UserError` where nothing is, or a file is damaged.
    """
    scores = sorted(folder.glob(f"{TREE}*/*/score/result.json"))
    own = folder / "result.json"
    if not own.is_file() and not scores:
        raise UserError(
            f"{folder}: expected an experiment, or a decoding's score/, with its result.json; "
            f"found none: score it "
            "(phn.sh's stages 13 and 14, glue.sh's stage 5)"
        )
    found = [
        Scored(_decoding(score.parts[-4]), score.parent, Result.read(score)) for score in scores
    ]
    if not own.is_file():
        return found
    result = Result.read(own)
    if folder.parts[-1:] == ("score",) and folder.resolve().parts[-3].startswith(TREE):
        return [Scored(_decoding(folder.resolve().parts[-3]), folder, result)]
    alike = [one for one in found if one.result == result]
    if alike:
        return [*alike, *(one for one in found if one not in alike)]
    # Its records were unpacked, or the directories of its decodings are gone: the words say which
    # it was.
    return [Scored(decoding_of(result), folder, result), *found]


def _decoding(name: str) -> str:
    return name.removeprefix(TREE)


def alike(one: Path, other: Path, decoding: str | None = None) -> tuple[Scored, Scored]:
    """Return the two scores to compare: of the same decoding, set, metric and references.

    Without `decoding` it is that of both results where they were decoded alike, else greedy
    decoding.

    Raises `UserError` that says what there is, where the two have nothing in common.
    """
    first, second = find_scored(one), find_scored(other)
    pairs = [(a, b) for a in first for b in second if _same(a, b)]
    if decoding is not None:
        wanted = _decoding(decoding)
        pairs = [pair for pair in pairs if wanted in (pair[0].decoding, pair[1].decoding)]
    if not pairs:
        asked = "" if decoding is None else f" --decoding {decoding}"
        raise UserError(
            f"{one} and {other}: expected a decoding{asked} of the same set by the same metric in "
            f"both, found "
            f"{_told(first)} in the one and {_told(second)} in the other; decode both alike, or "
            f"choose by --decoding"
        )
    pair = min(pairs, key=lambda pair: _rank(pair, first[0], second[0]))
    _check_references(*pair)
    return pair


def _same(one: Scored, other: Scored) -> bool:
    a, b = one.result, other.result
    named = one.decoding == other.decoding or one.words == other.words
    scored = (a.dataset, a.metric, a.merges, a.language if a.scores else None)
    return named and scored == (b.dataset, b.metric, b.merges, b.language if b.scores else None)


def _rank(pair: tuple[Scored, Scored], first: Scored, second: Scored) -> tuple[bool, bool, bool]:
    """The experiments' own results come first, then greedy ones, then those of the set of their
    results.
    """
    own = pair[0] == first and pair[1] == second
    return not own, pair[0].decoding != GREEDY, pair[0].result.dataset != first.result.dataset


def _told(scored: Sequence[Scored]) -> str:
    names = []
    for one in scored:
        merged = f", {len(one.result.merges)} phones merged" if one.result.merges else ""
        names.append(
            f"{one.decoding or 'predictions'} of {one.result.dataset} ({one.result.metric}{merged})"
        )
    return "; ".join(names)


def _check_references(one: Scored, other: Scored) -> None:
    """Raise `UserError` where the references are known to differ; `compare` finds utterances that
    one lacks.
    """
    digests = (one.result.reference_sha256, other.result.reference_sha256)
    if None not in digests:
        differ = digests[0] != digests[1]
    else:
        files = [scored.folder / TRN for scored in (one, other)]
        differ = all(file.is_file() for file in files) and _lines(files[0]) != _lines(files[1])
    if differ:
        raise UserError(
            f"{one.folder} and {other.folder}: expected the same references, found others of the "
            f"same name, "
            f"{one.result.dataset}: it has changed between the two; score both again on the same "
            f"set"
        )


def _lines(file: Path) -> list[str]:
    return sorted(regular(file).read_text(encoding="utf-8").splitlines())


def error_rate_of(one: Scored) -> float:
    """Return its error rate, of speech that of the utterances that are compared.

    Raises `UserError` where these are not those that its result counted.
    """
    if one.result.scores is not None:
        return one.result.error_rate
    rate = total(read_utterances(one.errors)).error_rate
    if abs(rate - one.result.error_rate) > SAME_RATE:
        raise UserError(
            f"{one.errors}: its errors are {rate:.2%}, and those of result.json beside it "
            f"{one.result.error_rate:.2%}; score again (phn.sh's stages 13 and 14)"
        )
    return rate


def compare_scored(one: Scored, other: Scored, seed: int) -> Paired:
    """Compare the two by a paired bootstrap. Raises `UserError` as `utterances.compare` does."""
    if one.result.scores is not None:
        return compare_predictions(one.errors, other.errors, one.result.metric)
    return compare(read_utterances(one.errors), read_utterances(other.errors), seed)


def differences(one: Scored, other: Scored) -> list[str]:
    """Return what differs between how the two were made, a line each: `lr: default, 0.001`."""
    told = [_settings(scored) for scored in (one, other)]
    names = list(dict.fromkeys([*told[0], *told[1]]))
    lines = []
    for name in names:
        values = [found.get(name) for found in told]
        if values[0] != values[1]:
            absent = "unknown" if name.startswith(VERSION) else "default"
            lines.append(
                f"{name}: {' | '.join(absent if value is None else value for value in values)}"
            )
    return lines


def unknown_options(scored: Sequence[Scored]) -> list[Path]:
    """Return whose options are not known: results of before they were held."""
    return [one.folder for one in scored if one.result.options is None]


FIELDS = (
    "language", "train_minutes", "train_examples", "upstream", "freeze_updates", "updates", "seed",
    "recipe", "device",
    "git",
)  # fmt: skip
"""Fields of a result that say how it was made."""


def _settings(scored: Scored) -> dict[str, str]:
    result = scored.result
    measured = "not measured" if result.sparsity_measured is None else f"{result.sparsity_target:g}"
    found = {"method": arm_of(result).name, "sparsity": measured}
    found["interval"] = "none" if result.interval is None else str(result.interval)
    for name in FIELDS:
        found[name] = str(getattr(result, name))
    weights = {"n-gram": result.ngram, "LM": result.lm, "decoded": scored.words}
    found |= {name: "none" if value is None else value for name, value in weights.items()}
    for name, value in (result.options or {}).items():
        if name not in OWN_FIELDS:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    found |= {f"{VERSION}{name}": one for name, one in result.versions.items()}
    found["training data"] = str(result.train_sha256)[:8]
    first = (result.mask_origin or {}).get("sha256")
    return found | ({} if first is None else {"first mask": str(first)[:8]})


OWN_FIELDS = frozenset({
    "method", "sparsity", "interval", "seed", "updates", "freeze_updates", "upstream",
    "train_minutes", "lang", "task",
    "train_examples", "use_ngram", "use_lm", "beam_size", "ngram_weight", "lm_weight", "penalty",
    "model",
})  # fmt: skip
"""Options that a result has fields for."""
