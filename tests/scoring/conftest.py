from collections.abc import Callable

import pytest

from parp_espnet.scoring.result import Result


@pytest.fixture
def result(make_result: Callable[..., Result]) -> Result:
    """A result as an experiment leaves it, outside of a checkout."""
    return make_result(git=None)
