"""A thousand segments of one hour of flac in stage 1 (--own) and stage 2, against decoding the
whole for each of them.

    python3 -m parp_espnet.bench.segments WAY SIZE PROCESSES

is one measurement, in a process of its own, and prints it as JSON. `whole` is what commit 4d3714a
did; since that takes an hour and a half, it is done for `SAMPLE` of the segments, and its seconds
are those times as many.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from parp_espnet.bench.memory import peak
from parp_espnet.corpora import own
from parp_espnet.data.lines import read_table
from parp_espnet.data.segments import read_segment
from parp_espnet.pipeline.formatting import format_data
from parp_espnet.sound.wav import write_wav

SIZES = {"1h": 3600}
"""Seconds of the recording."""
RATE = 16000
SEGMENTS = 1000
SAMPLE = 4


def make(folder: Path, seconds: int) -> None:
    """Write one recording of noise and a Kaldi directory of its segments, of ten speakers, in no
    order.
    """
    random = np.random.default_rng(0)
    minute = random.integers(-3000, 3000, 60 * RATE, np.int16)
    with soundfile.SoundFile(folder / "session.flac", "w", RATE, 1, "PCM_16") as file:
        for _ in range(seconds // 60):
            file.write(np.roll(minute, int(random.integers(len(minute)))))
    length = 0.9 * seconds / SEGMENTS
    segments = text = speakers = ""
    for number, place in enumerate(random.permutation(SEGMENTS)):
        speaker = f"s{number % 10}"
        name = f"{speaker}-{number:04d}"
        begin = place * seconds / SEGMENTS
        segments += f"{name} session {begin:.3f} {begin + length:.3f}\n"
        text += f"{name} a b {number}\n"
        speakers += f"{name} {speaker}\n"
    (folder / "wav.scp").write_text(f"session {folder / 'session.flac'}\n")
    (folder / "segments").write_text(segments)
    (folder / "text").write_text(text)
    (folder / "utt2spk").write_text(speakers)


def stage1(folder: Path, _: int) -> float:
    """What stage 1 does of recordings of one's own, for all three sets."""
    for split in ("train", "dev", "test"):
        own.read(folder, split, folder / "wav" / split, "xx")
    return 1.0


def stage2(folder: Path, jobs: int) -> float:
    """What stage 2 does."""
    format_data(folder, folder / "out", "xx", jobs)
    return 1.0


def whole(folder: Path, _: int) -> float:
    """Decode the recording as a whole, and keep a segment of it; for `SAMPLE` segments."""
    segments = list(read_table(folder / "segments").items())[:SAMPLE]
    for name, value in segments:
        segment = read_segment(value, {"session": ""}, {})
        samples, rate = soundfile.read(folder / "session.flac", dtype="int16")
        begin, end = segment.begin or 0.0, segment.end or 0.0
        part = samples[round(begin * rate) : round(end * rate)]
        write_wav(folder / "whole" / f"{name}.wav", part, rate, sync=False)
    return SEGMENTS / len(segments)


WAYS = {"stage1": stage1, "stage2": stage2, "whole": whole}


def measure(way: str, size: str, jobs: int) -> dict[str, float]:
    """Return the `seconds`, and the `extra_bytes` of this process's memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, SIZES[size])
        before, started = peak(reset=True), time.perf_counter()
        times = WAYS[way](folder, jobs)
        return {"seconds": times * (time.perf_counter() - started), "extra_bytes": peak() - before}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
