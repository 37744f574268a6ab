#!/usr/bin/env bash
# espeakng-loader 0.2.4 (eSpeak NG 1.52): it lists voices of Faroese, Karakalpak and xextan that say nothing, and choosing one succeeds.
#
# The wheel has their files in `lang/`, so espeak_ListVoices names them and espeak_SetVoiceByName returns 0 (EE_OK), but not their
# dictionaries: espeak_TextToPhonemes returns an empty string for every text. Only a line on stderr tells. Whoever offers the languages
# that the library lists offers these, and gets empty pronunciations. A voice that is not listed is refused with code 2.
#
# Seen (stderr aside): "listed and without a dictionary: fo kaa xex",
# "is: 0 'tˈaːla'", "fo: 0 ''", "kaa: 0 ''", "xex: 0 ''".
# Exit code 1 says that this has changed.
#
#     findings/espeak_voices_without_words.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet espeakng-loader==0.2.4
venv/bin/python - <<'PYTHON'
import ctypes
import sys

import espeakng_loader


class Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
    ]


espeak = ctypes.CDLL(espeakng_loader.get_library_path())
espeak.espeak_TextToPhonemes.restype = ctypes.c_char_p
espeak.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(Voice))
espeak.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)


def phonemes(voice: str) -> tuple[int, str]:
    code = espeak.espeak_SetVoiceByName(voice.encode())
    place = ctypes.pointer(ctypes.c_char_p(b"tala"))
    return code, espeak.espeak_TextToPhonemes(place, 1, 2).decode()


listed = []
for voice in espeak.espeak_ListVoices(None):
    if not voice:
        break
    # A byte of priority comes before the code.
    listed.append(voice.contents.languages[1:].decode())
silent = [code for code in sorted(set(listed)) if phonemes(code) == (0, "")]
print("listed and without a dictionary:", *silent)
for code in ("is", *silent):
    print(f"{code}: {phonemes(code)[0]} {phonemes(code)[1]!r}")
sys.exit(silent != ["fo", "kaa", "xex"] or phonemes("is") != (0, "tˈaːla"))
PYTHON
