"""What a pool cannot be is refused when the model is known, with its sparsity at the end."""

from pathlib import Path

import pytest

from parp_espnet.errors import UserError
from parp_espnet.pipeline.pool_checks import check

RATES = {
    "whole": '"*.attention.*": 0.5\n"*": 0.6\n',
    "unnamed": '"*.attention.*": 0.5\n',
    "steep": '"*.layers.0.attention.q_proj.weight": 0.95\n"*": 0.2\n',
    "zero": '"*": 0\n',
}


@pytest.mark.parametrize(
    ("rates", "sparsity", "largest", "message"),
    [
        ("whole", 0.5, 0.5, None),
        ("whole", 0.5, 0.65, None),
        ("unnamed", 0.5, 0.5, "the rates have none for .*feed_forward.* 0.5'"),
        ("steep", 0.2, 0.2, None),
        ("steep", 0.5, 0.5, "of 0.5 nothing would be left of .*, or a sparsity below"),
        ("steep", 0.2, 0.44, "of 0.2 the method prunes 0.44 .* nothing would be left"),
        ("zero", 0.5, 0.5, "all rates are 0"),
    ],
)
def test_rates(
    upstream: Path, tmp_path: Path, rates: str, sparsity: float, largest: float, message: str | None
) -> None:
    file = tmp_path / "rates.yaml"
    file.write_text(RATES[rates])
    words = (upstream, str(file), sparsity, largest, None, True)
    if message is None:
        assert "can have a sparsity" in check(*words)
        return
    with pytest.raises(UserError, match=message) as caught:
        check(*words)
    assert "\n" not in str(caught.value)


def test_groups(upstream: Path) -> None:
    assert "can have" in check(upstream, "2:4", 0.5, 0.5, None, biases=False)
    with pytest.raises(UserError, match="a multiple of 7, found shape"):
        check(upstream, "1:7", 6 / 7, 6 / 7, None, biases=False)


def test_who_has_another_pool_in_the_file_is_looked_at_in_training(upstream: Path) -> None:
    assert "where training begins" in check(upstream, "2:4", 0.5, 0.5, "nothing", biases=True)
