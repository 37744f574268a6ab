"""What is wrong with recordings and their texts, from what was heard and read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from parp_espnet.data.check.audio import Heard, Problem, Sample
from parp_espnet.data.check.faults import Fault
from parp_espnet.data.check.folder import Folder, Part, seconds_of
from parp_espnet.sound.silence import SILENT

RATE = 16000
CLIPPED = 1e-3
"""An utterance is clipped when a greater part of its samples is at full scale."""
UNSCALED = 8.0
"""Floating-point samples that go so far are no samples in [-1, 1], but integers, most likely."""
APART = 0.1
"""Seconds that a recording may differ from what utt2dur or segments says."""
WINDOW, HOP = 400, 320
"""Samples at 16 kHz that a frame is made of, and from one to the next, in upstreams of the wav2vec
2.0 kind.
"""


@dataclass(frozen=True)
class Limits:
    """What is trained on: utterances of `shortest` to `longest` seconds, and phones of the
    inventory, if any.
    """

    shortest: float = 0.25
    longest: float = 20.0
    inventory: frozenset[str] | None = None
    filtered: int = 1
    """So many of the directories, the first ones, go through stage 3: training, or training and
    validation.
    """

    def fit(self, seconds: float) -> bool:
        """Whether stage 3 keeps an utterance; it reads durations to the millisecond."""
        return self.shortest <= round(seconds, 3) <= self.longest


def judge(folder: Folder, heard: Iterable[Heard], limits: Limits) -> Iterator[Fault]:
    """Yield the faults of the recordings of a data directory."""
    first: dict[bytes, str] = {}
    for hearing in heard:
        where = hearing.recording.path
        for problem in _of_recording(hearing):
            yield Fault(
                problem.kind,
                folder.name,
                hearing.recording.id,
                where,
                problem.expected,
                problem.found,
            )
        parts = {part.utterance: part for part in hearing.recording.parts}
        for sound in hearing.sounds:
            for problem in (
                *_of_samples(sound),
                *_of_duration(folder, hearing, sound, parts[sound.utterance], limits),
            ):
                yield Fault(
                    problem.kind,
                    folder.name,
                    sound.utterance,
                    where,
                    problem.expected,
                    problem.found,
                )
            other = first.setdefault(sound.digest, sound.utterance)
            if other != sound.utterance:
                yield Fault(
                    "repeated",
                    folder.name,
                    sound.utterance,
                    where,
                    "other samples",
                    f"those of {other}",
                )


def judge_none_left(folder: Folder, heard: Iterable[Heard], limits: Limits) -> Iterator[Fault]:
    """Yield one fault where stage 3 would keep none of the utterances of a data directory that
    could be decoded.
    """
    spoken = {id_ for id_, text in folder.rows("text").items() if text}
    lengths = []
    for hearing in heard:
        for sound in hearing.sounds:
            if hearing.rate and sound.utterance in spoken:
                lengths.append(sound.frames / hearing.rate)
    if not lengths or any(map(limits.fit, lengths)):
        return
    where = str(folder.tables[folder.listing].path)
    found = f"{lengths[0]:.3f} s"
    if len(lengths) > 1:
        found = f"{min(lengths):.3f} to {max(lengths):.3f} s"
    expected = f"utterances of {limits.shortest:g} to {limits.longest:g} s"
    advice = "give run.sh other --min_wav_duration or --max_wav_duration"
    if min(lengths) > limits.longest:
        advice += ", or cut recordings into utterances by a file segments"
    yield Fault(
        "none-left", folder.name, "", where, expected, f"{found} in all {len(lengths)}: {advice}"
    )


def frames_of(samples: float) -> int:
    """Return how many frames an upstream makes of samples at 16 kHz."""
    return max(0, int(samples - WINDOW) // HOP + 1)


def frames_needed(phones: tuple[str, ...]) -> int:
    """Return how many frames CTC needs: one for each phone, and a blank between a phone and the
    same again.
    """
    return len(phones) + sum(phone == following for phone, following in pairwise(phones))


def _of_recording(hearing: Heard) -> Iterator[Problem]:
    if hearing.problem is not None:
        yield hearing.problem
    elif hearing.promised > hearing.frames:
        yield Problem(
            "header", f"{hearing.promised} frames, as its header says", f"{hearing.frames}"
        )
    elif hearing.untold:
        found = f"{hearing.untold}, of which nobody can tell; wav and flac say it"
        yield Problem("no-length", "a kind of file that says how long it is", found)
    if hearing.rate not in (0, RATE):
        yield Problem("rate", f"{RATE} Hz", f"{hearing.rate} Hz")
    if hearing.is_mixed:
        yield Problem("channels", "1 channel", f"{hearing.channels}, which are averaged")


def _of_samples(sound: Sample) -> Iterator[Problem]:
    if sound.bad:
        yield Problem("nan", "finite samples", f"{sound.bad} that are not, of {sound.frames}")
    elif sound.peak >= UNSCALED:
        yield Problem("scale", "samples in [-1, 1]", f"some of {sound.peak:.6g}")
    elif sound.peak > 1:
        yield Problem("beyond", "samples in [-1, 1]", f"some of {sound.peak:.6g}, which are cut")
    elif sound.frames and sound.spread < SILENT:
        yield Problem("silent", f"samples that differ by {SILENT:g} or more", f"{sound.spread:.6f}")
    if sound.clipped > CLIPPED:
        yield Problem(
            "clipped",
            f"{CLIPPED:.1%} of the samples at full scale, or less",
            f"{sound.clipped:.1%}",
        )


def _of_duration(
    folder: Folder, hearing: Heard, sound: Sample, part: Part, limits: Limits
) -> Iterator[Problem]:
    seconds, whole = sound.frames / hearing.rate, hearing.frames / hearing.rate
    if part.end is not None and part.end > whole + APART:
        yield Problem(
            "segment",
            f"an end within the {whole:.3f} s of {hearing.recording.id}",
            f"{part.end:.3f} s",
        )
    listed = seconds_of(folder.rows("utt2dur").get(sound.utterance, ""))
    if listed is not None and abs(listed - seconds) > APART:
        yield Problem("duration", f"{listed:.3f} s, as utt2dur says", f"{seconds:.3f} s")
    if round(seconds, 3) < limits.shortest:
        yield Problem("short", f"{limits.shortest:g} s or more", f"{seconds:.3f} s")
    if round(seconds, 3) > limits.longest:
        yield Problem("long", f"{limits.longest:g} s or less", f"{seconds:.3f} s")
    phones = tuple(folder.rows("text").get(sound.utterance, "").split())
    needed, frames = frames_needed(phones), frames_of(seconds * RATE)
    if needed > frames:
        yield Problem(
            "ctc", f"{needed} frames or more for its phones", f"{frames} in {seconds:.3f} s"
        )
