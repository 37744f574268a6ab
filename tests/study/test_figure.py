from pathlib import Path

from parp_espnet.scoring.result import Result
from parp_espnet.study.figure import draw


def test_the_same_results_give_the_same_bytes(results: list[Result], tmp_path: Path) -> None:
    one, other = draw(results, tmp_path / "a"), draw(results, tmp_path / "b")
    assert [path.name for path in one] == ["per.png", "per.svg"]
    for left, right in zip(one, other, strict=True):
        assert left.read_bytes() == right.read_bytes()
    assert one[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in one[1].read_text()


def test_a_study_of_one_dense_model_is_drawn(results: list[Result], tmp_path: Path) -> None:
    assert all(path.exists() for path in draw(results[:1], tmp_path))
