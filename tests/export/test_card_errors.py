"""Which rate stands on a card, and which the Hub is told."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from parp_espnet.decoding.whole_set import Weights
from parp_espnet.export.card_errors import by_default, told_of
from parp_espnet.export.decodings import Tuned
from parp_espnet.export.formats import export
from parp_espnet.export.trained import load_trained
from parp_espnet.scoring.result import Result

NGRAM: dict[str, Any] = {
    "decoding": "beam 4",
    "ngram": "exp/ngram/2gram.arpa",
    "ngram_weight": 0.3,
    "penalty": 0.5,
}
SEARCH = Tuned(
    "decode_beam4_ngram2", 4, Weights(0.0, 0.3, 0.5), "dev", 0.2, ngram=Path("2gram.arpa")
)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"decoding": "greedy"}, "greedy"),
        ({}, "not said"),
        ({"decoding": "beam 12", "penalty": 0.0}, "beam 12, penalty 0"),
        (NGRAM, "beam 4, 2gram.arpa × 0.3, penalty 0.5"),
        (NGRAM | {"options": {"lexicon": "a/words.txt"}},
         "beam 4, 2gram.arpa × 0.3, words of words.txt, penalty 0.5"),
        ({"decoding": "ESPnet's beam 4", "lm": "lm", "lm_weight": 2.0},
         "ESPnet's beam 4, ESPnet's LM × 2"),
        ({"decoding": "beam 4", "lm": "lm"}, "beam 4, ESPnet's LM"),
    ],
)  # fmt: skip
def test_a_decoding_in_words(make_result: Callable[..., Result], given: dict[str, Any], told: str):
    assert told_of(make_result(**given)) == told


@pytest.mark.parametrize(
    "other",
    [
        {"decoding": "greedy"},
        {},
        {"ngram_weight": 0.4},
        {"penalty": 0.0},
        {"decoding": "beam 12"},
        {"decoding": "ESPnet's beam 4"},
        {"ngram": None, "ngram_weight": None},
        {"lm": "exp/lm", "lm_weight": 0.0},
        {"options": {"lexicon": "words.txt"}},
    ],
)
def test_another_decoding_is_not_that_of_a_tuned_search(
    make_result: Callable[..., Result], other: dict[str, Any]
):
    score = make_result(**(NGRAM | other if other else {}))
    assert by_default([score], SEARCH) is None
    own = make_result(**NGRAM)
    assert by_default([score, own], SEARCH) is own


def test_a_search_is_not_what_is_heard_greedily(make_result: Callable[..., Result]):
    search, greedy, old = make_result(**NGRAM), make_result(decoding="greedy"), make_result()
    assert by_default([search], None) is None
    assert by_default([search, greedy], None) is greedy
    assert by_default([old], None) is old


def scored(tuned: Path, experiment: Path, make_result: Callable[..., Result]) -> Path:
    """The tuned experiment with the scores of stage 13: its result is the search's."""
    shutil.copytree(tuned.parents[1], experiment.parents[1], symlinks=True)
    (search,) = load_trained(experiment).decodings
    weights = search.weights
    greedy = make_result(error_rate=0.3, ci95=(0.2, 0.4), decoding="greedy")
    own = replace(
        greedy,
        error_rate=0.125,
        ci95=(0.1, 0.15),
        decoding=f"beam {search.beam}",
        ngram="exp/2gram.arpa",
        ngram_weight=weights.ngram_weight,
        penalty=weights.penalty,
    )
    corrected = replace(own, error_rate=0.9, reference_sha256="another", penalty=9.0)
    scores = {"decode_greedy": greedy, search.name: own, "decode_earlier": corrected}
    for name, score in scores.items():
        path = experiment / name / "test/score/result.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        score.write(path)
    own.write(experiment / "result.json")
    return experiment


def test_the_hub_is_told_what_a_folder_decodes_with(
    tuned: Path, tmp_path: Path, make_result: Callable[..., Result]
):
    experiment = scored(tuned, tmp_path / "recipe/exp" / tuned.name, make_result)
    export(load_trained(experiment), tmp_path / "out", ["bundle", "hf", "s3prl"])
    told = {}
    for name in ("bundle", "hf", "s3prl"):
        card = ModelCard.load(tmp_path / "out" / name / "README.md")
        told[name] = card.data.eval_results and card.data.eval_results[0].metric_value
        assert "| test | greedy | PER | 0.3000 | [0.2000, 0.4000] |" in card.content
        assert "| test | beam 4, 2gram.arpa × 0.3, penalty" in card.content
        assert "0.9000" not in card.content
        assert "phoneme-recognition" in card.data.tags
    assert told == {"bundle": 0.125, "hf": 0.3, "s3prl": None}
    assert "Used by default" not in card.content
