from dataclasses import replace

import pytest

from parp_espnet.scoring.result import Result

MASK = "egs2/cldr/es/exp/phn_omp/finetuned_mask.safetensors"


def make(language: str, method: str, rate: float, mask: str | None = None) -> Result:
    """A result of a study."""
    dense = method == "dense"
    return Result(
        recipe=f"egs2/cldr/{language}",
        language=language,
        train_minutes=10.0,
        upstream="multi",
        method=method,
        sparsity_target=0.0 if dense else 0.6,
        sparsity_measured=0.0 if dense else 0.6,
        freeze_updates=0,
        interval=None if dense else 5,
        seed=0,
        updates=100,
        finetuning_runs=2 if method == "omp" else 1,
        initial_mask=mask,
        mask_sha256="ab",
        iou_initial_final=0.93,
        metric="per",
        dataset="test",
        error_rate=rate,
        ci95=(rate - 0.01, rate + 0.01),
        sub=5,
        del_=3,
        ins=2,
        reference_length=100,
        pfer=None,
        train_seconds=60.0,
        decode_seconds=None,
        audio_seconds=360.0,
        versions={"python": "3.12.1"},
        git="0123",
    )


@pytest.fixture
def results() -> list[Result]:
    """Two languages; the second has a transfer."""
    rates = {"dense": 0.08, "omp": 0.12, "parp": 0.1}
    made = [
        make(language, method, rate, MASK if method == "omp" else None)
        for language in ("es", "tr")
        for method, rate in rates.items()
    ]
    return [*made, replace(made[-1], error_rate=0.11, initial_mask=MASK)]
