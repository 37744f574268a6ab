import json
from pathlib import Path

import pytest

from parp_espnet.corpora.lhotse import read_manifest


@pytest.mark.parametrize(
    ("ids", "said", "channel"),
    [
        ([0, 1], 0, 0),
        ([0, 1], 1, 1),
        ([0, 1], [1], 1),
        ([0, 1], [0, 1], None),
        # What a recording calls its channels need not begin with 0.
        ([1, 2], 1, 0),
        ([1, 2], 2, 1),
        ([1, 2], [2], 1),
        ([3, 0], 0, 1),
        # Of one channel, nothing is to be chosen.
        ([1], 1, None),
    ],
)
def test_a_channel_is_the_one_that_the_recording_calls_so(
    tmp_path: Path, ids: list[int], said: int | list[int], channel: int | None
) -> None:
    (entry,) = read_manifest(written(tmp_path, ids, said)).entries
    assert entry.channel == channel


@pytest.mark.parametrize(("ids", "said"), [([1, 2], 0), ([0, 1], 2), ([0, 1], [5])])
def test_a_channel_that_a_recording_has_not(
    tmp_path: Path, ids: list[int], said: int | list[int]
) -> None:
    manifest = written(tmp_path, ids, said)
    (reject,) = read_manifest(manifest).rejected
    known = ", ".join(map(str, ids))
    assert f"expected a channel of its recording ({known}), found" in reject.reason


def written(folder: Path, ids: list[int], said: int | list[int]) -> Path:
    source = {"type": "file", "channels": ids, "source": "a.wav"}
    recording = {"id": "r", "sources": [source], "duration": 9.0, "channel_ids": ids}
    part = {"id": "s", "recording_id": "r", "start": 1, "duration": 2, "channel": said, "text": "a"}
    cut = {
        "id": "c",
        "type": "MonoCut",
        "start": 0,
        "duration": 9.0,
        "supervisions": [part],
        "recording": recording,
    }
    (folder / "cuts.jsonl").write_text(json.dumps(cut) + "\n")
    return folder / "cuts.jsonl"
