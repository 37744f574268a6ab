"""The labels of windows are joined to those of the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.recognition.labels import collapse
from parp_espnet.recognition.windows import join


@given(st.data())
def test_windows_of_labels_that_agree(data: st.DataObject) -> None:
    whole = np.array(data.draw(st.lists(st.integers(0, 3), min_size=60, max_size=200)))
    starts = range(0, len(whole) - 20, 30)
    parts = [(start, whole[start : start + 50]) for start in starts]
    assert join(parts).tolist() == whole.tolist()


def test_a_phone_at_the_seam() -> None:
    # The later window hears 3 a frame later, and what is at either one's edge, wrongly.
    one = np.array([1, 0, 2, 2, 0, 0, 0, 3, 0, 9])
    other = np.array([9, 2, 0, 0, 0, 0, 3, 0, 4])
    assert collapse(join([(0, one), (2, other)]).tolist()) == [1, 2, 3, 4]
    # It lies in the middle of the overlap, and is there once, too.
    one = np.array([1, 0, 0, 0, 2, 2, 2, 0, 0, 0])
    other = np.array([0, 0, 2, 2, 2, 0, 0, 0, 3])
    assert collapse(join([(0, one), (2, other)]).tolist()) == [1, 2, 3]


def test_windows_that_agree_on_nothing() -> None:
    assert join([(0, np.array([1, 1, 1, 1])), (0, np.array([2, 2, 2, 2]))]).tolist() == [1, 1, 2, 2]
    with pytest.raises(ValueError, match="begins at frame 4"):
        join([(0, np.array([1, 1, 1, 1])), (4, np.array([2]))])
