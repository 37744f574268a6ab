"""From a path of labels to phones with intervals that touch, or leave a pause between them."""

import numpy as np
from numpy.typing import NDArray

from parp_espnet.decoding.confidence import Span, judge
from parp_espnet.decoding.platt import AS_THEY_ARE, Platt
from parp_espnet.recognition.boundaries import Frames, Part, find_borders
from parp_espnet.recognition.grid import RATE, Grid
from parp_espnet.recognition.hearing import Recording
from parp_espnet.recognition.labels import BLANK, spans
from parp_espnet.recognition.listening import Listener
from parp_espnet.recognition.spectra import MOST, STEP, spectrum_in
from parp_espnet.recognition.transcripts import Phone
from parp_espnet.recognition.windows import Labels, stretches

PAUSE = 0.12
"""Seconds of silence that are a pause, and belong to no phone. That of a stop is shorter."""
EDGE = 0.01
"""Seconds of a silence that may belong to a phone beside it."""


def find_phones(
    listener: Listener,
    recording: Recording,
    labels: Labels,
    begin: float = 0.0,
    end: float | None = None,
    calibration: Platt = AS_THEY_ARE,
) -> tuple[Phone, ...]:
    """Return the phones of a path of labels, with their times and how sure they are.

    What begins in the silence after a short recording is none.

    Args:
        labels: a label for each frame between `begin` and `end` (see `frames_between`).
        begin: in seconds of the recording.
        end: None is its end.
        calibration: of how sure they are.
    """
    end = recording.seconds if end is None else min(end, recording.seconds)
    first, last = frames_between(listener.grid, recording, begin, end)
    found = []
    for token, start, after in spans(labels.tolist()):
        if listener.grid.begin(first + start) < end:
            found.append(Span(token, start, after))
    if not found:
        return ()
    rows = recording.logprobs[first:last]
    places = _place(rows, found, recording, listener.grid, first, begin, end)
    phones = []
    judgements = judge(rows, found, calibration=calibration)
    for span, (start_time, end_time), judged in zip(found, places, judgements, strict=True):
        others = tuple((listener.tokens[token], share) for token, share in judged.others)
        name = listener.tokens[span.token]
        phones.append(Phone(name, start_time, end_time, judged.confidence, others))
    return tuple(phones)


def frames_between(grid: Grid, recording: Recording, begin: float, end: float) -> tuple[int, int]:
    """Return the first frame whose middle is in a part of a recording, and the one after the last;
    of the whole recording, all frames.
    """
    count = len(recording.logprobs)
    middle = grid.field / 2
    first = int(np.ceil((begin * RATE - middle) / grid.stride))
    last = int(np.ceil((end * RATE - middle) / grid.stride))
    return (max(0, first), count if end >= recording.seconds else min(count, last))


def _place(
    rows: NDArray[np.float32],
    found: list[Span],
    recording: Recording,
    grid: Grid,
    offset: int,
    begin: float,
    end: float,
) -> list[tuple[float, float]]:
    """When each token begins and ends, in seconds; `rows` begin at the frame `offset`."""
    start = round(begin * RATE / STEP)
    stop = max(start + len(found) + 1, min(len(recording.spectra), round(end * RATE / STEP)))
    parts = [Part(None, start - 1, start - 1)]
    for span in found:
        # In the frames of a very short recording there is more than was recorded.
        first = max(parts[-1].last + 1, min(spectrum_in(grid, offset + span.begin), stop - 1))
        last = max(first, min(spectrum_in(grid, offset + span.end - 1), stop - 1))
        parts.append(Part(span.token, first, last))
    parts.append(Part(None, max(stop, parts[-1].last + 1), max(stop, parts[-1].last + 1)))
    spectra, quiet = _as_many(recording, parts[-1].last)
    parts = _with_pauses(parts, quiet)
    phones = among_phones(rows)
    frames = Frames(offset * grid.stride + grid.field / 2, grid.stride)
    borders = find_borders(parts, start, parts[-1].last, phones, spectra, quiet, frames)
    times = []
    for number, part in enumerate(parts):
        if part.token is not None:
            pair = (borders[number] * STEP / RATE, borders[number + 1] * STEP / RATE)
            times.append((max(begin, pair[0]), min(end, pair[1])))
    return times


def _as_many(recording: Recording, least: int) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """The spectra of a recording and which are quiet, with silence behind them where there are
    fewer: a very short one has fewer than phones have been placed in.
    """
    lacking = max(0, least - len(recording.spectra))
    spectra = np.pad(recording.spectra, ((0, lacking), (0, 0)))
    return spectra, np.pad(recording.quiet, (0, lacking), constant_values=True)


def among_phones(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the logarithms of the probabilities of labels where there is no blank, (frames,
    labels).
    """
    made = rows.astype(np.float32)
    made[:, BLANK] = -np.inf
    for first in range(0, len(made), MOST):
        some = made[first : first + MOST]
        some -= some.max(1, keepdims=True)
        some -= np.log(np.exp(some, dtype=np.float64).sum(1, keepdims=True)).astype(np.float32)
    return made


def _with_pauses(parts: list[Part], quiet: NDArray[np.bool_]) -> list[Part]:
    """The same, with a pause where it is quiet for long between two of them."""
    edge = round(EDGE * RATE / STEP)
    least = round(PAUSE * RATE / STEP)
    begins, ends = stretches(quiet)
    is_long = ends - begins >= least
    begins, ends = begins[is_long] + edge, ends[is_long] - edge
    placed = [parts[0]]
    for following in parts[1:]:
        part = following
        before = placed[-1]
        number = int(np.searchsorted(ends, before.last + 1, side="right"))
        if number < len(begins) and begins[number] < part.first:
            first = max(int(begins[number]), before.last + 1)
            last = min(int(ends[number]), part.first) - 1
            if before.token is None:
                placed[-1] = Part(None, before.first, last)
            elif part.token is None:
                part = Part(None, first, part.last)
            elif last - first >= least - 2 * edge - 1:
                placed.append(Part(None, first, last))
        placed.append(part)
    return placed
