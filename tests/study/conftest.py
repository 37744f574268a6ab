from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from parp_espnet.scoring.result import Result
from parp_espnet.study.evidence import (
    Adjusting,
    Anatomy,
    Comparison,
    Confused,
    Cost,
    Evidence,
    Overlap,
    Training,
)

MASK = "egs2/cldr/es/exp/phn_omp/finetuned_mask.safetensors"


@pytest.fixture
def results(make_result: Callable[..., Result]) -> list[Result]:
    """Two languages, three methods; the second language has a transfer."""

    def make(language: str, method: str, rate: float) -> Result:
        sparsity = 0.0 if method == "dense" else 0.6
        return make_result(
            recipe=f"egs2/cldr/{language}",
            language=language,
            method=method,
            sparsity_target=sparsity,
            sparsity_measured=sparsity,
            interval=None if method == "dense" else 5,
            finetuning_runs=2 if method == "omp" else 1,
            initial_mask=MASK if method == "omp" else None,
            iou_initial_final=0.93,
            error_rate=rate,
            ci95=(rate - 0.01, rate + 0.01),
        )

    rates = {"dense": 0.08, "omp": 0.12, "parp": 0.1}
    made = [
        make(language, method, rate) for language in ("es", "tr") for method, rate in rates.items()
    ]
    return [*made, replace(made[-1], error_rate=0.11, initial_mask=MASK)]


LANGUAGES = ("es", "tr", "zh")


@pytest.fixture
def grid(make_result: Callable[..., Result]) -> list[Result]:
    """Three languages at two sparsities, with two seeds, and every language's mask in
    every other.
    """

    def make(language: str, method: str, sparsity: float, rate: float, **more: object) -> Result:
        values = {
            "sparsity_target": sparsity,
            "sparsity_measured": sparsity,
            "error_rate": rate,
        } | more
        interval = (rate - 0.01, rate + 0.01)
        return make_result(
            recipe=f"egs2/cldr/{language}",
            language=language,
            method=method,
            ci95=interval,
            **values,
        )

    found = []
    for language in LANGUAGES:
        found.append(make(language, "dense", 0.0, 0.08))
        for sparsity in (0.5, 0.8):
            found += [
                make(language, name, sparsity, 0.08 + sparsity / 10)
                for name in ("mpi", "omp", "parp")
            ]
            found.append(make(language, "parp", sparsity, 0.09, seed=1))
        for source in LANGUAGES:
            if source != language:
                mask = f"egs2/cldr/{source}/exp/x/finetuned_mask.safetensors"
                found.append(make(language, "transfer", 0.5, 0.2, initial_mask=mask))
    return found


@pytest.fixture
def evidence(grid: list[Result]) -> Evidence:
    """Something for every figure."""
    names = (*LANGUAGES, "mpi")
    layers = {
        f"layer {number}": {"attention.q_proj": 0.6, "feed_forward.output": 0.3}
        for number in range(2)
    }
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return Evidence(
        costs=[
            Cost(r.language or "", r.method, r.sparsity_target, 0, 0, r.error_rate, 300, 1, 60.0)
            for r in grid
        ],
        trainings=[Training("es", "parp", 0.5, 0, [100, 200], [0.3, 0.2], [9.0, 8.0])],
        overlaps=[Overlap(0.5, "multi", 0, one, other, 0.9, {}) for one, other in pairs],
        adjustings=[Adjusting("es", "parp", 0.5, 5, 0, [0, 5, 10], [0, 40, 20], [1.0, 0.99, 0.98])],
        comparisons=[
            Comparison("es", 0.5, 0, 0, "parp", "dense", 0.01, (-0.01, 0.03), 1.1, (0.9, 1.3), 0.3),
            Comparison(
                "es", 0.5, 0, 0, "parp", "omp", -0.02, (-0.03, -0.01), 0.8, (0.7, 0.9), 0.001
            ),
            *(
                Comparison(
                    target,
                    0.5,
                    0,
                    0,
                    f"transfer, mask of {source}",
                    "omp",
                    0.07,
                    (0.06, 0.08),
                    1.5,
                    (1, 2),
                    0.01,
                )
                for source, target in permutations(LANGUAGES, 2)
            ),
        ],
        confusions=[Confused("es", "o", "<a&b>", 3, 100)],
        anatomies=[Anatomy("es", "parp", 0.5, layers), Anatomy("es", "mpi", 0.5, layers)],
    )
