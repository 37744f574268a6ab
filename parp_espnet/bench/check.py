"""Ten thousand utterances of one to three seconds checked, against only decoding them.

    python3 -m parp_espnet.bench.check WAY SIZE PROCESSES

is one measurement, in a process of its own, and prints it as JSON.
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile

from parp_espnet.bench.memory import peak
from parp_espnet.data.check.faults import levels
from parp_espnet.data.check.judge import Limits
from parp_espnet.data.check.run import check as find_faults
from parp_espnet.data.kaldi import Utterance, write_data_dir

SIZES = {"10k": 10000}
RATE = 16000
SHORTEST, LONGEST = 1.0, 3.0  # seconds


def make(folder: Path, count: int) -> None:
    """Write a data directory of noise, ten utterances a speaker, no two alike."""
    random = np.random.default_rng(0)
    noise = random.integers(-3000, 3000, 10 * RATE, np.int16)
    utterances = []
    for number in range(count):
        frames = round(RATE * random.uniform(SHORTEST, LONGEST))
        begin = random.integers(len(noise) - frames)
        speaker = f"s{number // 10:06d}"
        path = folder / f"{speaker}-{number:08d}.wav"
        soundfile.write(path, noise[begin : begin + frames], RATE, subtype="PCM_16")
        phones = tuple(random.choice(list("aeioptkmns"), 10).tolist())
        utterances.append(
            Utterance(path.stem, speaker, "xx", str(path), phones, "noise", frames / RATE)
        )
    write_data_dir(folder, utterances)


def check(folder: Path, jobs: int) -> None:
    """What `parp-data check` does."""
    findings = find_faults([folder], Limits(), levels({}), jobs)
    assert not findings.faults, findings.faults[0]


def read(folder: Path, jobs: int) -> None:
    """No more than decoding."""
    with ThreadPoolExecutor(jobs) as threads:
        for _ in threads.map(soundfile.read, folder.glob("*.wav")):
            pass


WAYS = {"check": check, "read": read}


def measure(way: str, size: str, jobs: int) -> dict[str, float]:
    """Return the `seconds`, and the `extra_bytes` of this process's memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, SIZES[size])
        before, started = peak(reset=True), time.perf_counter()
        WAYS[way](folder, jobs)
        return {"seconds": time.perf_counter() - started, "extra_bytes": peak() - before}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
