from collections.abc import Callable
from dataclasses import replace

import pytest

from parp_espnet.scoring.result import Result

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
    made = [make(language, method, rate) for language in ("es", "tr") for method, rate in rates.items()]
    return [*made, replace(made[-1], error_rate=0.11, initial_mask=MASK)]
