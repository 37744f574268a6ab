import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.data.kaldi import Utterance, write_data_dir
from parp_espnet.data.lines import read_table
from parp_espnet.errors import UserError
from parp_espnet.pipeline.pseudo_labels import (
    LABELS,
    Judged,
    choose,
    choose_threshold,
    join,
    labelled_minutes,
)


def test_the_lowest_confidence_with_few_enough_errors() -> None:
    judged = [Judged(0.9, 0, 10), Judged(0.5, 8, 10), Judged(0.7, 2, 10), Judged(0.8, 1, 10)]
    threshold = choose_threshold(judged, 0.5)
    # 11 errors of 40; without the unsurest, 3 of 30.
    assert (threshold.confidence, threshold.share) == (0.7, 0.75)
    assert threshold.error_rate == pytest.approx(0.1)
    assert threshold.of_all == pytest.approx(11 / 40)


def test_a_share_of_one_takes_what_is_less_sure_than_any() -> None:
    assert choose_threshold([Judged(0.9, 1, 10), Judged(0.8, 1, 10)], 1).confidence == 0.0


def test_a_set_without_errors_takes_all() -> None:
    assert choose_threshold([Judged(0.9, 0, 10), Judged(0.8, 0, 10)], 0.5).confidence == 0.0


def test_where_none_are_better_it_says_so() -> None:
    with pytest.raises(UserError, match=r"--label_errors 0.5: .* 10.0%, found none"):
        choose_threshold([Judged(0.9, 1, 10), Judged(0.8, 1, 10)], 0.5)


counted = st.builds(
    Judged, st.floats(0, 1), st.integers(0, 30), st.integers(min_value=1, max_value=30)
)


@given(st.lists(counted, min_size=1), st.floats(0.01, 1))
def test_what_is_kept_has_at_most_the_share(judged: list[Judged], share: float) -> None:
    try:
        threshold = choose_threshold(judged, share)
    except UserError:
        return
    kept = [utterance for utterance in judged if utterance.confidence >= threshold.confidence]
    # Of equal confidences all are kept, of which the first in order decided.
    if len({utterance.confidence for utterance in judged}) < len(judged):
        return
    errors = sum(utterance.errors for utterance in kept)
    reference = sum(utterance.reference for utterance in kept)
    assert errors / reference <= share * threshold.of_all + 1e-12


def transcript(*phones: tuple[str, float, float, float], seconds: float = 10.0) -> dict[str, Any]:
    rows = []
    for name, begin, end, confidence in phones:
        rows.append({"phone": name, "begin": begin, "end": end, "confidence": confidence})
    return {"file": "x.wav", "seconds": seconds, "phones": rows}


def recognised(folder: Path, own: dict[str, Any], dev: dict[str, Any]) -> Path:
    """What `unlabelled.recognise` leaves of these transcripts."""
    listed: dict[str, Any] = {"folder": "/far/tapes", "speech": [], "dev": {}}
    folder.mkdir()
    for name, content in (own | dev).items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    for name in own:
        listed["speech"].append([f"speech/{name}.wav", f"/far/tapes/{name}.wav", f"{name}.json"])
    for name in dev:
        listed["dev"][name] = f"{name}.json"
    (folder / "recognised.json").write_text(json.dumps(listed))
    return folder


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    """A recording with two utterances, of which one is sure, and a validation set of two."""
    tape = transcript(
        *(("a", 1.0, 1.2, 0.9), ("b", 1.2, 1.5, 0.8)),
        *(("a", 5.0, 5.2, 0.3), ("b", 5.2, 5.5, 0.2)),
    )
    dev = {
        "s-1": transcript(("a", 0.0, 0.2, 0.8), ("b", 0.2, 0.4, 0.8)),
        "s-2": transcript(("b", 0.0, 0.2, 0.4), ("b", 0.2, 0.4, 0.4)),
    }
    write_data_dir(
        tmp_path / "dev",
        [Utterance(name, "s", "xx", f"{name}.wav", ("a", "b"), "ab", 0.4) for name in dev],
    )
    return recognised(tmp_path / "heard", {"tape": tape}, dev)


def test_sure_utterances_become_a_set(heard: Path, tmp_path: Path) -> None:
    said = choose(heard, tmp_path / "dev", 0.5, 0.25, 20.0, tmp_path / "out")
    assert "kept 0.0 of 0.0 minutes, 1 of 2 utterances, those as sure as 0.80" in said
    segments = read_table(tmp_path / "out/segments")
    assert list(read_table(tmp_path / "out/text").values()) == ["a b"]
    (times,) = segments.values()
    assert times.split()[1:] == ["0.800", "1.700"]
    (recording,) = read_table(tmp_path / "out/wav.scp").values()
    assert recording == "/far/tapes/tape.wav"
    labels = json.loads((tmp_path / "out" / LABELS).read_text())
    assert labels["folder"] == "tapes"
    assert (labels["utterances"], labels["confidence"]) == (1, 0.8)
    assert (labels["dev_error_rate"], labels["dev_error_rate_kept"]) == (0.25, 0.0)


def test_all_are_taken_where_all_are_wanted(heard: Path, tmp_path: Path) -> None:
    choose(heard, tmp_path / "dev", 1.0, 0.25, 20.0, tmp_path / "out")
    assert len(read_table(tmp_path / "out/text")) == 2


def test_what_is_too_short_or_too_long_is_left_out(heard: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"as sure as 0\.80, found none of 0; the surest is 0\.00"):
        choose(heard, tmp_path / "dev", 0.5, 5.0, 20.0, tmp_path / "out")


def test_nothing_sure_enough_is_one_line(heard: Path, tmp_path: Path) -> None:
    tape = transcript(("a", 1.0, 1.2, 0.5))
    (heard / "tape.json").write_text(json.dumps(tape))
    with pytest.raises(UserError, match=r"tapes: expected utterances as sure as .* is 0\.50; with"):
        choose(heard, tmp_path / "dev", 0.5, 0.25, 20.0, tmp_path / "out")


def test_a_model_of_words_is_refused(heard: Path, tmp_path: Path) -> None:
    (heard / "s-1.json").write_text('{"seconds": 1, "words": [], "subwords": []}')
    with pytest.raises(UserError, match="phones or letters, found words, subwords"):
        choose(heard, tmp_path / "dev", 0.5, 0.25, 20.0, tmp_path / "out")


def test_letters_keep_the_spaces_between_words_alone(heard: Path, tmp_path: Path) -> None:
    letters = []
    for number, name in enumerate(("<space>", "a", "<space>", "b", "<space>")):
        begin = 1 + number / 10
        letters.append({"letter": name, "begin": begin, "end": begin + 0.1, "confidence": 0.9})
    tape = {"seconds": 9.0, "words": [], "letters": letters}
    (heard / "tape.json").write_text(json.dumps(tape))
    choose(heard, tmp_path / "dev", 0.5, 0.25, 20.0, tmp_path / "out")
    assert list(read_table(tmp_path / "out/text").values()) == ["a <space> b"]


def test_both_join_and_the_minutes_are_known(tmp_path: Path) -> None:
    own = Utterance("s-1", "s", "xx", "1.wav", ("a",), "a", 1.0)
    added = Utterance("u1-00001", "u1", "xx", "2.wav", ("b",), "b", 1.0)
    write_data_dir(tmp_path / "own", [own])
    write_data_dir(tmp_path / "added", [added])
    (tmp_path / "labels.json").write_text('{"minutes": 0.5}')
    said = join(tmp_path / "own", tmp_path / "added", tmp_path / "labels.json", tmp_path / "out")
    assert said.endswith("1 utterances, and 1 that were labelled")
    assert labelled_minutes(tmp_path / "out") == 0.5
    assert labelled_minutes(tmp_path / "own") is None
    with pytest.raises(UserError, match="two utterances have the id s-1"):
        join(tmp_path / "own", tmp_path / "own", tmp_path / "labels.json", tmp_path / "out")
