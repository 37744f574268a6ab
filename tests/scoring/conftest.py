import pytest

from parp_espnet.scoring.result import Result


@pytest.fixture
def result() -> Result:
    """A result as an experiment leaves it."""
    return Result(
        recipe="egs2/cldr/es",
        language="es",
        train_minutes=10.0,
        upstream="multi",
        method="parp",
        sparsity_target=0.5,
        sparsity_measured=0.5,
        freeze_updates=0,
        interval=5,
        seed=0,
        updates=300,
        finetuning_runs=1,
        initial_mask=None,
        mask_sha256="ab",
        iou_initial_final=0.9,
        metric="per",
        dataset="test",
        error_rate=0.1,
        ci95=(0.09, 0.11),
        sub=5,
        del_=3,
        ins=2,
        reference_length=100,
        pfer=None,
        train_seconds=60.0,
        decode_seconds=None,
        audio_seconds=360.0,
        versions={"python": "3.12.1"},
        git=None,
    )
