#!/usr/bin/env bash
# espeakng-loader 0.2.4 (eSpeak NG 1.52): in Kyrgyz the names of quotation marks and brackets are spoken, in Spanish not.
#
# eSpeak NG leaves out punctuation unless it is told to say it (espeak_SetParameter, espeakPUNCTUATION). The Kyrgyz voice
# says `"`, `(` and `[` all the same, so a text to phones conversion has words that nobody wrote.
#
# Seen, of a word alone, in quotation marks, and in brackets:
# "ky: ооба -> o:bˈɑ | t[ˌɯrmɑqtSˈɑ o:bˈɑt[ˌɯrmɑqtSˈɑ | o:bˈɑqɑSˈɑ: dZɑbˈu:" and
# "es: bueno -> bwˈeno | bwˈeno | bwˈeno".
# Exit code 1 says that this has changed.
#
#     findings/espeak_says_quotes.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
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

espeak = ctypes.CDLL(espeakng_loader.get_library_path())
espeak.espeak_TextToPhonemes.restype = ctypes.c_char_p
espeak.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)


def phonemes(voice: str, text: str) -> str:
    assert espeak.espeak_SetVoiceByName(voice.encode()) == 0
    place = ctypes.pointer(ctypes.c_char_p(text.encode()))
    said = []
    while place.contents.value is not None:
        said.append(espeak.espeak_TextToPhonemes(place, 1, 2).decode())
    return " ".join(" ".join(said).split())


found = {}
for voice, word in (("ky", "ооба"), ("es", "bueno")):
    found[voice] = [phonemes(voice, text) for text in (word, f'"{word}"', f"({word})")]
    print(f"{voice}: {word} -> {' | '.join(found[voice])}")
sys.exit(len(set(found["ky"])) == 1 or len(set(found["es"])) != 1)
PYTHON
