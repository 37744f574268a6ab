"""Stages 2 and 3: any Kaldi data directory becomes a complete one of 16 kHz mono recordings, and loses what
cannot be trained on.

A user's own directory needs `wav.scp` and `text`; `utt2spk`, `segments`, `utt2lang` and `orig_text` are used
where they are.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from parp_espnet.corpora.kaldi import Utterance, read_data_dir, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.files import atomic_write
from parp_espnet.progress import track

RATE = 16000


@dataclass(frozen=True)
class Source:
    """One utterance as the user has it: a recording, or the part of it between two times in seconds."""

    id: str
    recording: Path
    begin: float | None
    end: float | None


def format_data(data: Path, out: Path, language: str, jobs: int, speeds: Sequence[float] = (1.0,)) -> str:
    """Write `out`, a complete data directory; return a line about it.

    A recording that is 16 kHz mono 16-bit wav is used where it is; any other that libsndfile reads is
    converted into `out/wav`. Utterances without phones are left out. An id that does not begin with its
    speaker's gets it put in front. At a speed other than 1, an utterance is said by another speaker (`sp0.9-` is put
    before both names), faster and higher or slower and lower, as Kaldi does it.

    Raises:
        UserError: a file is missing, empty or malformed, a recording cannot be read, or nothing is left.
    """
    texts, speakers = _table(data, "text"), _table(data, "utt2spk", needed=False)
    languages, originals = _table(data, "utt2lang", needed=False), _table(data, "orig_text", needed=False)
    sources = _sources(data)
    if unspoken := sorted(texts.keys() - {source.id for source in sources}):
        raise UserError(f"{data}: utterance {unspoken[0]} has a text and no recording ({len(unspoken)} such)")
    spoken = [source for source in sources if texts.get(source.id)]

    def convert(source: Source, speed: float) -> Utterance:
        speaker = speakers.get(source.id, source.id)
        name = source.id if source.id.startswith(f"{speaker}-") else f"{speaker}-{source.id}"
        if speed != 1:
            speaker, name = f"sp{speed:g}-{speaker}", f"sp{speed:g}-{name}"
        wav, duration = _recording(source, out / "wav" / f"{name}.wav", speed)
        phones = tuple(texts[source.id].split())
        text = originals.get(source.id) or texts[source.id]
        return Utterance(name, speaker, languages.get(source.id) or language, wav, phones, text, duration)

    with ThreadPoolExecutor(jobs) as threads:
        wanted = [(source, speed) for speed in speeds for source in spoken]
        made = threads.map(lambda one: convert(*one), wanted)
        utterances = list(track(made, f"format {data}", unit="utt", total=len(wanted)))
    if not utterances:
        raise UserError(f"{data}: no utterance has both a recording and a text; expected at least one")
    write_data_dir(out, utterances)
    converted = sum(utterance.wav.startswith(str(out)) for utterance in utterances)
    left_out = len(sources) - len(spoken)
    return f"{_size(out, utterances)}; {converted} converted to 16 kHz mono, {left_out} without phones left out"


def filter_data(data: Path, out: Path, shortest: float, longest: float) -> str:
    """Write `out` with the utterances of `data` that last `shortest` to `longest` seconds; return a line
    about it.

    Raises `UserError` when none does.
    """
    utterances = read_data_dir(data)
    kept = [utterance for utterance in utterances if shortest <= utterance.duration <= longest]
    if not kept:
        found = sorted(utterance.duration for utterance in utterances)
        raise UserError(
            f"{data}: no utterance lasts {shortest:g} to {longest:g} s, found {found[0]:g} to {found[-1]:g}; "
            "see --min_wav_duration and --max_wav_duration"
        )
    write_data_dir(out, kept)
    return f"{_size(out, kept)}; {len(utterances) - len(kept)} shorter or longer than wanted left out"


def minutes(utterances: Sequence[Utterance]) -> float:
    """Return how many minutes of speech there are."""
    return sum(utterance.duration for utterance in utterances) / 60


def _size(out: Path, utterances: Sequence[Utterance]) -> str:
    return f"{out}: {len(utterances)} utterances, {minutes(utterances):.1f} min"


def _sources(data: Path) -> list[Source]:
    recordings = _table(data, "wav.scp")
    for name, path in recordings.items():
        if path.endswith("|"):
            raise UserError(f"{data}/wav.scp: {name} is a command ({path}); expected a file: write its output to one")
    segments = _table(data, "segments", needed=False)
    if not segments:
        return [Source(name, Path(path), None, None) for name, path in recordings.items()]
    return [_segment(data, name, line, recordings) for name, line in segments.items()]


def _segment(data: Path, name: str, line: str, recordings: dict[str, str]) -> Source:
    try:
        recording, begin, end = line.split()
        source = Source(name, Path(recordings[recording]), float(begin), float(end))
    except (ValueError, KeyError):
        raise UserError(f"{data}/segments: {name}: expected '<recording> <begin> <end>', found {line!r}") from None
    if not 0 <= float(begin) < float(end):
        raise UserError(f"{data}/segments: {name}: expected 0 <= begin < end, found {line!r}")
    return source


def _recording(source: Source, converted: Path, speed: float) -> tuple[str, float]:
    """Return the path of a recording as it has to be, and its seconds."""
    try:
        about = soundfile.info(source.recording)
        as_wanted = (about.samplerate, about.channels, about.format, about.subtype) == (
            RATE,
            1,
            "WAV",
            "PCM_16",
        )
        if as_wanted and source.begin is None and speed == 1:
            return str(source.recording), about.frames / RATE
        begin, end = (round((time or 0) * about.samplerate) for time in (source.begin, source.end))
        samples, rate = soundfile.read(source.recording, start=begin, stop=end or None, dtype="float32")
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError(f"utterance {source.id}: cannot read {source.recording} ({error})") from None
    if samples.ndim != 1:
        raise UserError(f"utterance {source.id}: {source.recording} has {samples.shape[1]} channels; expected one")
    if rate * speed != RATE:
        samples = soxr.resample(samples, rate * speed, RATE)
    with atomic_write(converted) as temporary:
        soundfile.write(temporary, np.clip(samples, -1, 1), RATE, subtype="PCM_16", format="WAV")
    return str(converted), len(samples) / RATE


def _table(data: Path, name: str, needed: bool = True) -> dict[str, str]:
    """Read a file of `key value…` lines; {} where it is neither there nor needed."""
    if not data.is_dir():
        raise UserError(f"{data}: no such data directory; stage 1, local/data.sh or you make it")
    path = data / name
    if not path.exists() and not needed:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; a data directory has wav.scp and text") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: expected UTF-8 ({error})") from None
    table: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        key, *value = line.split(maxsplit=1)
        if key in table:
            raise UserError(f"{path}, line {number}: {key} for the second time")
        table[key] = value[0].strip() if value else ""
    if needed and not table:
        raise UserError(f"{path}: the file is empty; expected a line for each utterance")
    return table
