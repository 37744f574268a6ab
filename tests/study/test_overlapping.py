"""Which masks are laid over each other, and which comparisons are of one length of training."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from parp_espnet.pipeline.paths import ROOT
from parp_espnet.pruning.masks import Mask
from parp_espnet.scoring.per import Counts
from parp_espnet.scoring.result import Result
from parp_espnet.scoring.utterances import write_utterances
from parp_espnet.study.collect import Done
from parp_espnet.study.comparing import comparisons
from parp_espnet.study.experiment import FINAL_MASK
from parp_espnet.study.overlapping import learned_overlaps, overlaps
from parp_espnet.study.plan import Study
from parp_espnet.study.variants import Differences

FIRST, *_ = Study.read(ROOT / "conf/study/quick.yaml").experiments


@pytest.fixture
def done(make_result: Callable[..., Result], tmp_path: Path) -> Callable[..., Done]:
    """A complete experiment of a language at 50 %, with a mask that keeps some of eight weights."""

    def make(language: str, method: str, kept: str, updates: int = 300, **options: object) -> Done:
        folder = tmp_path / f"{language}-{method}-{updates}-{len(list(tmp_path.iterdir()))}"
        write_utterances(folder / "utterances.tsv", [Counts("s-1", 10, len(options), 0, 0)])
        result = make_result(
            recipe=f"egs2/cldr/{language}", language=language, method=method, updates=updates,
            sparsity_target=0.5, interval=None, initial_mask=None, options=options,
        )  # fmt: skip
        bits = torch.tensor([bit == "1" for bit in kept]).reshape(2, 4)
        mask = Mask({"encoder.layers.0.fc1.weight": bits}, origin="test", sparsity_target=0.5)
        mask.save(folder / FINAL_MASK)
        return Done(FIRST, result, folder)

    return make


def apart(some: list[Done]) -> Differences:
    return Differences.of([one.result for one in some])


@pytest.mark.parametrize(
    "option",
    [
        {"scope": "units"}, {"scope": "layer"}, {"score": "wanda"}, {"prune_biases": False},
        {"prune_pattern": "x"},
    ],
)  # fmt: skip
def test_a_learned_mask_is_beside_mpis_of_the_same_ranking(
    option: dict[str, object], done: Callable[..., Done]
) -> None:
    """It was beside the study's first."""
    some = [
        done("es", "mpi", "11110000"),
        done("es", "mpi", "00001111", **option),
        done("es", "movement", "00001111", **option),
    ]
    (found,) = learned_overlaps(some, apart(some))
    assert (found.one, found.other, found.iou) == ("es", "mpi", 1.0)
    assert not list(learned_overlaps([some[0], some[2]], apart(some)))


def test_a_learned_mask_is_beside_mpis_whatever_its_rates(done: Callable[..., Done]) -> None:
    some = [done("es", "mpi", "11110000"), done("es", "movement", "11110000", score_lr=3.0)]
    (found,) = learned_overlaps(some, apart(some))
    assert found.iou == 1.0


@pytest.mark.parametrize("first", [300, 600])
def test_masks_of_other_lengths_of_training_are_apart(
    first: int, done: Callable[..., Done]
) -> None:
    """In one language the longer one comes first, in the other the shorter."""
    some = [
        done("es", "omp", "11110000" if first == 300 else "00001111", first),
        done("es", "omp", "00001111" if first == 300 else "11110000", 900 - first),
        done("tr", "omp", "11110000", 300),
        done("tr", "omp", "00001111", 600),
    ]
    found = list(overlaps(some, apart(some)))
    assert {one.conditions for one in found} == {"300 updates", "600 updates"}
    assert [one.iou for one in found] == [1.0, 1.0]


def test_a_joint_run_is_no_other_length(done: Callable[..., Done]) -> None:
    some = [done("es", "omp", "11110000", 100), done("tr", "omp", "11110000", 100)]
    joint = done("es tr", "omp", "11110000", 1000)
    some.append(Done(joint.experiment, _joint(joint.result), joint.folder))
    found = list(overlaps(some, apart(some)))
    assert len(found) == 3
    assert {one.conditions for one in found} == {""}


def _joint(result: Result) -> Result:
    return Result.of(result.as_json() | {"train_languages": ["es", "tr"]}, "joint")


@pytest.mark.parametrize(
    ("longer", "expected"), [(300, {""}), (600, {"300 updates", "600 updates"})]
)
def test_comparisons_of_several_lengths_say_which(
    longer: int, expected: set[str], done: Callable[..., Done]
) -> None:
    some = []
    for updates in {300, longer}:
        some += [done("es", "omp", "11110000", updates), done("es", "parp", "11110000", updates)]
    assert {one.conditions for one in comparisons(some)} == expected


@pytest.mark.parametrize("method", ["parp", "parp-p", "rigl"])
def test_who_is_taught_is_told_from_other_methods(method: str, done: Callable[..., Done]) -> None:
    """Every run of one method is taught, and none of the others."""
    some = [done("es", "omp", "11110000"), done("es", method, "11110000", teacher="dense")]
    assert apart(some).names == ("teacher",)
    (found,) = [one for one in comparisons(some) if one.first.method == method]
    assert found.one == f"{method}, teacher dense"
