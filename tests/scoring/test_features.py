import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parp_espnet.errors import UserError
from parp_espnet.phones import ipa
from parp_espnet.scoring.features import (
    FEATURES,
    FeatureCounts,
    count_feature_errors,
    pfer,
    pfer_per_utterance,
    unknown,
)
from parp_espnet.scoring.per import count_errors, total

LANGUAGES = sorted(path.stem for path in (Path(ipa.__file__).parent / "inventories").glob("*.txt"))
INVENTORY = sorted({phone for language in LANGUAGES for phone in ipa.load_inventory(language)})
PHONES = st.lists(st.sampled_from(INVENTORY), max_size=10).map(tuple)


@pytest.fixture(scope="module")
def panphon() -> Any:
    from panphon.distance import Distance  # noqa: PLC0415

    return Distance()


def counts_of(reference: str, hypothesis: str) -> FeatureCounts:
    (found,) = count_feature_errors(
        {"u": tuple(reference.split())}, {"u": tuple(hypothesis.split())}
    )
    return found


@pytest.mark.parametrize(
    ("reference", "hypothesis", "segments", "distance"),
    [
        ("p a", "p a", 2, 0),
        ("p a", "b a", 2, 1),  # voice
        ("p a", "pʰ a", 2, 1),  # spread glottis
        ("p a", "a", 2, FEATURES),
        ("a", "p a", 1, FEATURES),
        ("mb a", "m b a", 3, 0),
        ("ndz", "", 3, 3 * FEATURES),
        ("t͡s", "", 1, FEATURES),
        ("g", "ɡ", 1, 0),
        ("õ", "o\u0303", 1, 0),
        ("7", "7", 1, 0),
        ("7", "8", 1, FEATURES),
        ("7 a", "a", 2, FEATURES),
        ("<unk>", "u n k", 1, 3 * FEATURES),
    ],
)
def test_distances(reference: str, hypothesis: str, segments: int, distance: int) -> None:
    assert counts_of(reference, hypothesis) == FeatureCounts("u", segments, distance)


def test_rates() -> None:
    references = {"a": ("p", "a"), "b": ("m", "i", "t", "a")}
    counts = count_feature_errors(references, {"a": ("b", "a"), "b": ("m", "i", "t")})
    assert pfer(counts) == (1 / FEATURES + 1) / 6
    assert pfer_per_utterance(counts) == (1 / FEATURES + 1) / 2
    for rate in (pfer, pfer_per_utterance):
        with pytest.raises(UserError, match="the test set is empty"):
            rate([])
    with pytest.raises(UserError, match="utterance a: no hypothesis"):
        count_feature_errors({"a": ("p",)}, {})


def test_panphon_knows_every_phone_of_ours() -> None:
    assert unknown(INVENTORY) == []
    assert unknown(["a", "7", "<unk>", "7"]) == ["7", "<unk>"]


@settings(deadline=None)
@given(PHONES.filter(bool), PHONES)
def test_the_distance_is_panphons(
    panphon: Any, reference: tuple[str, ...], hypothesis: tuple[str, ...]
) -> None:
    found = counts_of(" ".join(reference), " ".join(hypothesis))
    theirs = panphon.hamming_feature_edit_distance("".join(hypothesis), "".join(reference))
    assert found.distance / FEATURES == pytest.approx(theirs)
    assert found.segments == len(panphon.fm.ipa_segs("".join(reference)))


@settings(deadline=None)
@given(PHONES.filter(bool), PHONES)
def test_where_phones_are_segments_it_is_never_above_per(
    reference: tuple[str, ...], hypothesis: tuple[str, ...]
) -> None:
    simple = [tuple(phone[0] for phone in phones) for phones in (reference, hypothesis)]
    said, heard = {"u": simple[0]}, {"u": simple[1]}
    assert pfer(count_feature_errors(said, heard)) <= total(count_errors(said, heard)).error_rate


def test_panphon_is_loaded_only_where_it_is_needed() -> None:
    code = "import sys, parp_espnet.scoring.features; assert 'panphon' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
