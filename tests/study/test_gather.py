"""What is compared with what."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from parp_espnet.pipeline.decoding import Decoding
from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pipeline.settings import Settings
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances
from parp_espnet.study.claims import claims
from parp_espnet.study.collect import Done
from parp_espnet.study.comparing import comparisons
from parp_espnet.study.evidence import Evidence
from parp_espnet.study.figures.cost import cost
from parp_espnet.study.gather import gather
from parp_espnet.study.plan import Study
from parp_espnet.study.report import page
from parp_espnet.study.table import head, rows


def scored(result: Result, folder: Path, errors: int) -> Done:
    """A complete experiment with the same number of errors in each of twenty utterances."""
    write_utterances(
        folder / "utterances.tsv", [Counts(f"s-{n}", 10, errors, 0, 0) for n in range(20)]
    )
    return Done(Study.read(ROOT / "conf/study/quick.yaml").experiments[0], result, folder)


def test_only_what_was_decoded_alike_is_compared_and_what_is_missing_is_named(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    def done(method: str, errors: int, **more: object) -> Done:
        sparsity = 0.0 if method == "dense" else 0.5
        result = make_result(method=method, sparsity_target=sparsity, interval=None, **more)
        return scored(result, tmp_path / f"{method}-{errors}", errors)

    with_ngram = {"decoding": "beam 12", "ngram": "exp/3gram.arpa"}
    some = [done("dense", 1, decoding="greedy"), done("parp", 2), done("parp", 3, **with_ngram)]
    (found,) = comparisons(some)
    assert (found.one, found.other, found.decoding) == ("parp", "dense", "greedy")
    assert round(found.difference, 4) == 0.1
    some.append(done("dense", 4, **with_ngram))
    assert {(one.decoding, round(one.difference, 4)) for one in comparisons(some)} == {
        ("greedy", 0.1), ("beam 12 with n-gram", -0.1),
    }  # fmt: skip
    (some[1].folder / "utterances.tsv").unlink()
    evidence = gather(some)
    assert len(evidence.comparisons) == 1
    lost = str(some[1].folder / "utterances.tsv")
    assert lost in evidence.missing
    omp = done("omp", 5)
    assert str(omp.folder / omp.experiment.mask.name) in gather([*some, omp]).missing
    assert lost in Evidence(missing=[lost]).warning
    assert Evidence().warning == ""


@pytest.mark.parametrize("damage", [b"", b'{"step": 0, "fl', b"[]\n", b"\xff\n"])
def test_a_log_or_a_table_that_is_damaged_is_named(
    damage: bytes, make_result: Callable[..., Result], tmp_path: Path
) -> None:
    parp = make_result(method="parp", sparsity_target=0.5, interval=5, seed=0)
    dense = make_result(method="dense", sparsity_target=0.0, interval=None, seed=0)
    some = [scored(one, tmp_path / one.method, 1) for one in (parp, dense)]
    log = some[0].folder / "pruning.jsonl"
    log.write_bytes(damage)
    settings = some[1].experiment.settings
    assert isinstance(settings, Settings)
    decoding = some[1].folder / Decoding(settings).name
    table = decoding / dense.dataset / "score/confusions.tsv"
    table.parent.mkdir(parents=True)
    table.write_bytes(damage + b"\na\tb\n")
    kept = Mask({"x": torch.ones(8, dtype=torch.bool)}, origin="a test", sparsity_target=0.0)
    kept.save(some[0].folder / "mask.safetensors")
    evidence = gather(some)
    # An empty log is of a training that has not adjusted its mask.
    assert (str(log) in evidence.missing) == bool(damage)
    assert str(table) in evidence.missing


def test_what_differs_in_the_upstream_alone_is_compared_with_the_first(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    def done(upstream: str, errors: int, **more: object) -> Done:
        result = make_result(
            method="dense", sparsity_target=0.0, interval=None, upstream=upstream, **more
        )
        return scored(result, tmp_path / f"{upstream}-{errors}", errors)

    found = list(
        comparisons(
            [
                done("multi", 1),
                done("mono", 3),
                done("mono", 4, seed=1),
                done("random", 5, updates=9),
            ]
        )
    )
    assert [(one.one, one.other, round(one.difference, 4)) for one in found] == [
        ("dense, mono", "dense, multi", 0.2)
    ]


def test_comparisons_on_several_upstreams_are_told_apart(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    def done(upstream: str, method: str, errors: int) -> Done:
        sparsity = 0.0 if method == "dense" else 0.5
        result = make_result(
            method=method, sparsity_target=sparsity, upstream=upstream, train_minutes=60.0
        )
        run = scored(result, tmp_path / f"{upstream}-{method}".replace("/", "-"), errors)
        kept = {"layers.0.attention.q_proj.weight": torch.ones(8, dtype=torch.bool)}
        Mask(kept, origin="a test", sparsity_target=0.5).save(run.folder / "mask.safetensors")
        (run.folder / "pruning.jsonl").write_text('{"step": 0, "flips": 0, "iou_first": 1.0}\n')
        return run

    joint = "../joint/exp/phn_parp-p_s0.5_multi_u300_seed0"
    some = []
    for number, upstream in enumerate(("multi", joint)):
        some.append(done(upstream, "dense", 1 + number))
        some.append(done(upstream, "parp", 3 + 2 * number))
    evidence = gather(some)
    beside = [one for one in evidence.comparisons if (one.one, one.other) == ("parp", "dense")]
    assert [(one.upstream, round(one.difference, 1)) for one in beside] == [
        ("multi", 0.2),
        (joint, 0.3),
    ]
    assert {one.train_minutes for one in beside} == {60.0}
    # A table of them has a column, in which an experiment has a name.
    results = [one.result for one in some]
    text = page("a study", results, evidence, [], {}, [], {})
    assert "<th>upstream</th>" in text.split("Comparisons on the same utterances")[1]
    # PARP beside dense, and both beside themselves on the first upstream.
    assert text.count("<td>from joint (parp-p s0.5)</td>") == 3
    named = ["parp, multi", "parp, from joint (parp-p s0.5)"]
    assert [one.line for one in evidence.anatomies] == named
    assert [one.line for one in evidence.adjustings] == named
    # Where there is one, nobody has to be told which.
    alone = gather(some[:2])
    text = page("a study", results[:2], alone, [], {}, [], {})
    assert "<th>upstream</th>" not in text.split("Comparisons on the same utterances")[1]
    assert [one.line for one in alone.anatomies] == ["parp"]


def test_text_is_compared_by_its_predictions_and_a_mask_with_itself(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    experiment = Study.read(ROOT / "conf/study/glue.yaml").experiments[0]

    def done(method: str, right: int, source: str | None = None) -> Done:
        mask = source and f"egs2/glue/{source}/exp/omp/finetuned_mask.safetensors"
        folder = tmp_path / f"{method}-{source}"
        folder.mkdir()
        rows = [
            f"{n}\t{('no', 'yes')[n % 2]}\t{('no', 'yes')[(n + (n >= right)) % 2]}\n"
            for n in range(100)
        ]
        (folder / "predictions.tsv").write_text("id\tlabel\tprediction\n" + "".join(rows))
        result = make_result(
            recipe="egs2/glue/cldr_same", language="cldr_same", method=method, initial_mask=mask,
            metric="accuracy",
            scores={"accuracy": right / 100}, train_minutes=None, train_examples=10,
            error_rate=1 - right / 100,
        )  # fmt: skip
        return Done(experiment, result, folder)

    some = [done("omp", 90, "cldr_same"), done("transfer", 60, "rte"), done("parp", 88, "rte")]
    some.append(done("parp", 70, "cola"))
    found = {(one.one, one.other): round(one.difference, 4) for one in comparisons(some)}
    assert found == {
        ("transfer, mask of rte", "omp"): 0.3,
        ("parp, mask of rte", "omp"): 0.02,
        ("parp, mask of cola", "omp"): 0.2,
        ("parp, mask of rte", "transfer, mask of rte"): -0.28,
    }


def test_evidence_is_of_each_scope_for_itself(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    """What is ranked otherwise is compared with what is ranked so, and no claim takes it for the
    paper's PARP.
    """

    def done(method: str, errors: int, **options: object) -> Done:
        sparsity = 0.0 if method == "dense" else 0.5
        result = make_result(
            method=method, sparsity_target=sparsity, interval=None, options=options
        )
        return scored(result, tmp_path / f"{method}-{errors}", errors)

    some = [done("dense", 1), done("omp", 2), done("parp", 3)]
    some += [done("omp", 4, scope="layer"), done("parp", 5, scope="layer")]
    evidence = gather(some)
    found = {(one.one, one.other): round(one.difference, 4) for one in evidence.comparisons}
    assert found == {
        ("omp", "dense"): 0.1,
        ("parp", "dense"): 0.2,
        ("parp", "omp"): 0.1,
        ("omp, scope layer", "dense"): 0.3,
        ("parp, scope layer", "dense"): 0.4,
        ("parp, scope layer", "omp, scope layer"): 0.1,
    }
    assert {one.line for one in evidence.costs} == {
        "dense",
        "omp",
        "parp",
        "omp, scope layer",
        "parp, scope layer",
    }
    figure = cost(evidence.costs)
    assert figure is not None
    assert len(figure.legends[0].get_texts()) == 5
    (claim,) = [one for one in claims([one.result for one in some], evidence) if one.name == "C2"]
    assert "more in 1," in claim.because


def test_what_was_trained_otherwise_is_not_compared(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    def done(method: str, errors: int, **more: object) -> Done:
        result = make_result(
            method=method, interval=None, sparsity_target=0.0 if method == "dense" else 0.5, **more
        )
        return scored(result, tmp_path / f"{method}-{errors}", errors)

    slow, fast, old = {"options": {"lr": 0.1}}, {"options": {"lr": 0.2}}, {"options": {}}
    some = [
        done("dense", 1, **slow),
        done("dense", 2, **fast),
        done("parp", 3, **fast),
        done("parp", 4, **old),
    ]
    (found,) = comparisons(some)
    assert (found.one, found.other, found.conditions, round(found.difference, 4)) == (
        "parp",
        "dense",
        "lr 0.2",
        0.1,
    )
    # Nor what was scored on a text that has been corrected since.
    changed = [done("dense", 5, reference_sha256="a"), done("parp", 6, reference_sha256="b")]
    assert list(comparisons(changed)) == []


def test_other_rules_are_compared_with_parp_p_each_at_its_own_rate(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    """Rates that were chosen for each method; two rates of one method are two conditions."""

    def done(method: str, errors: int, lr: float | None = None, **more: object) -> Done:
        options = {"method": method} | ({} if lr is None else {"lr": lr})
        result = make_result(method=method, sparsity_target=0.9, options=options, **more)
        return scored(result, tmp_path / f"{method}-{errors}", errors)

    def pairs(some: list[Done]) -> set[tuple[str, str]]:
        return {(one.first.name, one.second.name) for one in comparisons(some)}

    some = [done("parp-p", 3), done("rigl", 1, lr=0.002), done("parp", 4)]
    assert pairs(some) == {("rigl", "parp-p")}
    assert pairs([*some, done("rigl", 2, lr=0.004)]) == set()
    assert pairs([done("parp-p", 5), done("router", 6)]) == {("router", "parp-p")}
    # Another recipe has rates of its own.
    mboshi = {"recipe": "egs2/mboshi/mb", "language": "mb"}
    human = [done("parp-p", 7, lr=4e-4, **mboshi), done("rigl", 8, lr=4e-4, **mboshi)]
    found = [(one.first.name, one.language) for one in comparisons([*some, *human])]
    assert set(found) == {("rigl", some[0].result.language), ("rigl", "mb")}
    # So has another language: where several rates were tried in one, that one alone has no pairs.
    tried = [done("rigl", 9, lr=0.1, **mboshi), done("rigl", 10, lr=0.2, **mboshi)]
    found = [(one.first.name, one.language) for one in comparisons([*some, human[0], *tried])]
    assert found == [("rigl", some[0].result.language)]


def test_adapters_are_compared_with_dense_and_moving_masks_with_them(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    """Two ranks are two arms, and neither is the dense model that ratios are of."""

    def done(method: str, sparsity: float, errors: int, **options: object) -> Done:
        told = {"method": method, **options}
        result = make_result(
            method=method,
            sparsity_target=sparsity,
            interval=None,
            options=told,
            error_rate=errors / 10,
        )
        return scored(result, tmp_path / f"{method}-{errors}", errors)

    some = [
        done("lora", 0.0, 1, adapter_rank=5),
        done("dense", 0.0, 2),
        done("router", 0.7, 3),
        done("mpi", 0.7, 4),
        done("lora", 0.0, 5, adapter_rank=9),
    ]
    pairs = {(one.one, one.other) for one in comparisons(some)}
    ranks = [f"lora, adapter_rank {rank}" for rank in (5, 9)]
    assert {pair for pair in pairs if "lora" in str(pair)} == {
        *((rank, "dense") for rank in ranks),
        *(("router", rank) for rank in ranks),
    }
    results = [run.result for run in some]
    ratios = [row[list(head(results)).index("against dense")] for row in rows(results)]
    assert ratios == ["0.50", "1.00", "1.50", "2.00", "2.50"]


def test_another_score_is_compared_with_magnitudes(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    def done(errors: int, **options: object) -> Done:
        told = {"method": "mpi", **options}
        result = make_result(method="mpi", interval=None, options=told)
        return scored(result, tmp_path / f"mpi-{errors}", errors)

    some = [done(3), done(1, score="activation", raw_speech="talks"), done(2, score="activation")]
    found = [(one.one, one.other, round(one.difference, 1)) for one in comparisons(some)]
    assert found == [
        ("mpi, score activation, raw_speech talks", "mpi, magnitude", -0.2),
        ("mpi, score activation", "mpi, magnitude", -0.1),
    ]
    assert list(comparisons([some[0], done(4, score="activation", scope="row")])) == []


def test_errors_are_those_of_one_seed_of_each_dense_model(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    """Those of three seeds stood below each other, as if they were of one model."""
    some = []
    for number, more in enumerate(
        (
            {"seed": 0},
            {"seed": 1},
            {"seed": 0, "freeze_updates": 250},
            {"seed": 1, "freeze_updates": 250},
            {"seed": 0, "updates": 600},
            {"seed": 0, "upstream": "english"},
            {"seed": 0, "options": {"lr": 0.1}},
            {"seed": 0, "updates": 0, "options": {"updates": 0}},
        )
    ):
        usual = {"method": "dense", "sparsity_target": 0.0, "interval": None, "options": {}}
        result = make_result(**{"language": "es", "upstream": "multi", **usual, **more})
        done = scored(result, tmp_path / str(number), 1)
        settings = done.experiment.settings
        assert isinstance(settings, Settings)
        table = done.folder / Decoding(settings).name / result.dataset / "score/confusions.tsv"
        table.parent.mkdir(parents=True)
        table.write_text(f"reference\thypothesis\tcount\tsaid\ne\to\t{number}\t9\n")
        some.append(done)
    evidence = gather(some)
    assert [error.count for error in evidence.confusions] == [0, 2, 4, 5, 6, 7]
    assert len({error.model for error in evidence.confusions}) == 6
    html = page("x", [one.result for one in some], evidence, [], {}, [], {})
    assert "<th>model</th><th>said</th>" in html
    alone = gather(some[:2])
    assert [error.count for error in alone.confusions] == [0]
    html = page("x", [one.result for one in some[:2]], alone, [], {}, [], {})
    assert "<th>language</th><th>said</th>" in html
