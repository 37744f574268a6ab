from collections.abc import Callable
from dataclasses import replace

import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.arms import Arm
from parp_espnet.study.claims import claims
from parp_espnet.study.evidence import Comparison, Cost, Evidence, Overlap
from parp_espnet.study.judges.verdict import Verdict


def against(one: str, other: str, difference: float, p: float = 0.01, **more: object) -> Comparison:
    values = {"language": "es", "sparsity": 0.5, "seed": 0, "freeze_updates": 0} | more
    interval = (difference - 0.01, difference + 0.01)
    return Comparison(
        one=one, other=other, difference=difference, difference_interval=interval, ratio=None,
        ratio_interval=None, p=p,
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


def verdict(name: str, evidence: Evidence, results: list[Result] | None = None) -> Verdict:
    (found,) = [one for one in claims(results or [], evidence) if one.name == name]
    assert found.because
    return found.verdict


def test_without_evidence_nothing_is_judged() -> None:
    found = claims([], Evidence())
    paper = [f"C{number}" for number in range(1, 10)]
    assert [one.name for one in found] == [*paper, "N1", "N2", "N3"]
    assert {one.verdict for one in found} == {Verdict.UNTESTED}
    assert all("no data" in one.because for one in found if one.name.startswith("N"))


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("C1", [against("parp", "dense", -0.05)], Verdict.HOLDS),
        ("C1", [against("parp", "dense", 0.05)], Verdict.FAILS),
        ("C1", [against("parp", "dense", -0.05, p=0.4)], Verdict.UNDECIDED),
        (
            "C1",
            [against("parp", "dense", 0.05, sparsity=0.9), against("parp", "dense", -0.05)],
            Verdict.HOLDS,
        ),
        # It is of models without a language model.
        ("C1", [against("parp", "dense", -0.05, decoding="beam 12 with n-gram")], Verdict.UNTESTED),
        ("C2", [against("parp", "omp", -0.05), against("parp", "imp", 0.0, p=1.0)], Verdict.HOLDS),
        ("C2", [against("parp", "omp", -0.05), against("parp", "omp", 0.05)], Verdict.FAILS),
        ("C2", [against("parp", "omp", 0.05, sparsity=0.9)], Verdict.UNTESTED),
        (
            "C6",
            [
                against("transfer, mask of tr", "omp", 0.05),
                against("parp, mask of tr", "omp", 0.0, p=1.0),
            ],
            Verdict.HOLDS,
        ),
        (
            "C6",
            [
                against("transfer, mask of tr", "omp", 0.0, p=1.0),
                against("parp, mask of tr", "omp", 0.0, p=1.0),
            ],
            Verdict.FAILS,
        ),
        (
            "C6",
            [
                against("transfer, mask of tr", "omp", 0.05),
                against("parp, mask of tr", "omp", 0.03),
            ],
            Verdict.FAILS,
        ),
        (
            "C6",
            [
                against(f"{method}, mask of {many}", "omp", 0.05)
                for method in ("transfer", "parp")
                for many in ("joint", "joint parp", "union of omp es fr")
            ],
            Verdict.UNTESTED,
        ),
        ("C7", [against("transfer, mask of joint", "omp", 0.0, p=1.0)], Verdict.HOLDS),
        (
            "C7",
            [
                against("transfer, mask of joint", "omp", 0.05),
                against("parp, joint run", "omp", -0.05),
            ],
            Verdict.HOLDS,
        ),
        (
            "C7",
            [against("omp, joint run", "omp", -0.05), against("parp, joint run", "omp", 0.05)],
            Verdict.FAILS,
        ),
    ],
)
def test_a_comparison_counts_where_its_interval_is_beside_zero(
    name: str, found: list[Comparison], expected: Verdict
) -> None:
    assert verdict(name, Evidence(comparisons=found)) is expected


def test_pruning_is_judged_beside_dense_at_each_amount_of_speech() -> None:
    """What holds at an hour says nothing of ten minutes."""
    found = [
        against("parp", "dense", -0.05, train_minutes=60.0),
        against("parp", "dense", -0.05, train_minutes=60.0, seed=1),
        against("parp", "dense", -0.04, train_minutes=60.0, freeze_updates=250),
        against("parp", "dense", 0.05, train_minutes=10.0),
        against("parp", "dense", 0.01, p=0.4, train_minutes=600.0),
        # Beyond 50 % it claims nothing, nor of others, nor with a language model.
        against("parp", "dense", 0.05, train_minutes=1.0, sparsity=0.8),
        against("parp-p", "dense", 0.05, train_minutes=2.0),
        against("parp", "dense", 0.05, train_minutes=3.0, decoding="beam 12 with LM"),
    ]
    judged = [one for one in claims([], Evidence(comparisons=found)) if one.name == "C1"]
    says = "PARP has fewer errors than the dense model, at {} minutes without a language model"
    assert [(one.says, one.verdict) for one in judged] == [
        (says.format(10), Verdict.FAILS),
        (says.format(60), Verdict.HOLDS),
        (says.format(600), Verdict.UNDECIDED),
    ]
    assert judged[1].because == (
        "0 frozen updates, up to 50 %: fewer errors in 2 of 2, more in 0, median difference -5.0 "
        "points; 250 frozen updates, up to 50 %: fewer errors in 1 of 1, more in 0, median "
        "difference -4.0 points"
    )


@pytest.mark.parametrize(
    ("differences", "p", "expected"),
    [
        ([-0.1, -0.05, -0.02, 0.01], 0.01, Verdict.HOLDS),
        ([-0.1, -0.05, 0.02, 0.01], 0.01, Verdict.FAILS),
        ([-0.1, -0.05, -0.02, 0.01], 0.4, Verdict.FAILS),
    ],
)
def test_masks_of_other_tasks_are_repaired(
    differences: list[float], p: float, expected: Verdict, make_result: Callable[..., Result]
) -> None:
    pairs = [
        against("parp, mask of cola", "transfer, mask of cola", found, p) for found in differences
    ]
    own = [
        against("transfer, mask of cola", "omp", 0.1),
        against("parp, mask of cola", "omp", 0.0, p=1.0),
    ]
    text = [
        make_result(
            metric="matthews", scores={"matthews": 0.9}, train_minutes=None, train_examples=10
        )
    ]
    evidence = Evidence(comparisons=[*pairs, *own])
    assert verdict("C9", evidence, text) is expected
    # The others are of speech.
    assert verdict("C6", evidence, text) is Verdict.UNTESTED
    assert verdict("C9", evidence, [make_result()]) is Verdict.UNTESTED
    (told,) = [one.because for one in claims(text, evidence) if one.name == "C9"]
    assert "fixed against the task's own OMP mask: fewer errors in 0 of 1, more in 1" in told


def test_cost_is_counted_in_finetunings() -> None:
    def cost(method: str, sparsity: float, runs: int) -> Cost:
        return Cost("es", method, sparsity, 0, 0, 0.1, 300 * runs, runs, None)

    some = [cost("parp", 0.5, 1), cost("imp", 0.5, 6), cost("imp", 0.7, 8)]
    assert verdict("C3", Evidence(costs=some)) is Verdict.HOLDS
    assert verdict("C3", Evidence(costs=some[:2])) is Verdict.UNDECIDED
    same = [*some[:2], cost("imp", 0.55, 6)]
    assert verdict("C3", Evidence(costs=same)) is Verdict.UNDECIDED
    assert verdict("C3", Evidence(costs=[*same, some[2]])) is Verdict.HOLDS


@pytest.mark.parametrize(
    ("ious", "expected"),
    [([0.95, 0.97], Verdict.HOLDS), ([0.5, 0.6], Verdict.FAILS), ([0.8, 0.95], Verdict.UNDECIDED)],
)
def test_masks_of_languages_overlap(ious: list[float], expected: Verdict) -> None:
    found = [Overlap(0.5, "multi", 0, "es", "tr", iou, {}) for iou in ious]
    assert verdict("C4", Evidence(overlaps=found)) is expected
    with_mpi = [Overlap(0.5, "multi", 0, "es", "mpi", 0.99, {})]
    assert verdict("C4", Evidence(overlaps=with_mpi)) is Verdict.UNTESTED


def test_the_final_mask_beside_the_first(make_result: Callable[..., Result]) -> None:
    same = make_result(
        method="parp", sparsity_target=0.5, iou_initial_final=0.99999, initial_mask=None
    )
    moved = make_result(
        method="parp", sparsity_target=0.5, iou_initial_final=0.9, initial_mask=None
    )
    assert verdict("C5", Evidence(), [same]) is Verdict.HOLDS
    assert verdict("C5", Evidence(), [moved]) is Verdict.FAILS
    assert verdict("C5", Evidence(), [same, moved]) is Verdict.UNDECIDED
    # None of the first mask is left, which is measured; what is not measured is left out.
    nothing, unknown = replace(same, iou_initial_final=0.0), replace(same, iou_initial_final=None)
    assert verdict("C5", Evidence(), [same, nothing]) is Verdict.UNDECIDED
    assert verdict("C5", Evidence(), [same, unknown]) is Verdict.HOLDS
    # One model, decoded in two ways, on two sets.
    again = [replace(same, decoding="beam 12", ngram="3.arpa"), replace(same, dataset="dev")]
    verdicts = {claim.name: claim for claim in claims([same, *again], Evidence())}
    assert verdicts["C5"].because == "1 run, 1.0000"


def test_a_random_start(make_result: Callable[..., Result]) -> None:
    def make(
        method: str, sparsity: float, rate: float, mask: str | None = None, **more: object
    ) -> Result:
        file = None if mask is None else f"egs2/cldr/es/exp/x/{mask}_mask.safetensors"
        return make_result(
            recipe="egs2/cldr/es", language="es", method=method, sparsity_target=sparsity,
            error_rate=rate,
            initial_mask=file, **more,
        )  # fmt: skip

    def judge(*found: Result) -> Verdict:
        return verdict("C8", Evidence(), list(found))

    best, worse = (
        [make("parp-p", 0.9, 0.3), make("parp", 0.9, 0.4)],
        [make("parp-p", 0.9, 0.3), make("parp", 0.9, 0.2)],
    )
    as_bad = [make("rp", 0.7, 0.5, "random"), make("parp", 0.7, 0.5, "random")]
    better = [make("rp", 0.7, 0.5, "random"), make("parp", 0.7, 0.2, "random")]
    assert judge(*as_bad, *best) is Verdict.HOLDS
    assert judge(*better, *best) is Verdict.FAILS
    # Half of it neither holds nor fails what the other half says.
    assert judge(*as_bad) is judge(*best) is Verdict.UNDECIDED
    assert judge(*better) is judge(*as_bad, *worse) is Verdict.FAILS
    # What was trained otherwise is not ranked.
    other_runs = [make("rp", 0.5, 0.5, "random"), make("parp", 0.9, 0.2, updates=7)]
    assert judge(as_bad[1], best[0], *other_runs) is Verdict.UNTESTED
    # Nor is PARP-P beside itself: joint models of other languages, or seeds of one condition.
    joint = [make("parp-p", 0.9, rate, train_languages=["es", "fr"]) for rate in (0.3, 0.4)]
    assert judge(*joint) is judge(best[0], best[0]) is Verdict.UNTESTED
    others = make("parp", 0.9, 0.2, train_languages=["es", "tr"])
    assert judge(*joint, others) is Verdict.UNTESTED
    assert judge(*joint, replace(others, train_languages=["es", "fr"])) is Verdict.FAILS


def pairs_of(method: str, *differences: float, p: float = 0.01, **more: object) -> list[Comparison]:
    """A method against PARP-P at 90 %, in as many languages."""
    values = {"sparsity": 0.9} | more
    return [
        against(method, "parp-p", difference, p, language=f"l{number}", **values)
        for number, difference in enumerate(differences)
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (pairs_of("rigl", -0.1, -0.1, -0.1, -0.1), Verdict.HOLDS),
        (pairs_of("rigl", *[-0.1] * 4) + pairs_of("rigl", 0.0, 0.0, p=1.0), Verdict.HOLDS),
        (pairs_of("rigl", *[-0.1] * 3) + pairs_of("rigl", *[0.0] * 3, p=1.0), Verdict.UNDECIDED),
        (pairs_of("rigl", *[-0.1] * 5, 0.1), Verdict.UNDECIDED),
        (pairs_of("rigl", 0.1, 0.1) + pairs_of("movement", -0.1), Verdict.HOLDS),
        (pairs_of("rigl", 0.1, 0.1) + pairs_of("movement", -0.1, p=0.5), Verdict.FAILS),
        # It is of one finetuning, at 90 %, and of other rules than PARP's.
        (pairs_of("router-p", -0.1, -0.1), Verdict.UNTESTED),
        (pairs_of("rigl", -0.1, sparsity=0.7), Verdict.UNTESTED),
        (pairs_of("mpi", -0.1), Verdict.UNTESTED),
        (pairs_of("rigl, mask of tr", -0.1), Verdict.UNTESTED),
    ],
)
def test_one_run_at_ninety(found: list[Comparison], expected: Verdict) -> None:
    assert verdict("N1", Evidence(comparisons=found)) is expected


def test_the_lowest_of_one_run_methods_is_told(make_result: Callable[..., Result]) -> None:
    rates = {"rigl": 0.1, "parp-p": 0.2, "omp": 0.05}
    results = [
        make_result(
            method=method,
            sparsity_target=0.9,
            error_rate=rate,
            initial_mask=None,
            recipe="egs2/cldr/es",
        )
        for method, rate in rates.items()
    ]
    evidence = Evidence(
        comparisons=[*pairs_of("rigl", -0.1), against("rigl", "dense", 0.05, sparsity=0.9)]
    )
    (claim,) = [one for one in claims(results, evidence) if one.name == "N1"]
    assert "rigl: fewer errors in 1 of 1" in claim.because
    assert "of one-run methods the lowest: rigl in 1 of 1" in claim.because
    assert "against dense: rigl: fewer errors in 0 of 1, more in 1" in claim.because


def test_a_method_at_many_rates_is_told_once() -> None:
    slow, fast = (
        replace(one, one_arm=Arm("router", variant=f"score_lr {rate}"))
        for rate, one in zip((1, 10), pairs_of("router", 0.1, 0.2), strict=True)
    )
    evidence = Evidence(comparisons=[slow, fast, *pairs_of("rigl", 0.3)])
    (claim,) = [one for one in claims([], evidence) if one.name == "N1"]
    assert claim.because == (
        "against PARP-P at 90 %: router (2 settings): fewer errors in 0 of 2, more in 2, median "
        "difference +15.0 points; rigl: fewer errors in 0 of 1, more in 1, median difference "
        "+30.0 points"
    )


def borrowed(method: str, errors: dict[str, dict[str, float]]) -> list[Comparison]:
    """Learned masks of sources, fixed, in targets, beside their dense models."""
    return [
        against(f"transfer, mask of {source} {method}".strip(), "dense", value, language=target)
        for target, by_source in errors.items()
        for source, value in by_source.items()
    ]


LANGUAGES = ("ky", "tr", "es", "fr")
NEAR = {("ky", "tr"): 0.9, ("es", "fr"): 0.8, ("ky", "es"): 0.5, ("ky", "fr"): 0.4}
NEAR |= {("tr", "es"): 0.3, ("tr", "fr"): 0.2}


def errors_by(iou_sign: float) -> dict[str, dict[str, float]]:
    """Fewer errors where masks overlap more, or more errors."""
    found: dict[str, dict[str, float]] = {name: {} for name in LANGUAGES}
    for (one, other), iou in NEAR.items():
        found[one][other] = found[other][one] = 0.3 - iou_sign * iou / 10
    return found


@pytest.mark.parametrize(
    ("iou_sign", "languages", "expected"),
    [
        (1.0, LANGUAGES, Verdict.HOLDS),
        (-1.0, LANGUAGES, Verdict.FAILS),
        (0.0, LANGUAGES, Verdict.FAILS),
        (1.0, LANGUAGES[:2], Verdict.UNTESTED),
    ],
)
def test_a_mask_tells_where_to_borrow(
    iou_sign: float, languages: tuple[str, ...], expected: Verdict
) -> None:
    near = [Overlap(0.5, "multi", 0, *pair, iou, {}, method="router") for pair, iou in NEAR.items()]
    errors = {name: errors_by(iou_sign)[name] for name in languages}
    found = Evidence(overlaps=near, comparisons=borrowed("router", errors))
    assert verdict("N2", found) is expected
    # Masks of magnitudes are no learned ones.
    of_omp = [Overlap(0.5, "multi", 0, *pair, iou, {}) for pair, iou in NEAR.items()]
    plain = Evidence(overlaps=of_omp, comparisons=borrowed("", errors))
    assert verdict("N2", plain) is Verdict.UNTESTED
    assert verdict("C4", Evidence(overlaps=near)) is Verdict.UNTESTED
    both = Evidence(
        overlaps=[*near, *of_omp],
        comparisons=[*borrowed("router", errors), *borrowed("", errors)],
    )
    (claim,) = [one for one in claims([], both) if one.name == "N2"]
    assert ("of magnitudes' masks" in claim.because) == (expected is not Verdict.UNTESTED)


OTHERS: list[dict[str, object]] = [
    {"upstream": "mono"},
    {"freeze_updates": 250},
    {"conditions": "lr 0.1"},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
@pytest.mark.parametrize("last", [False, True])
def test_masks_of_another_condition_do_not_stand_in_for_these(
    other: dict[str, object], last: bool
) -> None:
    """On the one overlap tells where to borrow, on the other it tells the contrary."""
    usual: dict[str, object] = {"upstream": "multi", "freeze_updates": 0, "conditions": ""}
    overlaps, comparisons = [], []
    for condition, sign in ((usual, 1.0), (usual | other, -1.0)):
        for pair, iou in NEAR.items():
            there = Overlap(0.5, "", 0, *pair, iou if sign > 0 else 1 - iou, {}, method="router")
            overlaps.append(replace(there, **condition))  # type: ignore[arg-type]
        for one in borrowed("router", errors_by(sign)):
            # Where masks overlap more there are fewer errors, of either condition by its overlaps.
            comparisons.append(replace(one, **condition))  # type: ignore[arg-type]
    if last:
        overlaps.reverse()
        comparisons.reverse()
    evidence = Evidence(overlaps=overlaps, comparisons=comparisons)
    (claim,) = [one for one in claims([], evidence) if one.name == "N2"]
    assert claim.verdict is Verdict.HOLDS
    assert "8 targets: mean +1.00" in claim.because


def test_masks_that_cannot_be_told_apart_are_left_out() -> None:
    near = [Overlap(0.5, "multi", 0, *pair, iou, {}, method="router") for pair, iou in NEAR.items()]
    several = [
        replace(one, conditions=f"score_lr {rate}", iou=one.iou / rate)
        for one in near
        for rate in (1, 2)
    ]
    comparisons = borrowed("router", errors_by(1.0))
    assert verdict("N2", Evidence(overlaps=several, comparisons=comparisons)) is Verdict.UNTESTED
    # The same one of two studies, of which one knew less.
    twice = [*near, *(replace(one, by_kind={"head": {"query": 0.5}}) for one in near)]
    assert verdict("N2", Evidence(overlaps=twice, comparisons=comparisons)) is Verdict.HOLDS


def test_a_source_of_another_corpus_is_one_of_the_sources(
    make_result: Callable[..., Result],
) -> None:
    near = [Overlap(0.5, "multi", 0, *pair, iou, {}, method="router") for pair, iou in NEAR.items()]

    def elsewhere(one: Comparison) -> Comparison:
        arm = one.first
        if {*arm.languages, one.language} & {"fr"}:
            arm = replace(arm, other=f"in egs2/mboshi/{arm.languages[0]}", variant="first mask 1a")
        return replace(one, one_arm=arm)

    comparisons = list(map(elsewhere, borrowed("router", errors_by(1.0))))
    evidence = Evidence(overlaps=near, comparisons=comparisons)
    assert verdict("N2", evidence) is Verdict.HOLDS
    # The language's own, of another corpus, is none to borrow from.
    same = [make_result(language=name, train_languages=["ky"]) for name in ("ky", "tr")]
    assert verdict("N2", evidence, same) is Verdict.UNTESTED


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([against("router", "dense", 0.0, p=1.0, sparsity=0.7)], Verdict.HOLDS),
        (
            [
                against("router", "dense", 0.0, p=1.0, sparsity=0.7),
                against("router", "dense", 0.1, sparsity=0.9),
            ],
            Verdict.HOLDS,
        ),
        ([against("router", "dense", 0.1, sparsity=0.7)], Verdict.FAILS),
        (
            [against("router", "dense", 0.1), against("router", "dense", 0.0, p=1.0)],
            Verdict.UNDECIDED,
        ),
        ([against("router-p", "dense", -0.1)], Verdict.UNTESTED),
        ([against("router", "mpi", -0.1)], Verdict.UNTESTED),
    ],
)
def test_a_language_is_a_mask(found: list[Comparison], expected: Verdict) -> None:
    assert verdict("N3", Evidence(comparisons=found)) is expected


def test_adapters_are_told_beside_a_mask_and_judge_nothing() -> None:
    adapted = [
        against("lora", "dense", -0.02, sparsity=0.0),
        against("router", "lora", 0.03, sparsity=0.7),
    ]
    assert verdict("N3", Evidence(comparisons=adapted)) is Verdict.UNTESTED
    beside = [*adapted, against("router", "dense", 0.01, sparsity=0.7)]
    (claim,) = [one for one in claims([], Evidence(comparisons=beside)) if one.name == "N3"]
    assert claim.verdict is Verdict.FAILS
    assert "at 70%: fewer errors in 0 of 1" in claim.because
    assert "adapters against dense: fewer errors in 1 of 1" in claim.because
    assert "router against adapters: fewer errors in 0 of 1, more in 1" in claim.because
