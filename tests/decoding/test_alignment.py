"""The path that spells given tokens: the likeliest one of all that do."""

from itertools import groupby, product

import numpy as np
import pytest

from parp_espnet.decoding import alignment
from parp_espnet.decoding.alignment import align
from parp_espnet.recognition.labels import collapse


def test_it_is_the_likeliest_of_all_paths():
    rng = np.random.default_rng(0)
    for tokens in ((), (1,), (1, 1), (1, 2, 1), (2, 2)):
        logprobs = np.log(rng.dirichlet(np.ones(3), size=5))
        path = align(logprobs, tokens)
        assert collapse(path.tolist()) == list(tokens)
        paths = [one for one in product(range(3), repeat=5) if tuple(collapse(one)) == tokens]
        best = max(sum(logprobs[frame, label] for frame, label in enumerate(one)) for one in paths)
        assert logprobs[np.arange(5), path].sum() == pytest.approx(best)


def test_the_greedy_path_is_its_own():
    logprobs = np.log(np.random.default_rng(1).dirichlet(np.ones(4) / 4, size=40))
    labels = logprobs.argmax(1)
    tokens = [label for label, _ in groupby(labels.tolist()) if label]
    assert align(logprobs, tokens).tolist() == labels.tolist()


def test_what_does_not_fit():
    with pytest.raises(ValueError, match="3 tokens do not fit into 3 frames"):
        align(np.zeros((3, 3)), (1, 1, 1))


def test_within_a_beam_it_is_the_same_path():
    """Long recordings are aligned so: what lies far behind the best path is not looked at."""
    rng = np.random.default_rng(2)
    logprobs = np.log(rng.dirichlet(np.ones(20) / 3, size=600) + 1e-9)
    tokens = [label for label, _ in groupby(logprobs.argmax(1).tolist()) if label]
    assert align(logprobs, tokens, beam=60.0).tolist() == align(logprobs, tokens).tolist()
    others = rng.permutation(tokens)[:200].tolist()
    assert collapse(align(logprobs, others, beam=5.0).tolist()) == others


def test_no_beam_is_too_narrow_to_come_to_the_end():
    """The best beginning is to stay with the first token for all frames but the last ones."""
    logprobs = np.full((9, 4), -50.0)
    logprobs[:, 1] = 0.0
    path = align(logprobs, (1, 2, 3, 2, 3), beam=1.0).tolist()
    assert collapse(path) == [1, 2, 3, 2, 3]


def test_steps_are_found_again_block_by_block(monkeypatch: pytest.MonkeyPatch):
    """Of a long recording, those of one block are in memory."""
    rng = np.random.default_rng(3)
    logprobs = np.log(rng.dirichlet(np.ones(8) / 3, size=333) + 1e-9)
    tokens = rng.integers(1, 8, 90).tolist()
    whole = align(logprobs, tokens).tolist()
    monkeypatch.setattr(alignment, "EXACT", 0)
    monkeypatch.setattr(alignment, "BLOCK", 32)
    assert align(logprobs, tokens, beam=np.inf).tolist() == whole
    assert collapse(align(logprobs, tokens, beam=1.0).tolist()) == tokens
