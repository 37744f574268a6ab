"""The grid, what is chosen, and what is shown of it."""

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.decoding.language_model import LanguageModel
from parp_espnet.decoding.logprobs import LogProbs
from parp_espnet.decoding.platt import Platt
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
from parp_espnet.decoding.whole_set import Models, Weights, search_all
from parp_espnet.decoding.witten_bell import estimate
from parp_espnet.errors import UserError
from parp_espnet.files import read_json
from parp_espnet.pipeline.search import ModelFiles, decode, read_weights, tune
from parp_espnet.scoring.per import Total
from parp_espnet.scoring.words import Metric

TOKENS = ("<blank>", "a", "b", "<sos/eos>")


def total(substitutions: int) -> Total:
    return Total(1, 10, 10 - substitutions, substitutions, 0, 0, 1)


def test_what_there_is_not_has_no_weight_and_what_is_given_is_kept() -> None:
    assert {one.lm_weight for one in grid(Given(), has_lm=False, has_ngram=True)} == {0.0}
    assert {
        one.ngram_weight for one in grid(Given(ngram_weight=0.3), has_lm=True, has_ngram=True)
    } == {0.3}
    given = grid(Given(lm_weight=0.2, ngram_weight=0.3, penalty=1.0), has_lm=True, has_ngram=True)
    assert given == [Weights(0.2, 0.3, 1.0)]
    assert Weights() in grid(Given(), has_lm=True, has_ngram=True), (
        "whether models help at all is seen"
    )


def test_of_equally_good_choices_the_first() -> None:
    tried = [
        Tried(Weights(penalty=penalty), total(errors))
        for penalty, errors in ((0.0, 3), (0.5, 2), (1.0, 2))
    ]
    assert best_of(tried).weights.penalty == 0.5
    assert as_table(tried).splitlines()[2] == "0\t0\t0.5\t0.20000\t2\t0\t0"
    assert as_matrix(tried).splitlines()[1].split() == ["0", "0", "30.00", "20.00*", "20.00"]


@pytest.fixture
def validation(tmp_path: Path) -> tuple[Path, Path, ModelFiles]:
    """What a model is unsure of in two utterances, their data directory, and an n-gram that knows
    better.
    """
    frames = {"s-1": [1, 0, 2, 0, 1], "s-2": [1, 0, 2]}
    sure = {
        name: np.log(0.4 * np.eye(4)[path] + 0.4 * np.eye(4)[[0] * len(path)] + 0.05)
        for name, path in frames.items()
    }
    LogProbs(TOKENS, sure).write(tmp_path / "logprobs.safetensors")
    said = {"s-1": ("a", "b", "a"), "s-2": ("a", "b")}
    utterances = [
        Utterance(name, "s", "xx", "/w.wav", phones, "", 1.0) for name, phones in said.items()
    ]
    write_data_dir(tmp_path / "data", utterances)
    estimate([("a", "b", "a"), ("a", "b")], ["a", "b"], 2).write(tmp_path / "2.arpa")
    return (
        tmp_path / "logprobs.safetensors",
        tmp_path / "data",
        ModelFiles(ngram=tmp_path / "2.arpa"),
    )


def test_tuned_and_decoded(validation: tuple[Path, Path, ModelFiles], tmp_path: Path) -> None:
    logprobs, data, files = validation
    shown = tune(logprobs, data, tmp_path / "tuned", files, 8, Given())
    assert shown.startswith("PER in percent on data, with a beam of 8:\nlm_weight ")
    weights = read_weights(tmp_path / "tuned/weights.json")
    rates = [
        float(line.split("\t")[3])
        for line in (tmp_path / "tuned/tune.tsv").read_text().splitlines()[1:]
    ]
    chosen = read_json(tmp_path / "tuned/weights.json")
    assert chosen["error_rate"] == min(rates) == 0.0
    # All five are right: by Platt's rule each is so with six to one.
    line = Platt.from_json(chosen["calibration"])
    assert line(np.array([0.4, 0.9])) == pytest.approx([6 / 7, 6 / 7], abs=0.1)
    text = decode(logprobs, tmp_path / "out", files, 8, weights)
    assert text.read_text() == "s-1 a b a\ns-2 a b\n"
    about = read_json(tmp_path / "out/decode.json")
    assert (about["decoding"], about["ngram_weight"], about["lm"], about["lm_weight"]) == (
        "beam 8",
        weights.ngram_weight,
        None,
        None,
    )


def test_tuned_by_words(validation: tuple[Path, Path, ModelFiles], tmp_path: Path) -> None:
    logprobs, data, files = validation
    given = Given(ngram_weight=0.0, penalty=0.0)
    assert tune(logprobs, data, tmp_path, files, 8, given, Metric.WER).startswith("WER ")
    assert len((tmp_path / "tune.tsv").read_text().splitlines()) == 2


def test_other_utterances(validation: tuple[Path, Path, ModelFiles], tmp_path: Path) -> None:
    logprobs, data, files = validation
    LogProbs(TOKENS, {"s-1": np.zeros((1, 4))}).write(logprobs)
    with pytest.raises(UserError, match=r"utterance s-2 is there or in .* only"):
        tune(logprobs, data, tmp_path, files, 8, Given())


def test_weights_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text('{"penalty": 1}')
    with pytest.raises(UserError, match="expected lm_weight, ngram_weight, penalty; tune again"):
        read_weights(tmp_path / "weights.json")
    (tmp_path / "weights.json").write_text('{"lm_weight": true, "ngram_weight": 0.5, "penalty": 1}')
    with pytest.raises(UserError, match="tune again"):
        read_weights(tmp_path / "weights.json")


def test_logprobs_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    arrays = {"s-1": np.zeros((3, 4), np.float32), "s-2": np.ones((0, 4), np.float32)}
    LogProbs(TOKENS, arrays).write(path)
    again = LogProbs.read(path)
    assert again.tokens == TOKENS
    assert all(np.array_equal(again.utterances[name], array) for name, array in arrays.items())
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match="cannot read them"):
        LogProbs.read(path)
    LogProbs(TOKENS, {"s-1": np.zeros((3, 5))}).write(path)
    with pytest.raises(UserError, match="expected arrays of"):
        LogProbs.read(path)
    with pytest.raises(UserError, match="decode first, with --logprobs"):
        LogProbs.read(tmp_path / "none")


class Counting(LanguageModel):
    """A model that does not care, and counts how often it is asked of a state."""

    lasting = False

    def __init__(self) -> None:
        self.asked: list[Hashable] = []
        super().__init__(len(TOKENS))

    def _first(self) -> Hashable:
        return ()

    def _follow(self, key: Hashable, token: int) -> Hashable:
        assert isinstance(key, tuple)
        return (*key, token)

    def _score(self, keys: Sequence[Hashable]) -> NDArray[np.float64]:
        self.asked += keys
        return np.zeros((len(keys), len(TOKENS) + 1))


def test_a_costly_model_is_asked_once_for_all_choices_and_then_forgets() -> None:
    model = Counting()
    logprobs = LogProbs(TOKENS, {"s-1": np.log(np.full((5, 4), 0.25, np.float32))})
    choices = [Weights(lm_weight=weight) for weight in (0.0, 0.5, 1.0)]
    (found,) = search_all(logprobs, 4, Models(lm=model), choices)
    assert set(found) == set(choices)
    assert len(model.asked) == len(set(model.asked)) > 1
    list(search_all(logprobs, 4, Models(lm=model), choices[1:2]))
    assert len(model.asked) == 2 * len(set(model.asked))


def errors_around(best: Weights, choices: Sequence[Weights]) -> list[Tried]:
    """Choices with more errors, the farther they are from `best`."""
    tried = []
    for choice in choices:
        far = abs(choice.ngram_weight - best.ngram_weight) + abs(choice.penalty - best.penalty)
        errors = round(100 * far)
        tried.append(Tried(choice, Total(1, 10**5, 10**5 - errors, errors, 0, 0, 1)))
    return tried


@pytest.mark.parametrize(
    ("best", "given", "ended"),
    [
        (Weights(0.0, 0.5, 1.0), Given(), []),
        (Weights(0.0, 0.0, 0.0), Given(), []),
        (Weights(0.0, 1.5, 1.0), Given(), []),
        (Weights(0.0, 0.5, 4.0), Given(), []),
        (Weights(0.0, 2.0, 5.0), Given(), []),
        (Weights(0.0, 1.0, 2.5), Given(), []),
        # What was said stays, and the other goes on.
        (Weights(0.0, 0.3, 4.0), Given(ngram_weight=0.3), []),
        (Weights(0.0, 2.0, 9.0), Given(penalty=9.0), []),
        (Weights(0.0, 0.3, 9.0), Given(ngram_weight=0.3, penalty=9.0), []),
        # There is an end to it.
        (Weights(0.0, 0.5, 99.0), Given(), ["penalty"]),
        (Weights(0.0, 99.0, 99.0), Given(), ["ngram_weight", "penalty"]),
    ],
)
def test_a_grid_grows_where_the_best_choice_is_at_its_end(
    best: Weights, given: Given, ended: list[str]
) -> None:
    choices = grid(given, has_lm=False, has_ngram=True)
    tried = errors_around(best, choices)
    while more := further(tried):
        assert not {trial.weights for trial in tried} & set(more)
        tried = in_order([*tried, *errors_around(best, more)])
    assert at_the_end(tried) == ended
    if not ended:
        assert best_of(tried).weights == best
    # It is a whole grid, as the table that is shown of it needs.
    values = {(trial.weights.ngram_weight, trial.weights.penalty) for trial in tried}
    assert len(values) == len(tried)
    weights, penalties = ({pair[place] for pair in values} for place in (0, 1))
    assert len(values) == len(weights) * len(penalties)
    rows = as_matrix(tried).splitlines()[1:]
    assert [len(row.split()) for row in rows] == [2 + len(penalties)] * len(weights)


def test_what_is_beyond_the_grid_is_found(tmp_path: Path) -> None:
    """Of two phones, of which blanks are surer, one is heard at the end of the grid, the other
    beyond it.
    """
    first, second = [0.94, 0.054, 0.003, 0.003], [0.96, 0.005, 0.03, 0.005]
    sure = np.log(np.array([first, first, second, second]))
    LogProbs(TOKENS, {"s-1": sure.astype(np.float32)}).write(tmp_path / "logprobs.safetensors")
    write_data_dir(tmp_path / "data", [Utterance("s-1", "s", "xx", "/w.wav", ("a", "b"), "", 1.0)])
    out = tmp_path / "tuned"
    tune(tmp_path / "logprobs.safetensors", tmp_path / "data", out, ModelFiles(), 8, Given())
    found = read_json(out / "weights.json")
    assert found["penalty"] == 3.0
    assert found["error_rate"] == 0.0


@pytest.mark.parametrize(
    ("metric", "most", "said", "heard", "rate"),
    [
        (Metric.WER, ("one", "a"), ("a", "b"), ("a", "one"), 1 / 66),
        (Metric.CER, ("one", "a"), ("a", "b"), ("a", "a"), 1 / (32 * 5 + 3)),
        (Metric.PER, ("one", "a"), ("a", "b"), ("a", "one"), 1 / 66),
        (Metric.WER, ("a", "b"), ("a", "b"), ("a", "a"), 1 / 33),
        (Metric.WER, ("a", "<space>", "b"), ("a", "b"), ("a", "a"), 1 / 65),
    ],
)
def test_what_a_word_is_all_of_a_set_tell(
    metric: Metric,
    most: tuple[str, ...],
    said: tuple[str, ...],
    heard: tuple[str, ...],
    rate: float,
    tmp_path: Path,
) -> None:
    """And not the few utterances of a batch: one may have words of one letter alone."""
    tokens = ("<blank>", "one", "a", "b", "<space>", "<sos/eos>")
    rows: dict[str, NDArray[np.float32]] = {}
    utterances = []
    for number in range(33):
        # The last batch is of the shortest one.
        is_last = number == 32
        name, spoken, found = f"s-{number}", most, most
        if is_last:
            spoken, found = said, heard
        path = [0] if is_last else [0, 0, 0]
        for token in found:
            path += [tokens.index(token), 0]
        rows[name] = np.log(0.9 * np.eye(6)[path] + 0.01).astype(np.float32)
        utterances.append(Utterance(name, "s", "xx", "/w.wav", spoken, "", 1.0))
    LogProbs(tokens, rows).write(tmp_path / "logprobs.safetensors")
    write_data_dir(tmp_path / "data", utterances)
    given = Given(penalty=0.0)
    where = (tmp_path / "logprobs.safetensors", tmp_path / "data", tmp_path)
    tune(*where, ModelFiles(), 4, given, metric)
    assert read_json(tmp_path / "weights.json")["error_rate"] == pytest.approx(rate)
