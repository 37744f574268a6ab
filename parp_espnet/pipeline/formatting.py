"""Stages 2 and 3: any Kaldi data directory becomes a complete one of 16 kHz mono recordings, and loses what
cannot be trained on.

A user's own directory needs `wav.scp` and `text`; `utt2spk`, `segments`, `utt2lang` and `orig_text` are used
where they are. A `wav.scp` may come from anywhere, so it names files that are there: commands, and paths that go up
(`..`), are refused unless the user allows them.
"""

import io
import math
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from parp_espnet.corpora.decoders import need_decoder
from parp_espnet.corpora.kaldi import Utterance, is_command, leads_up, read_data_dir, write_data_dir
from parp_espnet.corpora.wav import write_wav
from parp_espnet.errors import UserError, describe
from parp_espnet.files import is_file
from parp_espnet.progress import track

RATE = 16000


@dataclass(frozen=True)
class Source:
    """One utterance as the user has it: a recording, or the part of it between two times in seconds."""

    id: str
    recording: str
    """A file, or a command that writes one to its standard output, with `|` at its end."""
    begin: float | None
    end: float | None


def format_data(
    data: Path,
    out: Path,
    language: str,
    jobs: int,
    speeds: Sequence[float] = (1.0,),
    allow_pipes: bool = False,
) -> str:
    """Write `out`, a complete data directory; return a line about it.

    A recording that is 16 kHz mono 16-bit wav is used where it is; any other that libsndfile reads is
    converted into `out/wav`. Utterances without phones are left out. An id that does not begin with its
    speaker's gets it put in front. At a speed other than 1, an utterance is said by another speaker (`sp0.9-` is put
    before both names), faster and higher or slower and lower, as Kaldi does it.

    Args:
        allow_pipes: run the commands of `wav.scp` and follow its paths with `..`, because it is trusted.

    Raises:
        UserError: a file is missing, empty or malformed, a recording cannot be read, or nothing is left.
    """
    texts, speakers = _table(data, "text"), _table(data, "utt2spk", needed=False)
    languages, originals = _table(data, "utt2lang", needed=False), _table(data, "orig_text", needed=False)
    sources = _sources(data, allow_pipes)
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


def _sources(data: Path, allow_pipes: bool) -> list[Source]:
    recordings = _table(data, "wav.scp")
    for name, value in recordings.items():
        what = "a command" if is_command(value) else "a path that goes up" if leads_up(value) else None
        # What reads a standard stream, or writes to a command, makes no recording whatever is allowed.
        runs = value.endswith("|") and len(value) > 1 and not value.startswith("|")
        if what is not None and not (allow_pipes and (runs or not is_command(value))):
            advice = "write its output to one" if is_command(value) else "write its path in full"
            trusted = "" if allow_pipes else ", or give --allow_pipes true where you trust it"
            raise UserError(f"{data}/wav.scp: {name} is {what} ({value}); expected a file: {advice}{trusted}")
    segments = _table(data, "segments", needed=False)
    if not segments:
        return [Source(name, value, None, None) for name, value in recordings.items()]
    return [_segment(data, name, line, recordings) for name, line in segments.items()]


def _segment(data: Path, name: str, line: str, recordings: dict[str, str]) -> Source:
    try:
        recording, begin, end = line.split()
        source = Source(name, recordings[recording], float(begin), float(end))
    except (ValueError, KeyError):
        raise UserError(f"{data}/segments: {name}: expected '<recording> <begin> <end>', found {line!r}") from None
    if not 0 <= float(begin) < float(end) < math.inf:
        raise UserError(f"{data}/segments: {name}: expected 0 <= begin < end, found {line!r}")
    return source


def _recording(source: Source, converted: Path, speed: float) -> tuple[str, float]:
    """Return the path of a recording as it has to be, and its seconds."""
    try:
        recording = _opened(source)
        about = soundfile.info(recording)
        as_wanted = (about.samplerate, about.channels, about.format, about.subtype) == (
            RATE,
            1,
            "WAV",
            "PCM_16",
        )
        if as_wanted and source.begin is None and speed == 1 and isinstance(recording, Path):
            return str(recording), about.frames / RATE
        begin, end = (round((time or 0) * about.samplerate) for time in (source.begin, source.end))
        if isinstance(recording, io.BytesIO):
            recording.seek(0)
        samples, rate = soundfile.read(recording, start=begin, stop=end or None, dtype="float32")
    # A header may claim more samples than there is memory for, or than a number holds.
    except (OSError, MemoryError, OverflowError, ValueError, soundfile.SoundFileError) as error:
        raise UserError(f"utterance {source.id}: cannot read {source.recording} ({describe(error)})") from None
    if not len(samples):
        raise UserError(f"utterance {source.id}: {source.recording} has no samples there; expected some")
    if samples.ndim != 1:
        raise UserError(f"utterance {source.id}: {source.recording} has {samples.shape[1]} channels; expected one")
    if rate * speed != RATE:
        samples = soxr.resample(samples, rate * speed, RATE)
    write_wav(converted, np.clip(samples, -1, 1), RATE)
    return str(converted), len(samples) / RATE


def _opened(source: Source) -> Path | io.BytesIO:
    """The file of a recording, or what its command writes."""
    if not is_command(source.recording):
        # A device or a named pipe would be read for ever.
        if not is_file(source.recording):
            raise UserError(f"utterance {source.id}: cannot read {source.recording}: expected a file, found none")
        need_decoder(Path(source.recording))
        return Path(source.recording)
    command = ["bash", "-o", "pipefail", "-c", source.recording.removesuffix("|")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"utterance {source.id}: {source.recording} ended with exit code {done.returncode} ({said})")
    return io.BytesIO(done.stdout)


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
    if (number := next((n for n, line in enumerate(lines, start=1) if "\0" in line), None)) is not None:
        raise UserError(f"{path}, line {number}: expected text, found a null character")
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
