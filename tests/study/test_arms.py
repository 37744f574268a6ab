"""Whose mask an experiment begins with is told by fields; by paths and names for what is older than
these alone.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from parp_espnet.files import read_json
from parp_espnet.pruning.origin import Origin
from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm, arm_of, corpus_of, is_joint, is_total
from parp_espnet.study.evidence import Comparison, Evidence
from parp_espnet.study.older import fields_of_label

ES = Origin("finetuned", "omp", "egs2/cldr/es", "es", 0, "multi", "magnitude")


def given(
    make_result: Callable[..., Result], origin: Origin | None, mask: str, **more: object
) -> Arm:
    """The arm of a Turkish run with a mask from elsewhere."""
    told = (
        None if origin is None else {**origin.as_dict(), "scope": "global", "sha256": "0123456789"}
    )
    values: dict[str, object] = {
        "options": {"initial_mask": mask},
        "recipe": "egs2/cldr/tr",
        "language": "tr",
    }
    result = make_result(method="transfer", initial_mask=mask, mask_origin=told, **values | more)
    return arm_of(result).at_any_sparsity


def test_masks_elsewhere_on_the_disk_are_told_apart(make_result: Callable[..., Result]) -> None:
    tr = Origin("finetuned", "omp", "egs2/cldr/tr", "tr", 0, "multi", "magnitude")
    paths = [
        "/scratch/es/phn_omp/finetuned_mask.safetensors",
        "/scratch/tr/phn_omp/finetuned_mask.safetensors",
    ]
    names = [
        given(make_result, origin, path).name for origin, path in zip((ES, tr), paths, strict=True)
    ]
    assert names == ["transfer, mask of es", "transfer, mask of tr"]


def test_the_mask_of_the_upstream_is_one_arm_in_all_seeds(
    make_result: Callable[..., Result],
) -> None:
    """It was another in the seed of the joint model than in all others."""
    upstream = "../../cldr/joint/exp/phn_parp-p_s0.9_seed0"
    mask = "egs2/cldr/joint/exp/phn_parp-p_s0.9_seed0/mask.safetensors"
    joint = Origin("trained", "parp-p", "egs2/cldr/joint", "es fr", 0, "multi", "magnitude")
    here = {"recipe": "egs2/mboshi/mb", "language": "mb", "upstream": upstream}
    names = {given(make_result, joint, mask, seed=seed, **here).name for seed in (0, 1)}
    assert names == {"transfer, mask of joint parp-p"}
    # On another upstream it is told whose the mask is.
    elsewhere = {given(make_result, joint, mask, seed=seed, language="mb").name for seed in (0, 1)}
    assert len(elsewhere) == 2


def test_that_scores_were_learned_is_told_by_the_method(make_result: Callable[..., Result]) -> None:
    """It stood twice: "mask of es router by learned"."""
    learned = Origin("trained", "router", "egs2/cldr/es", "es", 0, "multi", "learned")
    assert given(make_result, learned, "es.safetensors").name == "transfer, mask of es router"
    by_moment = Origin("trained", "parp", "egs2/cldr/es", "es", 0, "multi", "moment")
    found = given(make_result, by_moment, "es.safetensors")
    assert found.name == "transfer, mask of es parp by moment"


@pytest.mark.parametrize(
    "path",
    [
        "egs2/cldr/fr/exp/phn_parp_x/mask.safetensors",
        "exp/masks/union_omp_fr_it_s0.9_seed0.safetensors",
        "egs2/cldr/joint/exp/phn_omp/finetuned_mask.safetensors",
        "/home/me/mask.safetensors",
    ],
)
def test_no_path_says_whose_a_mask_is(make_result: Callable[..., Result], path: str) -> None:
    assert given(make_result, ES, path) == Arm("transfer", languages=("es",))


@pytest.mark.parametrize(
    ("change", "called"),
    [
        ({"source": "trained", "method": "parp"}, "es parp"),
        ({"source": "trained", "method": "omp"}, "es omp"),
        ({"source": "iterated", "method": "imp"}, "es iterated"),
        ({"source": "random", "method": "rp"}, "es random"),
        ({"source": "pretrained", "method": "mpi"}, "es pretrained"),
        ({"language": "es tr"}, "joint"),
        ({"language": "es tr", "source": "trained", "method": "parp"}, "joint parp"),
        ({"language": "es fr", "source": "union", "parents": "a b"}, "union of omp es fr"),
        ({"recipe": "egs2/commonvoice/es"}, "es in egs2/commonvoice/es"),
        ({"upstream": "mono"}, "es on mono"),
        ({"seed": 1}, "es seed 1"),
    ],
)
def test_all_that_tells_two_masks_apart_is_told(
    make_result: Callable[..., Result], change: dict[str, str], called: str
) -> None:
    origin = Origin.of(ES.as_dict() | change)
    assert given(make_result, origin, "mask.safetensors").name == f"transfer, mask of {called}"


def test_the_ranking_of_a_mask_is_told_where_it_is_not_that_of_the_run(
    make_result: Callable[..., Result],
) -> None:
    layer = {"initial_mask": "mask.safetensors", "scope": "layer"}
    assert (
        given(make_result, ES, "mask.safetensors", options=layer).name
        == "transfer, mask of es ranked by global"
    )


def test_a_mask_of_nobody_knows_whose_has_its_hash(make_result: Callable[..., Result]) -> None:
    """One of before has no fields; two of the same name are two."""
    assert (
        given(make_result, Origin(), "/scratch/es/mask.safetensors").name
        == "transfer, mask of mask 01234567"
    )
    # A result of before had neither.
    old = given(make_result, None, "/scratch/es/mask.safetensors", options=None)
    assert old.name == "transfer, mask of mask"


def test_an_own_mask_is_own_wherever_it_lies(make_result: Callable[..., Result]) -> None:
    path = "/scratch/es/phn_omp/finetuned_mask.safetensors"
    own = make_result(method="omp", initial_mask=path, options={}, finetuning_runs=2)
    assert arm_of(own) == Arm("omp", sparsity=own.sparsity_target, finetunings=2)
    assert arm_of(own).plain
    moving = make_result(
        method="parp", initial_mask=path, options={"first_mask": "random"}, interval=20
    )
    assert arm_of(moving).label == "parp, random mask, n = 20"


def test_a_joint_run_is_one_of_several_languages(make_result: Callable[..., Result]) -> None:
    both = make_result(recipe="egs2/mine/two", language="es fr", train_languages=["es", "fr"])
    part = make_result(recipe="egs2/mine/two", language="es", train_languages=["es", "fr"])
    one = make_result(recipe="egs2/mine/joint", language="es", train_languages=["es"])
    assert [(is_joint(result), is_total(result)) for result in (both, part, one)] == [
        (True, True), (True, False), (False, False),
    ]  # fmt: skip
    assert corpus_of(make_result(recipe="egs2/mine/es", options={"corpus": "cldr"})) == "cldr"
    assert corpus_of(make_result(recipe="egs2/mine/es", options={})) == corpus_of(
        make_result(recipe="egs2/mine/es")
    )


@pytest.mark.parametrize(
    "arm",
    [
        Arm("parp"),
        Arm("parp", joint=True),
        Arm("parp", first="random", interval=20),
        Arm("transfer", languages=("es",)),
        Arm("parp", languages=("joint",), run="parp-p"),
        Arm("transfer", combined="union", run="omp", languages=("es", "fr")),
        Arm("dense", variant="mono"),
    ],
)
def test_evidence_of_before_has_names_alone(arm: Arm, tmp_path: Path) -> None:
    assert Arm.of(fields_of_label(arm.label)) == arm
    found = Comparison(
        "es", 0.5, 0, 0, arm.label, "omp", 0.1, [0.0, 0.2], None, None, 0.01, "", arm, Arm("omp")
    )  # type: ignore[arg-type]
    Evidence(comparisons=[found]).write(tmp_path / "evidence.json")
    assert Evidence.read(tmp_path / "evidence.json").comparisons[0] == found
    values = read_json(tmp_path / "evidence.json")["comparisons"][0]
    assert values["one_arm"]["method"] == arm.method
