import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.decoding.whole_set import Weights
from parp_espnet.errors import UserError
from parp_espnet.files import write_json
from parp_espnet.pipeline.kept import keep, keep_trained
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.score import score
from parp_espnet.pipeline.search import ModelFiles, describe
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pipeline.trained import interval_of
from parp_espnet.pruning.methods import METHODS
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import read_utterances
from parp_espnet.scoring.words import Metric

TRAINING = {
    "method": "omp",
    "sparsity_target": 0.5,
    "sparsity_measured": 0.5,
    "freeze_updates": 0,
    "seed": 3,
    "updates": 100,
    "finetuning_runs": 2,
    "mask_sha256": "ab",
    "iou_initial_final": 1.0,
    "train_seconds": 12.5,
    "initial_mask": "exp/tag/finetuned_mask.safetensors",
}


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """A decoded experiment: its directory, its test set and its decoding."""
    monkeypatch.chdir(tmp_path)
    utterances = [
        Utterance("s-1", "s", "es", "/1.wav", ("o", "l", "a"), "hola", 1.5),
        Utterance("s-2", "s", "es", "/2.wav", ("s", "i"), "sí", 0.5),
    ]
    data = Path("dump/raw/test")
    write_data_dir(data, utterances)
    write_data_dir(Path("dump/raw/train"), utterances)
    exp = Path("exp/tag")
    settings = Settings(
        recipe=ROOT / "egs2/cldr/es", method="omp", interval=None, sparsity=0.5, upstream="hub/x"
    )
    write_json(exp / "settings.json", json.loads(json.dumps(asdict(settings), default=str)))
    write_json(exp / "training.json", TRAINING)
    decoded = exp / "decode_greedy/test"
    decoded.mkdir(parents=True)
    (decoded / "text").write_text("s-2 s i\ns-1 o r a a\n")
    return exp, data, decoded


def test_a_result(scored: tuple[Path, Path, Path]) -> None:
    exp, data, decoded = scored
    write_json(decoded / "decode.json", {"decode_seconds": 0.25})
    result = score(exp, data, decoded)
    assert (result.sub, result.ins, result.del_, result.reference_length) == (1, 1, 0, 5)
    assert result.error_rate == 0.4
    assert result.ci95[0] <= 0.4 <= result.ci95[1]
    assert (result.recipe, result.language, result.dataset) == ("egs2/cldr/es", "es", "test")
    assert (result.train_minutes, result.audio_seconds) == (0.03, 2.0)
    assert (result.interval, result.finetuning_runs, result.decode_seconds) == (None, 2, 0.25)
    assert result.initial_mask is not None
    assert result.initial_mask.endswith("exp/tag/finetuned_mask.safetensors")
    assert (decoded / "score/hyp.trn").read_text() == "o r a a\t(s-s-1)\ns i\t(s-s-2)\n"
    assert json.loads((decoded / "score/counts.json").read_text())["sentence_errors"] == 1


MADE: dict[str, dict[str, object]] = {
    "parp": {"method": "parp", "sparsity": 0.5, "interval": 20},
    "omp": {"method": "omp", "sparsity": 0.5, "interval": None, "upstream": "hub/x"},
    "imp": {"method": "imp", "sparsity": 0.3, "interval": None},
    "taught": {"method": "mpi", "sparsity": 0.5, "interval": None, "teacher": "dense"},
    "labelled": {"method": "dense", "sparsity": 0.0, "interval": None, "unlabelled": Path("raw")},
    "untrained": {"method": "mpi", "sparsity": 0.5, "interval": None, "updates": 0},
}


@pytest.mark.parametrize("later", MADE)
@pytest.mark.parametrize(
    ("made", "upstream", "interval", "runs"),
    [
        ("parp", "multi", 20, 1),
        ("omp", "hub/x", None, 2),
        ("imp", "multi", None, 4),
        ("taught", "multi", None, 2),
        ("labelled", "multi", None, 2),
        ("untrained", "multi", None, 0),
    ],
)
def test_a_result_is_of_the_training_whatever_the_call_that_scores(
    scored: tuple[Path, Path, Path],
    made: str,
    later: str,
    upstream: str,
    interval: int | None,
    runs: int,
) -> None:
    exp, data, decoded = scored
    recipe = ROOT / "egs2/cldr/es"
    before = Settings(recipe=recipe, **MADE[made])  # type: ignore[arg-type]
    # A training has an interval, whether its mask moves or not.
    told = {"method": made if made in METHODS else "mpi", "interval": interval or 5}
    write_json(exp / "training.json", TRAINING | told)
    keep(before, exp)
    keep_trained(before, exp)
    called = Settings(recipe=recipe, **MADE[later])  # type: ignore[arg-type]
    # The sets are those of the training: of other ones the call would have to be refused.
    keep(replace(called, unlabelled=None, labels_of="exp/other"), exp)
    result = score(exp, data, decoded)
    assert (result.upstream, result.interval) == (upstream, interval)
    assert result.finetuning_runs == runs
    assert result.finetuning_runs == before.finetuning_runs


@pytest.mark.parametrize("method", [*METHODS, "of another version"])
def test_who_does_not_adjust_has_no_interval(method: str) -> None:
    adjusts = method not in METHODS or METHODS[method].adjusts
    assert interval_of({"method": method, "interval": 7}) == (7 if adjusts else None)
    assert interval_of({"method": method}) is None


def test_every_language_has_its_score(scored: tuple[Path, Path, Path]) -> None:
    exp, data, decoded = scored
    both = [
        Utterance("s-1", "s", "es", "/1.wav", ("o", "l", "a"), "hola", 1.5),
        Utterance("s-2", "s", "it", "/2.wav", ("s", "i"), "sì", 0.5),
    ]
    write_data_dir(data, both)
    whole = score(exp, data, decoded)
    parts = {
        name: Result.read(decoded / f"score/by_language/{name}/result.json")
        for name in ("es", "it")
    }
    assert (whole.error_rate, parts["it"].error_rate) == (0.4, 0.0)
    assert parts["es"].error_rate == pytest.approx(2 / 3)
    assert (parts["it"].language, parts["it"].audio_seconds) == ("it", 0.5)
    (one,) = read_utterances(decoded / "score/by_language/es/utterances.tsv")
    assert (one.utterance, one.errors) == ("s-1", 2)
    # A language that was corrected since is none.
    write_data_dir(data, [both[0], replace(both[1], language="nl")])
    score(exp, data, decoded)
    assert sorted(path.name for path in (decoded / "score/by_language").iterdir()) == ["es", "nl"]
    write_data_dir(data, [both[0], replace(both[1], language="es")])
    score(exp, data, decoded)
    assert not (decoded / "score/by_language").exists()


def test_pfer_is_of_phones(scored: tuple[Path, Path, Path]) -> None:
    result = score(*scored)
    # l and r differ in four of panphon's features (delayed release, lateral, high, low); an
    # inserted a is a segment.
    assert result.pfer == pytest.approx((1 + 4 / 24) / 5)
    assert result.pfer_per_utterance == pytest.approx((1 + 4 / 24) / 2)
    result = score(*scored, metric=Metric.CER)
    assert (result.pfer, result.pfer_per_utterance) == (None, None)


def test_what_is_left_to_be_read(scored: tuple[Path, Path, Path]) -> None:
    score(*scored)
    folder = scored[2] / "score"
    counts = read_utterances(folder / "utterances.tsv")
    assert [(one.utterance, one.errors, one.reference) for one in counts] == [
        ("s-1", 2, 3),
        ("s-2", 0, 2),
    ]
    assert (
        (folder / "confusions.tsv").read_text().startswith("reference\thypothesis\tcount\tsaid\n")
    )
    assert (
        (folder / "worst.txt")
        .read_text()
        .startswith("1 of 2 utterances have errors:\n\ns-1: 2 errors in 3 phones")
    )


def test_words_and_characters(scored: tuple[Path, Path, Path]) -> None:
    result = score(*scored, metric=Metric.WER)
    assert (result.metric, result.sub, result.reference_length) == ("wer", 1, 2)
    assert (scored[2] / "score/hyp.trn").read_text() == "oraa\t(s-s-1)\nsi\t(s-s-2)\n"
    result = score(*scored, metric=Metric.CER)
    assert (result.metric, result.sub, result.ins, result.reference_length) == ("cer", 1, 1, 5)


def test_merged_phones_are_shown_and_recorded(
    scored: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    table = scored[0] / "merge.txt"
    table.write_text("l r\n")
    result = score(*scored, merges=table)
    assert (result.sub, result.ins, result.merges) == (0, 1, {"l": "r"})
    assert capsys.readouterr().out == "scored as one:\n  l → r: 1 said, 0 heard\n"
    assert (scored[2] / "score/ref.trn").read_text().startswith("o r a\t")
    assert Result.read(scored[2] / "score/result.json") == result


def test_a_phone_that_panphon_does_not_know_is_said(
    scored: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (scored[2] / "text").write_text("s-2 s 7\ns-1 o l a\n")
    assert score(*scored).pfer == pytest.approx(1 / 5)
    assert capsys.readouterr().out.startswith("panphon does not know 7; ")


def test_what_was_not_measured_is_null(scored: tuple[Path, Path, Path]) -> None:
    result = score(*scored)
    assert (result.decode_seconds, result.decoding, result.ngram, result.penalty) == (
        None,
        None,
        None,
        None,
    )


def test_how_it_was_decoded_is_recorded(scored: tuple[Path, Path, Path]) -> None:
    weights = Weights(ngram_weight=0.4, penalty=1.0)
    files = ModelFiles(ngram=Path("exp/ngram_train/3gram.arpa"))
    write_json(scored[2] / "decode.json", describe("beam 12", files, weights, seconds=2.0))
    result = score(*scored)
    assert (result.decoding, result.ngram_weight, result.penalty) == ("beam 12", 0.4, 1.0)
    assert (result.lm, result.lm_weight, result.decode_seconds) == (None, None, 2.0)
    assert result.ngram is not None
    assert result.ngram.endswith("exp/ngram_train/3gram.arpa")


def test_an_utterance_that_was_not_decoded(scored: tuple[Path, Path, Path]) -> None:
    (scored[2] / "text").write_text("s-2 s i\n")
    with pytest.raises(UserError, match="utterance s-1: no hypothesis"):
        score(*scored)


def test_no_language_leads_out_of_the_directory(scored: tuple[Path, Path, Path]) -> None:
    exp, data, decoded = scored
    both = [
        Utterance("s-1", "s", "../../../x", "/1.wav", ("o", "l", "a"), "hola", 1.5),
        Utterance("s-2", "s", "..", "/2.wav", ("s", "i"), "sì", 0.5),
    ]
    write_data_dir(data, both)
    score(exp, data, decoded)
    names = {path.name for path in (decoded / "score/by_language").iterdir()}
    assert names == {"%2E.%2F..%2F..%2Fx", "%2E."}
