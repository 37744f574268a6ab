"""What a decoding is called, and what it needs."""

from pathlib import Path
from typing import Any

import pytest

from parp_espnet.names import digest
from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.settings import Settings


def decoding(**changes: Any) -> Decoding:
    return Decoding(Settings(train_set="train", **changes))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["decode_greedy"]),
        ({"beam_size": 1}, ["decode_greedy"]),
        ({"beam_size": 4}, ["decode_greedy", "decode_beam4"]),
        ({"beam_size": 4, "penalty": 0.5}, ["decode_greedy", "decode_beam4_penalty0.5"]),
        ({"beam_size": 4, "search": "espnet"}, ["decode_greedy", "decode_espnet_beam4"]),
        ({"use_ngram": True}, ["decode_greedy", "decode_beam12", "decode_beam12_ngram3"]),
        (
            {"use_lm": True, "lm_config": Path("big.yaml")},
            ["decode_greedy", "decode_beam12", "decode_beam12_lm-big"],
        ),
        (
            {"lexicon": Path("words.txt")},
            ["decode_greedy", "decode_beam12", f"decode_beam12_lexicon-{digest('words.txt')}"],
        ),
        (
            {"use_lm": True, "use_ngram": True, "ngram_num": 4, "lm_weight": 0.3},
            ["decode_greedy", "decode_beam12", "decode_beam12_lm_ngram4_lmw0.3"],
        ),
    ],
)
def test_names(changes: dict[str, Any], names: list[str]) -> None:
    assert decoding(**changes).names == names


@pytest.mark.parametrize(
    ("changes", "names", "tuned"),
    [
        ({}, ["beam12", "beam12_penalty", "beam12_ngram3", "beam12_lm", "greedy"], 3),
        ({"beam_size": 4}, ["beam4_penalty", "beam4_ngram3", "beam4_lm", "beam4"], 3),
        ({"use_ngram": True}, ["beam12", "beam12_penalty", "beam12_ngram3"], 2),
        # Its own search has no language model, which the weight is of.
        (
            {"beam_size": 4, "lm_weight": 0.3, "ngram_weight": 0.5},
            ["beam4_penalty", "beam4_ngram3_ngramw0.5", "beam4_lm_lmw0.3", "beam4"],
            3,
        ),
        (
            {"use_ngram": True, "use_lm": True, "lm_weight": 0.3, "penalty": 1.0},
            ["beam12", "beam12_penalty1", "beam12_ngram3_penalty1", "beam12_lm_lmw0.3_penalty1",
             "beam12_lm_ngram3_lmw0.3_penalty1"],
            2,
        ),
    ],
)  # fmt: skip
def test_a_comparison(changes: dict[str, Any], names: list[str], tuned: int) -> None:
    found = decoding(compare_decoding=True, **changes)
    assert set(found.names) == {"decode_greedy", *(f"decode_{name}" for name in names)}
    assert found.name == f"decode_{names[-1]}"
    assert sum(one.tunes for one in found.searches) == tuned
    assert found.uses_ngram
    assert found.uses_lm == (changes != {"use_ngram": True})


def test_other_texts_and_files_have_other_names() -> None:
    one, other = (decoding(use_ngram=True, lm_train_text=Path(name)) for name in ("a", "b"))
    assert len({one.name, other.name, decoding(use_ngram=True).name}) == 3
    assert len({one.ngram_file, other.ngram_file, decoding(use_ngram=True).ngram_file}) == 3
    assert decoding(use_ngram=True, ngram=Path("x.arpa")).ngram_file == "x.arpa"


def test_what_is_tuned() -> None:
    assert decoding(use_ngram=True).tunes
    assert decoding(use_ngram=True, ngram_weight=0.3).tunes
    assert not decoding(use_ngram=True, ngram_weight=0.3, penalty=1.0).tunes
    assert decoding(use_ngram=True, use_lm=True, ngram_weight=0.3, penalty=1.0).tunes
    assert not decoding(beam_size=4).tunes
