"""Stages 11 and 12: tune a search's weights on the validation set, and search the test set with
them.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from parp_espnet.data.kaldi import read_data_dir
from parp_espnet.decoding.binary import read_ngram
from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.decoding.tune import (
    Given,
    Tried,
    as_matrix,
    as_table,
    at_the_end,
    best_of,
    further,
    grid,
    in_order,
)
from parp_espnet.decoding.whole_set import Models, Transcripts, Weights, search_all
from parp_espnet.decoding.word_list import OPTION, read_lexicon
from parp_espnet.errors import UserError
from parp_espnet.files import read_json, write_json, write_text
from parp_espnet.json_numbers import number
from parp_espnet.pipeline.decoding import WORDS
from parp_espnet.pipeline.sureness import calibrate
from parp_espnet.progress import bar, say
from parp_espnet.scoring import per
from parp_espnet.scoring.merge import merge, read_merges
from parp_espnet.scoring.words import Metric, is_spelled, units

TUNED = "weights.json"


@dataclass(frozen=True)
class ModelFiles:
    """Where the language models of a search are, and its words."""

    lm: Path | None = None
    """ESPnet's, beside its config.yaml."""
    ngram: Path | None = None
    """ARPA, or KenLM's binary."""
    lexicon: Path | None = None
    """Words with their phones, or words of letters."""

    def load(self, tokens: Sequence[str], device: str = "cpu") -> Models:
        """Load what there is. Raises `UserError`."""
        lm = None
        if self.lm is not None:
            from parp_espnet.espnet.neural import NeuralModel  # noqa: PLC0415  # seconds of imports, for this alone

            lm = NeuralModel(self.lm, tokens, device)
        ngram = None if self.ngram is None else read_ngram(self.ngram, tokens)
        lexicon = None
        if self.lexicon is not None:
            lexicon, left_out = read_lexicon(self.lexicon, tokens)
            if left_out:
                say(f"{OPTION} {self.lexicon}: left out {left_out}")
        return Models(lm, ngram, lexicon)


def tune(
    logprobs_file: Path,
    data: Path,
    out: Path,
    files: ModelFiles,
    beam: int,
    given: Given,
    metric: Metric = Metric.PER,
    merges: Path | None = None,
    device: str = "cpu",
) -> str:
    """Try every choice of the grid, and more where the best one is at its end; write
    `out/tune.tsv`, and the best one as `out/weights.json` with how far it is to be believed;
    return a table.

    Args:
        logprobs_file: of the validation set.
        data: the validation set's data directory.
        given: what is not to be tuned.
        metric: what errors are counted in, with `merges` as in scoring.

    Raises:
        UserError: a file is missing or damaged, or is of other utterances.
    """
    logprobs = LogProbs.read(logprobs_file)
    models = files.load(logprobs.tokens, device)
    table = {} if merges is None else read_merges(merges)
    said = {utterance.id: utterance.phones for utterance in read_data_dir(data)}
    if different := sorted(said.keys() ^ logprobs.utterances.keys()):
        raise UserError(
            f"{logprobs_file}: utterance {different[0]} is there or in {data} only; delete it"
        )

    spelled = is_spelled(merge(table, said))

    def attempt(choices: Sequence[Weights]) -> list[Tried]:
        errors: dict[Weights, list[per.Counts]] = {choice: [] for choice in choices}
        with bar(len(said), f"tune on {data.name}, {len(choices)} choices", unit="utt") as shown:
            for batch in search_all(logprobs, beam, models, choices):
                for choice, heard in batch.items():
                    own = {name: said[name] for name in heard}
                    sides = units(metric, merge(table, own), merge(table, heard), spelled)
                    errors[choice] += per.count_errors(*sides)
                shown.update(len(next(iter(batch.values()))))
        return [Tried(choice, per.total(counts)) for choice, counts in errors.items()]

    tried = attempt(grid(given, models.lm is not None, models.ngram is not None))
    while choices := further(tried):
        tried = in_order([*tried, *attempt(choices)])
    best = best_of(tried)
    for name in at_the_end(tried):
        value = getattr(best.weights, name)
        say(f"{data.name}: {name} {value:g} is the largest that is tried; --{name} takes others")
    heard: Transcripts = {}
    for batch in search_all(logprobs, beam, models, [best.weights]):
        heard |= batch[best.weights]
    chosen: dict[str, object] = {**asdict(best.weights), "tuned_on": data.name}
    chosen["error_rate"] = best.total.error_rate
    # Of several searches, those that were judged alike can be compared.
    chosen |= {"metric": str(metric), "merges": table}
    chosen["calibration"] = asdict(calibrate(logprobs, heard, said, table))
    write_text(out / "tune.tsv", as_table(tried))
    write_json(out / TUNED, chosen)
    return f"{metric.upper()} in percent on {data.name}, with a beam of {beam}:\n{as_matrix(tried)}"


def decode(
    logprobs_file: Path,
    out: Path,
    files: ModelFiles,
    beam: int,
    weights: Weights,
    device: str = "cpu",
) -> Path:
    """Write `out/text`, sorted, and `out/decode.json`, which says how it was made; with a lexicon
    of phones `out/words`, too. Raises `UserError`.
    """
    logprobs = LogProbs.read(logprobs_file)
    models = files.load(logprobs.tokens, device)
    transcripts: dict[str, tuple[str, ...]] = {}
    started = time.perf_counter()
    with bar(len(logprobs.utterances), "search", unit="utt") as shown:
        for batch in search_all(logprobs, beam, models, [weights]):
            transcripts |= batch[weights]
            shown.update(len(batch[weights]))
    seconds = time.perf_counter() - started
    write_text(out / "text", _as_table(transcripts))
    decoding = f"beam {beam}"
    if models.lexicon is not None:
        decoding += " of words"
        numbers = {token: number for number, token in enumerate(logprobs.tokens)}
        words: dict[str, tuple[str, ...]] = {}
        for name, tokens in transcripts.items():
            found = models.lexicon.words_of([numbers[token] for token in tokens])
            words[name] = tuple(word.name for word in found)
        write_text(out / WORDS, _as_table(words))
    write_json(out / "decode.json", describe(decoding, files, weights, seconds))
    return out / "text"


def _as_table(transcripts: Mapping[str, Sequence[str]]) -> str:
    """A line for each utterance, sorted."""
    lines = []
    for name in sorted(transcripts):
        lines.append(f"{' '.join([name, *transcripts[name]])}\n")
    return "".join(lines)


def describe(
    decoding: str, files: ModelFiles, weights: Weights, seconds: float | None
) -> dict[str, object]:
    """Return what `decode.json` says of a search: `decoding` is its name, `seconds` are those of
    the search alone.
    """
    return {
        "decoding": decoding,
        "lm": None if files.lm is None else str(files.lm),
        "ngram": None if files.ngram is None else str(files.ngram),
        "lm_weight": weights.lm_weight if files.lm else None,
        "ngram_weight": weights.ngram_weight if files.ngram else None,
        "penalty": weights.penalty,
        "decode_seconds": seconds,
    }


def read_weights(path: Path) -> Weights:
    """Read what tuning has chosen. Raises `UserError`."""
    loaded = read_json(path)
    names = [declared.name for declared in fields(Weights)]
    weights: dict[str, float] = {}
    for name in names:
        value = loaded.get(name) if isinstance(loaded, dict) else None
        try:
            weights[name] = number(value)
        except (TypeError, OverflowError):
            raise UserError(f"{path}: expected {', '.join(names)}; tune again (stage 11)") from None
    return Weights(**weights)
