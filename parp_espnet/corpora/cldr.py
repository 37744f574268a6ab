"""The `cldr` corpus: any amount of speech with exact phones in eleven languages; same seed, same
bytes.

    for spoken in generate("es", "train", minutes=10, seed=0):
        spoken.phones, spoken.samples

Speakers come one after the other, each with some ten utterances, until there is enough. So ten
minutes are the beginning of twenty. The bytes depend on the versions of Babel, espeakng-loader and
soxr besides.
"""

import json
import math
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import count
from queue import SimpleQueue
from typing import Any

import numpy as np

from parp_espnet.corpora.phrases import SPLITS
from parp_espnet.corpora.speech import Spoken
from parp_espnet.errors import UserError
from parp_espnet.interpreter import ROOT
from parp_espnet.phones.espeak import VOICES


def generate(
    language: str, split: str, minutes: float, seed: int, jobs: int = 2
) -> Generator[Spoken]:
    """Return utterances, one by one, until they last `minutes` together.

    They are made by `jobs` processes, which end with the generator (who may not come to its end
    closes it), and do not depend on how many those are.
    Raises `UserError` for a language without a voice, a set that is none of `SPLITS`, and an amount
    that is not positive.
    """
    _check(language, split, minutes, jobs)
    return _enough(_utterances(language, split, seed, jobs), 60 * minutes)


def _enough(utterances: Generator[Spoken], seconds: float) -> Generator[Spoken]:
    """Yield utterances, no text twice, until they last `seconds`."""
    left = seconds
    said: set[str] = set()
    with closing(utterances):
        for spoken in utterances:
            if spoken.text in said:
                continue
            said.add(spoken.text)
            yield spoken
            left -= spoken.duration
            if left <= 0:
                return


def _check(language: str, split: str, minutes: float, jobs: int) -> None:
    if language not in VOICES:
        raise UserError(
            f"--lang {language}: no voice for this language; there are voices for "
            f"{' '.join(sorted(VOICES))}"
        )
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    if not 0 < minutes < math.inf:
        raise UserError(f"--minutes {minutes:g}: expected more than 0")
    if jobs < 1:
        raise UserError(f"--jobs {jobs}: expected at least 1")


def _utterances(language: str, split: str, seed: int, jobs: int) -> Generator[Spoken]:
    """Yield the utterances of speakers 0, 1, 2, … without end; the workers stay a little ahead."""
    with ExitStack() as stack:
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for _ in range(jobs):
            idle.put(stack.enter_context(_Worker()))
        threads = stack.enter_context(ThreadPoolExecutor(jobs))

        def speak(number: int) -> list[Spoken]:
            worker = idle.get()
            try:
                return worker.ask(language=language, split=split, seed=seed, number=number)
            finally:
                idle.put(worker)

        ahead: deque[Future[list[Spoken]]] = deque()
        stack.callback(lambda: [future.cancel() for future in ahead])
        for number in count():
            ahead.append(threads.submit(speak, number))
            if len(ahead) > 2 * jobs:
                yield from ahead.popleft().result()


class _Worker:
    """A process that runs `parp_espnet.corpora.speech`."""

    def __init__(self) -> None:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "parp_espnet.corpora.speech"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            # A group of its own: Ctrl-C is for us, and a worker ends when its stdin does.
            process_group=0,
        )

    def ask(self, **request: Any) -> list[Spoken]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise UserError(
                f"a speech worker ended with code {code} at {request}; its own message is above"
            )
        return [self._read(**head) for head in json.loads(line)]

    def _read(
        self, count: int, phones: list[str], begins: list[float | None], **fields: str
    ) -> Spoken:
        assert self._process.stdout is not None
        samples = np.frombuffer(self._process.stdout.read(2 * count), np.int16)
        return Spoken(phones=tuple(phones), samples=samples, begins=tuple(begins), **fields)

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
