"""Stages 2 and 3: any Kaldi data directory becomes a complete one of 16 kHz mono recordings, and
loses what cannot be trained on.

A user's own directory needs `wav.scp` and `text`; `utt2spk`, `segments`, `utt2lang` and `orig_text`
are used where they are. A `wav.scp` may come from anywhere, so it names files that are there:
commands, and paths that go up (`..`), are refused unless the user allows them.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import soxr

from parp_espnet.data.ids import at_speed, clashes, with_speaker
from parp_espnet.data.kaldi import Utterance, is_command, read_data_dir, write_data_dir
from parp_espnet.errors import UserError
from parp_espnet.names import check_id, file_name
from parp_espnet.pipeline.sources import Source, read_sources, table_of
from parp_espnet.progress import bar
from parp_espnet.sound.errors import SoundError
from parp_espnet.sound.ffmpeg import need_ffmpeg
from parp_espnet.sound.reader import open_sound
from parp_espnet.sound.recording import Sound
from parp_espnet.sound.segments import part_of
from parp_espnet.sound.wav import write_wav

RATE = 16000


def format_data(
    data: Path,
    out: Path,
    language: str,
    jobs: int,
    speeds: Sequence[float] = (1.0,),
    allow_pipes: bool = False,
) -> str:
    """Write `out`, a complete data directory; return a line about it.

    A recording that is 16 kHz mono 16-bit wav is used where it is; any other that libsndfile or
    ffmpeg reads is converted into `out/wav`. Of several channels, the one that `segments` or
    `reco2file_and_channel` names is taken, or else their average. Utterances without phones are
    left out. An id that does not begin with its speaker's gets it put in front. At a speed other
    than 1, an utterance is said by another speaker (`sp0.9-` is put before both names), faster and
    higher or slower and lower, as Kaldi does it.

    Args:
        allow_pipes: run the commands of `wav.scp` and follow its paths with `..`, because it is
            trusted.

    Raises:
        UserError: a file is missing, empty or malformed, a recording cannot be read, or nothing is
            left.
    """
    texts, speakers = table_of(data, "text"), table_of(data, "utt2spk", needed=False)
    languages, originals = (
        table_of(data, "utt2lang", needed=False),
        table_of(data, "orig_text", needed=False),
    )
    sources = read_sources(data, allow_pipes)
    if unspoken := sorted(texts.keys() - {source.id for source in sources}):
        raise UserError(
            f"{data}: utterance {unspoken[0]} has a text and no recording ({len(unspoken)} such)"
        )
    spoken = [source for source in sources if texts.get(source.id)]
    _check_names(data, spoken, speakers, speeds)

    def convert(source: Source, speed: float, sound: Sound) -> Utterance:
        speaker = speakers.get(source.id, source.id)
        name = at_speed(with_speaker(source.id, speaker), speed)
        speaker = at_speed(speaker, speed)
        wav, duration = _recording(source, sound, out / "wav" / file_name(name, ".wav"), speed)
        phones = tuple(texts[source.id].split())
        text = originals.get(source.id) or texts[source.id]
        return Utterance(
            name, speaker, languages.get(source.id) or language, wav, phones, text, duration
        )

    def convert_all(own: Sequence[Source]) -> list[Utterance]:
        """All parts of one recording, which is opened once, and whose command is run once."""
        try:
            with open_sound(own[0].recording) as sound:
                # The check has not run it.
                if is_command(own[0].recording):
                    sound.need_whole()
                parts = product(own, speeds)
                return [convert(source, speed, sound) for source, speed in parts]
        except SoundError as error:
            raise UserError(f"utterance {own[0].id}: cannot read {error}") from None

    need_ffmpeg(source.recording for source in spoken)
    utterances: list[Utterance] = []
    wanted = len(spoken) * len(speeds)
    with ThreadPoolExecutor(jobs) as threads, bar(wanted, f"format {data}", unit="utt") as shown:
        for made in threads.map(convert_all, _by_recording(spoken).values()):
            utterances += made
            shown.update(len(made))
    if not utterances:
        raise UserError(
            f"{data}: no utterance has both a recording and a text; expected at least one"
        )
    write_data_dir(out, utterances)
    converted = sum(utterance.wav.startswith(str(out)) for utterance in utterances)
    left_out = len(sources) - len(spoken)
    return (
        f"{_size(out, utterances)}; {converted} converted to 16 kHz mono, {left_out} without "
        f"phones left out"
    )


def filter_data(data: Path, out: Path, shortest: float, longest: float) -> str:
    """Write `out` with the utterances of `data` that last `shortest` to `longest` seconds; return a
    line about it.

    Raises `UserError` when none does.
    """
    utterances = read_data_dir(data)
    kept = [utterance for utterance in utterances if shortest <= utterance.duration <= longest]
    if not kept:
        durations = sorted(utterance.duration for utterance in utterances)
        raise UserError(
            f"{data}: no utterance lasts {shortest:g} to {longest:g} s, found {durations[0]:g} to "
            f"{durations[-1]:g}; "
            "see --min_wav_duration and --max_wav_duration"
        )
    write_data_dir(out, kept)
    return (
        f"{_size(out, kept)}; {len(utterances) - len(kept)} shorter or longer than wanted left out"
    )


def minutes(utterances: Sequence[Utterance]) -> float:
    """Return how many minutes of speech there are."""
    return sum(utterance.duration for utterance in utterances) / 60


def _size(out: Path, utterances: Sequence[Utterance]) -> str:
    return f"{out}: {len(utterances)} utterances, {minutes(utterances):.1f} min"


def _check_names(
    data: Path, spoken: Sequence[Source], speakers: Mapping[str, str], speeds: Sequence[float]
) -> None:
    """Raise `UserError` for a speaker who has no id, and for utterances that would get one name."""
    own = {source.id: speakers.get(source.id, source.id) for source in spoken}
    for utterance, speaker in own.items():
        check_id(f"{data}/utt2spk: {utterance}", "speaker", speaker)
    for clash in clashes(own, tuple(speeds)):
        raise UserError(
            f"{data}: utterances {clash.first} and {clash.second} both become {clash.name}, with "
            f"the speaker (and "
            "the speed) in front; give one of them another id"
        )


def _by_recording(sources: Sequence[Source]) -> Mapping[str, list[Source]]:
    """The parts of each recording, from its beginning to its end."""
    parts: dict[str, list[Source]] = {}
    for source in sorted(sources, key=lambda source: source.begin or 0.0):
        parts.setdefault(source.recording, []).append(source)
    return parts


def _recording(source: Source, sound: Sound, converted: Path, speed: float) -> tuple[str, float]:
    """Return the path of a recording as it has to be, and its seconds."""
    kind = (sound.rate, sound.channels, sound.form, sound.subtype)
    is_whole = sound.in_place and source.begin is None
    if is_whole and kind == (RATE, 1, "WAV", "PCM_16") and speed == 1:
        return source.recording, sound.frames() / RATE
    try:
        samples = part_of(sound, source.begin, source.end, source.channel)
    except SoundError as error:
        raise UserError(f"utterance {source.id}: cannot read {error}") from None
    except ValueError as error:
        raise UserError(f"utterance {source.id}: {source.recording}: {error}") from None
    if not len(samples):
        raise UserError(
            f"utterance {source.id}: {source.recording} has no samples there; expected some"
        )
    if not np.isfinite(samples).all():
        raise UserError(
            f"utterance {source.id}: {source.recording}: expected samples that are numbers, found "
            f"NaN"
        )
    if sound.rate * speed != RATE:
        samples = soxr.resample(samples, sound.rate * speed, RATE)
    write_wav(converted, np.clip(samples, -1, 1), RATE)
    return str(converted), len(samples) / RATE
