"""`python3 -m parp_espnet.bin.compare` compares like with like."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from parp_espnet.bin.compare import main
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances

NGRAM = {"decoding": "beam 12", "ngram": "exp/3gram.arpa", "ngram_weight": 0.3}


@pytest.fixture
def leave(make_result: Callable[..., Result], tmp_path: Path) -> Callable[..., Path]:
    """Leave an experiment with some decodings, name → errors of each of ten utterances; the last is
    its result's.
    """

    def make(
        name: str,
        decodings: dict[str, int],
        dataset: str = "test",
        length: int = 10,
        **more: object,
    ) -> Path:
        for decoding, errors in decodings.items():
            how = NGRAM if "ngram" in decoding else {"decoding": "greedy"}
            values = {"error_rate": errors / length, "dataset": dataset, **how, **more}
            result = make_result(**values)
            counts = [Counts(f"s-{n}", length, errors, 0, 0) for n in range(10)]
            for folder in (
                tmp_path / name,
                tmp_path / name / f"decode_{decoding}" / dataset / "score",
            ):
                write_utterances(folder / "utterances.tsv", counts)
                result.write(folder / "result.json")
        return tmp_path / name

    return make


@pytest.fixture
def compare(
    run_command: Callable[..., tuple[object, str, str]],
) -> Callable[..., tuple[object, str, str]]:
    """Run the command; return exit code, stdout and stderr."""
    return partial(run_command, main)


def test_greedy_is_compared_with_greedy(leave: Callable[..., Path], compare) -> None:
    """With an n-gram the dense model is ahead, without one it is behind."""
    dense = leave(
        "dense", {"greedy": 3, "beam12_ngram3": 1}, method="dense", options={}, interval=None
    )
    parp = leave("parp", {"greedy": 2}, options={"scope": "layer", "method": "parp", "lr": 0.001})
    code, out, err = compare(dense, parp)
    assert (code, err) == (0, "")
    assert "decoding: greedy\n" in out
    assert "difference +10.00 points" in out
    assert "on 10 utterances of test, PER" in out
    for line in (
        "method: dense | parp",
        "scope: default | layer",
        "lr: default | 0.001",
        "interval: none | 5",
    ):
        assert f"  differs in {line}\n" in out
    assert "differs in upstream" not in out


def test_what_both_results_were_decoded_with_is_compared(
    leave: Callable[..., Path], compare
) -> None:
    one = leave("one", {"greedy": 3, "beam12_ngram3": 1})
    other = leave("other", {"greedy": 1, "beam12_ngram3": 2})
    code, out, _ = compare(one, other)
    assert "decoding: beam12_ngram3\n" in out
    assert "difference -10.00 points" in out
    for name in ("greedy", "decode_greedy"):
        code, out, _ = compare(one, other, "--decoding", name)
        assert (code, "decoding: greedy\n" in out, "difference +20.00 points" in out) == (
            0,
            True,
            True,
        )
    assert "options of" in out  # results of before
    score = one / "decode_greedy/test/score"
    assert "difference +20.00 points" in compare(score, other)[1]


@pytest.mark.parametrize(
    ("decodings", "more", "words"),
    [
        (
            {"beam12_ngram3": 1},
            {},
            "found greedy of test (per) in the one and beam12_ngram3 of test (per) in the other",
        ),
        ({"greedy": 1}, {"dataset": "dev"}, "greedy of dev (per) in the other"),
        ({"greedy": 1}, {"metric": "cer"}, "greedy of test (cer) in the other"),
        ({"greedy": 1}, {"merges": {"a": "b"}}, "(per, 1 phones merged)"),
        ({"greedy": 1}, {"length": 20}, "has 10 and 20 units in its reference"),
        (
            {"greedy": 1},
            {"reference_sha256": "b"},
            "expected the same references, found others of the same name, test",
        ),
    ],
)
def test_what_is_not_alike_is_refused(
    leave: Callable[..., Path],
    compare,
    decodings: dict[str, int],
    more: dict[str, object],
    words: str,
) -> None:
    one = leave("one", {"greedy": 3}, reference_sha256="a")
    code, out, err = compare(one, leave("other", decodings, **{"reference_sha256": "a"} | more))
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_references_of_before_are_read_where_they_are(leave: Callable[..., Path], compare) -> None:
    folders = [leave(name, {"greedy": 3}) for name in ("one", "other")]
    for folder, text in zip(folders, ("a b", "a c"), strict=True):
        (folder / "decode_greedy/test/score/ref.trn").write_text(f"{text}\t(s-s-1)\n")
    assert "expected the same references" in compare(*folders)[2]


def test_there_is_no_such_decoding(leave: Callable[..., Path], compare, tmp_path: Path) -> None:
    one, other = (leave(name, {"greedy": 3}) for name in ("one", "other"))
    code, _, err = compare(one, other, "--decoding", "beam12")
    assert code == 2
    assert "expected a decoding --decoding beam12 of the same set" in err
    code, _, err = compare(one, tmp_path / "nowhere")
    assert code == 2
    assert "nowhere: expected an experiment" in err


def test_text_is_compared_by_its_predictions(
    make_result: Callable[..., Result], compare, tmp_path: Path
) -> None:
    for name, right in (("one", 50), ("other", 90)):
        rows = [
            f"{n}\t{('no', 'yes')[n % 2]}\t{('no', 'yes')[(n + (n >= right)) % 2]}\n"
            for n in range(100)
        ]
        (tmp_path / name).mkdir()
        (tmp_path / name / "predictions.tsv").write_text("id\tlabel\tprediction\n" + "".join(rows))
        scores = {"accuracy": right / 100}
        result = make_result(
            metric="accuracy",
            scores=scores,
            error_rate=1 - right / 100,
            train_minutes=None,
            train_examples=5,
            options={},
        )
        result.write(tmp_path / name / "result.json")
    code, out, _ = compare(tmp_path / "one", tmp_path / "other")
    assert code == 0
    assert "difference +40.00 points" in out
    assert "on 100 examples of test" in out


def test_versions_that_differ_are_named(leave: Callable[..., Path], compare) -> None:
    one = leave("one", {"greedy": 3}, versions={"python": "3.12.1", "espnet": "202511"})
    other = leave(
        "other", {"greedy": 1}, versions={"python": "3.12.1", "espnet": "202611", "torch": "2.11"}
    )
    _, out, _ = compare(one, other)
    assert "  differs in version of espnet: 202511 | 202611\n" in out
    assert "  differs in version of torch: unknown | 2.11\n" in out
    assert "version of python" not in out


def test_a_seed_that_numpy_has_not(compare, tmp_path: Path) -> None:
    code, _, err = compare(tmp_path, tmp_path, "--seed", "-1")
    assert (code, err) == (2, "error: --seed -1: expected at least 0, at most 4294967295\n")
