"""The benchmark of decoding decodes, and ESPnet's own search gives the same phones."""

import logging
import sys

import pytest
import torch

from parp_espnet.bench import decode
from parp_espnet.bench.parts import PARTS
from parp_espnet.bin.bench import table


def test_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PARTS["decode"].sizes == tuple(decode.SIZES)
    monkeypatch.setitem(decode.SIZES, "tiny", 0.1)
    # ESPnet's parser of defaults reads the command line, which is pytest's here.
    monkeypatch.setattr(sys, "argv", sys.argv[:1])
    threads, level = torch.get_num_threads(), logging.getLogger().level
    ours, *others = (decode.measure(way, "tiny", 1) for way in PARTS["decode"].ways)
    torch.set_num_threads(threads)
    logging.getLogger().setLevel(level)
    assert ours["seconds"] > 0
    assert ours["audio_seconds"] >= 6
    # Some eight to fourteen phones a second, as in speech.
    assert 5 < ours["tokens"] / ours["audio_seconds"] < 20
    for same in ("utterances", "tokens", "tokens_crc32"):
        assert [stock[same] for stock in others] == [ours[same]] * 2


@pytest.mark.parametrize(("other", "said"), [(1, "(same tokens)"), (2, "(OTHER TOKENS)")])
def test_tokens_that_differ_are_seen(other: int, said: str) -> None:
    line = {
        "name": "decode.6min", "threads": 1, "ours_s": 1.0, "extra_bytes": 0, "against": "stock",
        "against_s": 2.0,
        "against_extra_bytes": 0, "ratio": 0.5, "tokens_crc32": 1, "against_tokens_crc32": other,
    }  # fmt: skip
    assert f"| decode.6min {said} | 1 |" in table([line])
