#!/usr/bin/env bash
# uroman 1.3.1.1: three letters of the glottal stop become "s" and "st", as if a sound of their names were theirs.
#
# uroman writes any script in Latin letters, and is what texts of a thousand languages are prepared with before speech is
# aligned to them (MMS). Of the letters of the glottal stop it writes ʔ and the apostrophes as an apostrophe. For those that are
# rarer it has a table that was made from the names of characters: the saltillo ꞌ (U+A78C, "saltillo") of Me'phaa and other
# languages of Mexico is "s", the ɂ (U+0242, "glottal stop") of Dene languages, and the ˀ (U+02C0, "modifier letter glottal
# stop") of the Danish stød in IPA, are "st". A language code makes no difference. The aligner then looks for an s that nobody
# said, and a recogniser that is trained on it learns one. anyascii 0.3.3 has an apostrophe for all of them.
#
# Seen: "ʔ U+0294: aʔa -> a'a", "ʼ U+02BC: aʼa -> a'a", "ꞌ U+A78C: aꞌa -> asa", "ɂ U+0242: aɂa -> asta", "ˀ U+02C0: aˀa -> asta",
# "anyascii: a'a a'a a'a a'a a'a",
# "Meꞌphaa -> Mesphaa, Ɂehdzo -> Stehdzo, hunˀ -> hunst".
# Exit code 1 says that this has changed.
#
#     findings/uroman_says_s.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet uroman==1.3.1.1 anyascii==0.3.3
venv/bin/python - <<'PYTHON'
import sys
import unicodedata

from anyascii import anyascii
from uroman import Uroman

LETTERS = {"ʔ": "a'a", "ʼ": "a'a", "ꞌ": "asa", "ɂ": "asta", "ˀ": "asta"}
WORDS = {"Meꞌphaa": "Mesphaa", "Ɂehdzo": "Stehdzo", "hunˀ": "hunst"}
roman = Uroman()
held = []
for letter, seen in LETTERS.items():
    word = f"a{letter}a"
    written = roman.romanize_string(word)
    print(f"{letter} U+{ord(letter):04X}: {word} -> {written}")
    held.append(written == seen)
    held.append(letter in "ʼꞌ" or "GLOTTAL STOP" in unicodedata.name(letter))
peer = [anyascii(f"a{letter}a") for letter in LETTERS]
print(f"anyascii: {' '.join(peer)}")
held.append(peer == ["a'a"] * 5)
written = {word: roman.romanize_string(word) for word in WORDS}
print(", ".join(f"{word} -> {one}" for word, one in written.items()))
with_code = roman.romanize_string("aꞌa", lcode="tcf")
sys.exit(not (all(held) and written == WORDS and with_code == "asa"))
PYTHON
