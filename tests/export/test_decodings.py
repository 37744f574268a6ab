"""Searches that were tuned, as files have them that a user may have changed."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from parp_espnet.decoding.platt import AS_THEY_ARE, Platt
from parp_espnet.errors import UserError
from parp_espnet.export.asked import Asked
from parp_espnet.export.decodings import find_tuned
from parp_espnet.export.described import read_described

WEIGHTS = {
    "lm_weight": 0.0,
    "ngram_weight": 0.5,
    "penalty": 0.1,
    "error_rate": 0.2,
    "tuned_on": "dev",
}
SEARCH = {
    "name": "decode_ngram",
    "beam": 12,
    "weights": {"lm_weight": 0.0, "ngram_weight": 0.5, "penalty": 0.1},
    "tuned_on": "dev",
    "error_rate": 0.2,
    "ngram": None,
    "lm": None,
}


def write_loosely(path: Path, value: object) -> None:
    """JSON with what Python's writes of numbers that are none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def experiment_of(folder: Path, weights: object, decode: object) -> Path:
    write_loosely(folder / "decode_ngram/dev/weights.json", weights)
    write_loosely(folder / "decode_ngram/test/decode.json", decode)
    return folder


def bundle_of(folder: Path, **changes: object) -> Path:
    told: dict[str, Any] = {
        "format": 1,
        "family": "hubert",
        "tokens": ["<blank>", "a"],
        "upstream": {},
        "preprocessor": {},
        "normalise": True,
        "decodings": [SEARCH],
    }
    write_loosely(folder / "bundle.json", told | changes)
    return folder


def test_a_search_is_found(tmp_path: Path) -> None:
    (found,) = find_tuned(experiment_of(tmp_path / "exp", WEIGHTS, {"decoding": "beam 12"}))
    (described,) = read_described(bundle_of(tmp_path / "bundle")).decodings
    assert found == described
    assert found.beam == 12
    # As it was before searches had one.
    assert found.calibration == AS_THEY_ARE


def test_a_calibration_is_found(tmp_path: Path) -> None:
    calibrated = {"calibration": {"slope": 0.5, "offset": -0.25}}
    experiment = experiment_of(tmp_path / "exp", WEIGHTS | calibrated, {"decoding": "beam 12"})
    (found,) = find_tuned(experiment)
    bundle = bundle_of(tmp_path / "bundle", decodings=[SEARCH | calibrated])
    (described,) = read_described(bundle).decodings
    assert found.calibration == described.calibration == Platt(0.5, -0.25)


BY_PER = {"metric": "per", "merges": {}}


@pytest.mark.parametrize(
    ("earlier", "newer", "best"),
    [
        # The earlier one has fewer errors, counted otherwise or of other utterances.
        (BY_PER, {"metric": "wer", "merges": {}}, "decode_new"),
        (BY_PER | {"merges": {"ɔ": "o"}}, BY_PER, "decode_new"),
        (BY_PER | {"tuned_on": "easy"}, BY_PER, "decode_new"),
        ({"tuned_on": "easy"}, {}, "decode_new"),
        (BY_PER, BY_PER, "decode_old"),
        # What an earlier version has left does not say it.
        ({}, BY_PER, "decode_old"),
        ({}, {}, "decode_old"),
    ],
)
def test_errors_compare_where_they_were_counted_alike(
    earlier: dict[str, object], newer: dict[str, object], best: str, tmp_path: Path
) -> None:
    for number, (name, rate, judged) in enumerate(
        [("decode_old", 0.1, earlier), ("decode_new", 0.3, newer)]
    ):
        weights = tmp_path / name / "dev/weights.json"
        write_loosely(weights, WEIGHTS | {"error_rate": rate} | judged)
        os.utime(weights, (number, number))
        write_loosely(tmp_path / name / "test/decode.json", {"decoding": "beam 12"})
    found = find_tuned(tmp_path)
    assert len(found) == 2
    assert found[0].name == best


@pytest.mark.parametrize(
    ("weights", "decode"),
    [
        (WEIGHTS | {"penalty": float("nan")}, {"decoding": "beam 12"}),
        (WEIGHTS | {"error_rate": float("inf")}, {"decoding": "beam 12"}),
        (WEIGHTS | {"lm_weight": "much"}, {"decoding": "beam 12"}),
        (WEIGHTS | {"lm_weight": "0.5"}, {"decoding": "beam 12"}),
        (WEIGHTS | {"penalty": True}, {"decoding": "beam 12"}),
        (WEIGHTS | {"calibration": {"slope": True, "offset": 0}}, {"decoding": "beam 12"}),
        (WEIGHTS | {"calibration": {"slope": "0.5", "offset": 1}}, {"decoding": "beam 12"}),
        (WEIGHTS | {"lm_weight": 10**400}, {"decoding": "beam 12"}),
        (list(WEIGHTS), {"decoding": "beam 12"}),
        (WEIGHTS | {"calibration": 0.5}, {"decoding": "beam 12"}),
        (WEIGHTS | {"calibration": {"slope": -1, "offset": 0}}, {"decoding": "beam 12"}),
        (WEIGHTS, {"decoding": "beam 0"}),
        (WEIGHTS, {"decoding": "beam 99999999999999999999"}),
        (WEIGHTS, ["beam 12"]),
        (WEIGHTS, "beam 12"),
    ],
)
def test_what_is_no_search(tmp_path: Path, weights: object, decode: object) -> None:
    with pytest.raises(UserError, match=r"\.json: expected .*, found others; "):
        find_tuned(experiment_of(tmp_path, weights, decode))


@pytest.mark.parametrize(
    "changes",
    [
        {"decodings": [SEARCH | {"beam": -4}]},
        {"decodings": [SEARCH | {"beam": float("inf")}]},
        {"decodings": [SEARCH | {"beam": 12.5}]},
        {"decodings": [SEARCH | {"beam": "12"}]},
        {"decodings": [SEARCH | {"error_rate": "0.2"}]},
        {"decodings": [SEARCH | {"weights": {"penalty": float("nan")}}]},
        {"decodings": [SEARCH | {"weights": [0.5]}]},
        {"decodings": [SEARCH | {"error_rate": None}]},
        {"decodings": [SEARCH | {"calibration": {"slope": 1}}]},
        {"decodings": [SEARCH | {"calibration": {"slope": math.nan, "offset": 0}}]},
        {"decodings": ["beam 12"]},
        {"decodings": 12},
        {"tokens": 12},
        {"tokens": "<blank>"},
        {"upstream": None},
        {"preprocessor": []},
        {"family": ["hubert"]},
    ],
)
def test_what_is_no_bundle(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"bundle\.json: "):
        read_described(bundle_of(tmp_path, **changes))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(penalty=float("nan")), "--penalty: expected a finite number, found nan"),
        (Asked(ngram_weight=float("inf")), "--ngram_weight: expected a finite number, found inf"),
        (Asked(lm_weight=float("-inf")), "--lm_weight: expected a finite number, found -inf"),
        (Asked(beam_size=0), "--beam_size: expected 1 at least, found 0"),
        (Asked(beam_size=10**20), "--beam_size: expected at most"),
    ],
)
def test_what_no_search_has(asked: Asked, told: str) -> None:
    with pytest.raises(UserError, match=told):
        asked.check()


def test_what_a_search_may_have() -> None:
    for asked in (Asked(penalty=-0.0), Asked(beam_size=1 << 16), Asked(ngram_weight=-1.5)):
        asked.check()
