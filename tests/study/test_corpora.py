"""Studies of several corpora of one language, as `{es: egs2/cldr/es, es_cv: …/commonvoice/es}`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parp_espnet.pipeline.paths import ROOT
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances
from parp_espnet.study.claims import claims
from parp_espnet.study.collect import Done, collect, read_results
from parp_espnet.study.comparing import comparisons
from parp_espnet.study.evidence import Evidence, Overlap
from parp_espnet.study.plan import Study
from parp_espnet.study.table import head, rows

CLDR, READ = "egs2/cldr/es", "egs2/commonvoice/es"
STUDY = f"""
recipes: {{es: {CLDR}, es_cv: {READ}}}
arms:
    dense: {{method: dense, upstream: [multi, mono]}}
"""


@pytest.fixture
def study(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path / "study.yaml"
    corpus = tmp_path_factory.mktemp("commonvoice")
    path.write_text(f"{STUDY}options: {{commonvoice: {corpus}, skip_check: true}}\n")
    return Study.read(path)


@pytest.fixture
def done(tmp_path: Path, make_result: Callable[..., Result]) -> Callable[..., Done]:
    """A complete experiment on a recipe's own utterances, all with as many errors."""
    experiment = Study.read(ROOT / "conf/study/quick.yaml").experiments[0]

    def make(recipe: str, errors: int, **more: object) -> Done:
        folder = tmp_path / f"{recipe.replace('/', '-')}-{errors}"
        corpus = recipe.split("/")[1]
        counts = [Counts(f"{corpus}-{number}", 10, errors, 0, 0) for number in range(4)]
        write_utterances(folder / "utterances.tsv", counts)
        return Done(experiment, make_result(recipe=recipe, interval=None, **more), folder)

    return make


@pytest.mark.parametrize("known", [True, False])
def test_upstreams_are_compared_on_each_corpus(done: Callable[..., Done], known: bool) -> None:
    """It ended the report of a study that was complete."""
    some = []
    for number, recipe in enumerate((CLDR, READ)):
        for errors, upstream in enumerate(("multi", "mono"), start=1):
            data = {"reference_sha256": recipe, "train_sha256": recipe} if known else {}
            dense = {"method": "dense", "sparsity_target": 0.0, "upstream": upstream}
            some.append(done(recipe, errors + number, **data, **dense))
    found = [(one.one, one.other, round(one.difference, 4)) for one in comparisons(some)]
    assert found == [("dense, mono", "dense, multi", 0.1)] * 2


@pytest.mark.parametrize("known", [True, False])
def test_a_joint_run_is_compared_on_its_own_corpus(done: Callable[..., Done], known: bool) -> None:
    def data(corpus: str) -> dict[str, object]:
        return {"reference_sha256": corpus} if known else {}

    omp = {"method": "omp", "initial_mask": "egs2/cldr/es/exp/x/finetuned_mask.safetensors"}
    joint = {"method": "omp", "train_languages": ["es", "tr"], "updates": 900}
    some = [
        done(CLDR, 1, **omp, **data("cldr")),
        done(READ, 2, **omp, **data("commonvoice")),
        done("egs2/cldr/joint", 3, **joint, **data("cldr")),
    ]
    found = [(one.one, one.other, round(one.difference, 4)) for one in comparisons(some)]
    assert found == [("omp, joint run", "omp", 0.2)]


def test_another_score_is_compared_on_the_same_data(done: Callable[..., Done]) -> None:
    """A text that was corrected between the two is another text."""
    magnitude, activation = {"method": "mpi"}, {"method": "mpi", "score": "activation"}
    some = [
        done(CLDR, errors, method="mpi", options=options, reference_sha256=text)
        for errors, options, text in (
            (1, magnitude, "before"),
            (2, magnitude, "now"),
            (4, activation, "now"),
        )
    ]
    found = [(one.other, round(one.difference, 4)) for one in comparisons(some)]
    assert found == [("mpi, magnitude", 0.2)]


def test_corpora_of_one_language_have_the_studys_names(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    for number, experiment in enumerate(study.experiments):
        made = make_result(
            recipe=str(experiment.recipe),
            method="dense",
            sparsity_target=0.0,
            interval=None,
            upstream=experiment.settings.upstream,  # type: ignore[attr-defined]
            error_rate=0.1 * (number + 1),
            mask_origin={"recipe": READ, "language": "es", "source": "finetuned"},
        )
        made.write(tmp_path / experiment.result)
    done = collect(study.experiments, tmp_path, tmp_path / "results.json")
    results = read_results(tmp_path / "results.json")
    assert [run.result for run in done] == results
    assert [one.language for one in results] == ["es", "es", "es_cv", "es_cv"]
    # A mask is of the corpus that it was made on.
    assert {(one.mask_origin or {})["language"] for one in results} == {"es_cv"}
    # Each is beside the dense model of its own corpus.
    place = list(head(results)).index("against dense")
    assert [row[place] for row in rows(results)] == ["1.00", "2.00", "1.00", "1.33"]


def test_one_corpus_keeps_the_name_of_its_language(
    study: Study, tmp_path: Path, make_result: Callable[..., Result]
) -> None:
    for experiment in study.experiments:
        if experiment.language == "es_cv":
            make_result(recipe=READ).write(tmp_path / experiment.result)
    done = collect(study.experiments, tmp_path, tmp_path / "results.json")
    assert {run.result.language for run in done} == {"es"}


def test_masks_of_one_language_are_none_of_several(make_result: Callable[..., Result]) -> None:
    results = [make_result(language="es", train_languages=["es"])]
    results += [replace(results[0], language="es_cv"), make_result(train_languages=["es", "tr"])]
    pairs = [("es", "es_cv", 0.99), ("es", "tr", 0.5)]
    evidence = Evidence(overlaps=[Overlap(0.5, "multi", 0, *pair, {}) for pair in pairs])
    (claim,) = [one for one in claims(results, evidence) if one.name == "C4"]
    assert claim.because.startswith("1 pair, 0.5000")


@pytest.mark.parametrize(
    ("language", "shown"), [("und", "es_cv"), ("es", "es"), ("mb", "mb"), (None, None)]
)
def test_a_language_that_nobody_named_has_the_name_of_the_study(
    study: Study,
    tmp_path: Path,
    make_result: Callable[..., Result],
    language: str | None,
    shown: str | None,
) -> None:
    heard = None if language is None else [language]
    experiment = next(one for one in study.experiments if one.language == "es_cv")
    result = make_result(recipe=READ, language=language, train_languages=heard)
    result.write(tmp_path / experiment.result)
    (run,) = collect(study.experiments, tmp_path, tmp_path / "results.json")
    assert (run.result.language, run.result.train_languages) == (shown, heard)
