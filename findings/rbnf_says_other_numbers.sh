#!/usr/bin/env bash
# unicode-rbnf 2.4.1: -3.7 is said as -3 in every language, and in three of them some thousands as other numbers.
#
# It spells out numbers by the rules of Unicode's CLDR, for text to speech and for the text of language models. Its README lists
# the rules of negative numbers and of fractions, and each works; but the former hands on an integer, so that -3.7 degrees are
# "minus three" and -0.5 is "minus". A part of a number that is zero is passed over, although the rule asks for it and has a
# word there (of Lithuanian's thousands: "tūkstančių"): 100000 is a hundred, 200001 is 201, and in Irish 20000 is twenty. Its
# rule for 2000 in Slovenian, "dva tisoč", is used up to 4999. Nothing is raised. num2words 0.5.14 says which numbers they are
# (it has no Irish); and whatever a language's words are, two of these numbers cannot have the same.
#
# Seen: "en 3.7: three point seven", "en -3: minus three", "en -3.7: minus three; num2words: minus three point seven",
# "de -3.7: minus drei; num2words: minus drei Komma sieben",
# "lt 100 and 100000: šimtas; num2words of the latter: vienas šimtas tūkstančių",
# "lt 201 and 200001: du šimtai vienas; num2words of the latter: du šimtai tūkstančių vienas",
# "sl 2000 and 3000: dva tisoč; num2words of the latter: tri tisoč",
# "sl 2500 and 4500: dva tisoč petsto; num2words of the latter: štiri tisoč petsto", "ga 20 and 20000: fiche".
# Exit code 1 says that this has changed.
#
#     findings/rbnf_says_other_numbers.sh        needs Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet unicode-rbnf==2.4.1
venv/bin/pip install --quiet --no-deps num2words==0.5.14
venv/bin/python - <<'PYTHON'
import sys

from num2words import num2words
from unicode_rbnf import RbnfEngine

ENGINES = {language: RbnfEngine.for_language(language) for language in ("en", "de", "lt", "sl", "ga")}


def said(language, number):
    return ENGINES[language].format_number(number).text.strip()


def peer(language, number):
    return num2words(number, lang=language)


held = [said("en", 3.7) == "three point seven", said("en", -3) == "minus three"]
print(f"en 3.7: {said('en', 3.7)}")
print(f"en -3: {said('en', -3)}")
for language in ("en", "de"):
    print(f"{language} -3.7: {said(language, -3.7)}; num2words: {peer(language, -3.7)}")
    held.append(said(language, -3.7) == said(language, -3) != peer(language, -3.7))
for language, one, other in (("lt", 100, 100000), ("lt", 201, 200001), ("sl", 2000, 3000), ("sl", 2500, 4500)):
    print(f"{language} {one} and {other}: {said(language, other)}; num2words of the latter: {peer(language, other)}")
    held.append(said(language, one) == said(language, other) and peer(language, one) != peer(language, other))
print(f"ga 20 and 20000: {said('ga', 20000)}")
held.append(said("ga", 20) == said("ga", 20000))

sys.exit(not all(held))
PYTHON
