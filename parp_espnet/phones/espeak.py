"""eSpeak NG's library, which `espeakng-loader` brings, as one class: text in, speech and its phones
out.

Both come from the same pass over the text: eSpeak NG translates a clause into a list of phonemes,
tells us the list and then synthesises it. The phones are therefore of what is spoken, numbers and
abbreviations included.

The library keeps state from one utterance to the next (the phase of the pitch flutter, the
automatic gain, the echo, two random generators), so what it says depends on what it said before.
`Synthesiser` loads the library afresh, seeds both generators, and unloads it on `close`: the n-th
utterance of a synthesiser depends on the n - 1 before it and on nothing else. Loading takes three
to six milliseconds.
"""

import _ctypes
import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import espeakng_loader

from parp_espnet.errors import UserError
from parp_espnet.phones.languages import nearest, voices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Language:
    """What the project knows of a language: its name, eSpeak NG's voice, and the script, as Unicode
    begins the names of its letters.
    """

    name: str
    voice: str
    script: str = "LATIN"


LANGUAGES = {
    "en": Language("English", "en-us"),
    "es": Language("Spanish", "es"),
    "fr": Language("French", "fr"),
    "it": Language("Italian", "it"),
    "ky": Language("Kyrgyz", "ky", "CYRILLIC"),
    "nl": Language("Dutch", "nl"),
    "ru": Language("Russian", "ru", "CYRILLIC"),
    "sv": Language("Swedish", "sv"),
    "tr": Language("Turkish", "tr"),
    "tt": Language("Tatar", "tt", "CYRILLIC"),
    # Its voice reads hanzi by way of pinyin.
    "zh": Language("Mandarin", "cmn", "CJK"),
}
"""By the project's codes. A new one is a row here, and what `parp-data inventory` makes."""
VOICES = {code: language.voice for code, language in LANGUAGES.items()}

PLAIN = ""  # the variant of a language's own voice
SEPARATOR = "_"

# Constants of speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_POS_CHARACTER = 1
_PHONEMES_IPA = 0x02
_RATE, _PITCH, _RANGE = 1, 3, 4
_BUFFER_MILLISECONDS = 2000
_LAST_EVENT, _PHONEME_EVENT = 0, 7


class _Event(ctypes.Structure):
    """espeak_EVENT. Of the union at its end, the eight bytes that a phoneme's name may have."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_SYNTH_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_PHONEME_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p)


@dataclass(frozen=True)
class Voice:
    """How to speak.

    `variant` is a file of espeak-ng-data/voices/!v or `PLAIN`, `rate` is in words per minute (80 to
    450), `pitch` and `range` (of pitch) go from 0 to 99, with 50 for the variant's own.
    """

    variant: str = PLAIN
    rate: int = 175
    pitch: int = 50
    range: int = 50


class Synthesiser:
    """One voice of one language in a freshly loaded library. Use it in a `with`, one at a time in a
    process.

    Args:
        tells_begins: whether it tells where phonemes begin. Some utterances are then said otherwise
            (eSpeak NG 1.52), so no corpus is made with it.

    Attributes:
        begins: where the phonemes begin that `speak` said last, in samples: of those that its
            strings print as something, one after the other; nothing unless it tells them.

    Raises `UserError` when the language or the variant has no voice.
    """

    def __init__(
        self,
        language: str,
        voice: Voice = Voice(),
        seed: int = 0,
        *,
        tells_begins: bool = False,
    ) -> None:
        name = _voice_name(language, voice)
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._samples: list[bytes] = []
        self._clauses: list[str] = []
        self.begins: list[int] = []
        # ctypes keeps no reference to a callback that C holds.
        self._callbacks = _SYNTH_CALLBACK(self._on_samples), _PHONEME_CALLBACK(self._on_phonemes)
        self.sample_rate = self._initialise()
        if tells_begins:
            self._library.espeak_ng_SetPhonemeEvents(1, 1)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        ctypes.CDLL(None).srand(ctypes.c_uint(seed))
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            self.close()
            raise UserError(f"eSpeak NG cannot load its voice {name!r}; reinstall espeakng-loader")
        for parameter, value in ((_RATE, voice.rate), (_PITCH, voice.pitch), (_RANGE, voice.range)):
            self._library.espeak_SetParameter(parameter, value, 0)

    def speak(self, text: str) -> "tuple[NDArray[np.int16], list[str]]":
        """Return the speech of `text`, (samples,) at `self.sample_rate`, and a string of phonemes a
        clause.

        The string is eSpeak NG's own: words apart by spaces, phonemes by `SEPARATOR`, with stress
        and tone.
        """
        self._samples.clear()
        self._clauses.clear()
        self.begins.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        # Imported here: who only asks which languages there are needs none of it.
        import numpy as np  # noqa: PLC0415

        return np.frombuffer(b"".join(self._samples), np.int16), list(self._clauses)

    def close(self) -> None:
        """Unload the library and its state."""
        self._library.espeak_Terminate()
        self._libc.fclose(self._null)
        _ctypes.dlclose(self._library._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _initialise(self) -> int:
        data = str(espeakng_loader.get_data_path()).encode()
        rate: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, _BUFFER_MILLISECONDS, data, 0
        )
        if rate <= 0:
            raise UserError(
                f"eSpeak NG cannot read its data in {data.decode()}; reinstall espeakng-loader"
            )
        self._library.espeak_SetSynthCallback(self._callbacks[0])
        self._library.espeak_SetPhonemeCallback(self._callbacks[1])
        # The callback gets IPA only where the trace, which is also written to a C stream, is on.
        self._libc = ctypes.CDLL(None)
        self._libc.fopen.restype = ctypes.c_void_p
        self._libc.fclose.argtypes = [ctypes.c_void_p]
        self._null = self._libc.fopen(os.devnull.encode(), b"w")
        mode = _PHONEMES_IPA | ord(SEPARATOR) << 8
        self._library.espeak_SetPhonemeTrace(ctypes.c_int(mode), ctypes.c_void_p(self._null))
        return rate

    def _on_samples(
        self,
        samples: "ctypes._Pointer[ctypes.c_short]",
        count: int,
        events: "ctypes._Pointer[_Event]",
    ) -> int:
        if samples and count:
            self._samples.append(ctypes.string_at(samples, 2 * count))
        number = 0
        while events and events[number].type != _LAST_EVENT:
            if events[number].type == _PHONEME_EVENT and events[number].name:
                self.begins.append(events[number].sample)
            number += 1
        return 0

    def _on_phonemes(self, phonemes: bytes) -> int:
        self._clauses.append(phonemes.decode())
        return 0


def variants() -> list[str]:
    """Return the names of eSpeak NG's voice variants, sorted."""
    return sorted(path.name for path in _variants().iterdir())


def variant_file(variant: str) -> Path:
    """Return the file that defines a voice variant."""
    return _variants() / variant


def _variants() -> Path:
    return Path(espeakng_loader.get_data_path()) / "voices" / "!v"


def _voice_name(language: str, voice: Voice) -> str:
    name = VOICES.get(language) or voices().get(language)
    if name is None:
        others = ", ".join(nearest(language, VOICES)) or "none"
        raise UserError(
            f"no voice for the language {language!r}; there are voices for "
            f"{' '.join(sorted(VOICES))}, and eSpeak NG has {len(voices())} codes, of which the "
            f"nearest are: {others}"
        )
    if not voice.variant:
        return name
    if voice.variant not in variants():
        raise UserError(
            f"eSpeak NG has no voice variant {voice.variant!r}; it has {' '.join(variants())}"
        )
    return f"{name}+{voice.variant}"
