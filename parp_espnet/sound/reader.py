"""Recordings of any kind, opened: files, parts of archives, and what commands write."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import soundfile

from parp_espnet.errors import describe
from parp_espnet.files import exists, is_file
from parp_espnet.sound import ffmpeg
from parp_espnet.sound.ark import Place, open_place, place_of
from parp_espnet.sound.decoders import NO_MP3, lacks_mp3
from parp_espnet.sound.errors import COPY_AGAIN, SoundError, Trouble, missing, what_it_is
from parp_espnet.sound.lengths import ChainedError, true_source
from parp_espnet.sound.pipes import is_pipe, output_of
from parp_espnet.sound.recording import Sound, words_of
from parp_espnet.sound.stream import open_stream

_CONVERT = "convert it to wav or flac"


@contextmanager
def open_sound(recording: str | Path) -> Iterator[Sound]:
    """Open what a value of wav.scp means: a file, `FILE.ark:OFFSET`, or a command with `|` at its
    end, which is run once. Whoever does not trust a wav.scp asks `parp_espnet.data.kaldi` first
    whether it names a command.

    Raises `SoundError`: it is missing, empty, of an unknown kind, damaged, or needs an ffmpeg that
    is not there.
    """
    with ExitStack() as temporary:
        yield enter_sound(str(recording), temporary)


def enter_sound(recording: str, temporary: ExitStack) -> Sound:
    """Open a recording, as `open_sound` does, until `temporary` is closed."""
    if is_pipe(recording):
        path = temporary.enter_context(output_of(recording))
        if path.stat().st_size == 0:
            raise SoundError(
                recording,
                Trouble.EMPTY,
                "a command that writes a recording",
                "one that wrote nothing",
            )
        sound = _opened(recording, path, temporary)
        sound.in_place = False
        return sound
    place = place_of(recording)
    if place is not None:
        return _in_ark(recording, place, temporary)
    path = Path(recording)
    # A device or a named pipe would be read for ever.
    if not is_file(path):
        nothing = "none" if path.is_absolute() else f"none, seen from {Path.cwd()}"
        raise missing(recording, "something else" if exists(path) else nothing)
    if path.stat().st_size == 0:
        raise SoundError(recording, Trouble.EMPTY, "a recording", "0 bytes", COPY_AGAIN)
    return _opened(recording, path, temporary)


def _in_ark(name: str, place: Place, temporary: ExitStack) -> Sound:
    with open_place(place) as window:
        # A file of any kind, whose length stands before it.
        if window.is_any_kind:
            path = (
                Path(temporary.enter_context(tempfile.TemporaryDirectory(prefix="parp-sound-")))
                / "recording"
            )
            with path.open("wb") as copy:
                shutil.copyfileobj(window, copy)
            sound = _opened(name, path, temporary, place)
            sound.in_place = False
            return sound
    try:
        return Sound(name, place, temporary).need_samples()
    except (OSError, TypeError, soundfile.SoundFileError) as error:
        found = f"something else ({words_of(error, place)})"
        advice = "is the wav.scp of this archive?"
        raise SoundError(
            name, Trouble.UNDECODABLE, "a recording at that byte", found, advice
        ) from None


def _opened(name: str, path: Path, temporary: ExitStack, place: Place | None = None) -> Sound:
    try:
        if not lacks_mp3(path):
            sound = Sound(name, path, temporary, place=place)
            if sound.form == "SDS":
                # libsndfile puts zeros where such a file is cut off.
                found = "a sampler's dump (SDS), of which nobody can tell whether it is whole"
                raise SoundError(name, Trouble.UNDECODABLE, "a kind of recordings", found, _CONVERT)
            source = true_source(path, sound.form, sound.subtype, sound.promised == 0)
            if source != path:
                sound = Sound(name, source, temporary, place=place)
            return sound.need_samples()
        problem = NO_MP3
    # A TypeError: soundfile would have the rate of raw samples.
    except (TypeError, soundfile.SoundFileError) as error:
        problem = words_of(error, path)
    except OSError as error:
        raise SoundError(
            name, Trouble.UNDECODABLE, "a file that may be read", describe(error)
        ) from None
    except ChainedError:
        problem = "several streams in a row, of which it reads the first alone"
    if ffmpeg.find_ffmpeg() is None and not ffmpeg.is_for_ffmpeg(path):
        raise _unknown(name, path, problem)
    whole = (
        Path(temporary.enter_context(tempfile.TemporaryDirectory(prefix="parp-sound-")))
        / "whole.w64"
    )
    ffmpeg.decode(path, whole, name)
    return Sound(name, whole, temporary, decoded_of=path, place=place).need_samples()


def _unknown(name: str, path: Path, problem: str) -> SoundError:
    if lacks_mp3(path):
        return SoundError(name, Trouble.DECODER, "what decodes mp3", f"none: {problem}")
    advice = what_it_is(path) or "if it is sound, an ffmpeg on PATH may decode it"
    return SoundError(name, Trouble.UNDECODABLE, "what libsndfile decodes", problem, advice)


def seconds_by_header(path: Path) -> float:
    """Return how long a recording is by its header, in seconds; 0 where it has none, or no true
    one.
    """
    try:
        with open_stream(path) as file:
            return (file.length or 0) / int(file.samplerate)
    except (OSError, TypeError, soundfile.SoundFileError):
        return 0.0
