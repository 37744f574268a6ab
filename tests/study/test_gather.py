"""What is compared with what."""

from collections.abc import Callable
from pathlib import Path

from parp_espnet.pipeline.paths import ROOT
from parp_espnet.scoring.result import Result
from parp_espnet.study.collect import Done
from parp_espnet.study.gather import comparisons
from parp_espnet.study.plan import Study


def test_text_is_compared_by_its_predictions_and_a_mask_with_itself(
    make_result: Callable[..., Result], tmp_path: Path
) -> None:
    experiment = Study.read(ROOT / "conf/study/glue.yaml").experiments[0]

    def done(method: str, right: int, source: str | None = None) -> Done:
        mask = source and f"egs2/glue/{source}/exp/omp/finetuned_mask.safetensors"
        folder = tmp_path / f"{method}-{source}"
        folder.mkdir()
        rows = [f"{n}\t{('no', 'yes')[n % 2]}\t{('no', 'yes')[(n + (n >= right)) % 2]}\n" for n in range(100)]
        (folder / "predictions.tsv").write_text("id\tlabel\tprediction\n" + "".join(rows))
        result = make_result(
            recipe="egs2/glue/cldr_same", language="cldr_same", method=method, initial_mask=mask, metric="accuracy",
            scores={"accuracy": right / 100}, train_minutes=None, train_examples=10, error_rate=1 - right / 100,
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
