"""From eSpeak NG's phoneme strings to clean IPA phones, and the phone inventory of each language.

The rules, in order:

1.  Words are apart by spaces, phonemes by `SEPARATOR`; a phoneme that is printed as nothing (a
    pause, a silent letter) is left out.
2.  Language-switch marks, `(en)`, are left out. What stands between two of them is said in that
    language, by its rules below; whether that is a loan word or a word that could not be read,
    `phonemiser` tells apart.
3.  Stress (ˈ ˌ), syllable marks (n̩) and ties (t͡s) are left out.
4.  Tones are left out: a Mandarin vowel is the same phone in all tones. (eSpeak prints tones 1 and
    4 alike.) So it is in all other languages of eSpeak NG's.
5.  Length (ː) stays part of the phone that it lengthens; ASCII `:` is written ː.
6.  `_IPA[language]` turns what is left of eSpeak's mnemonics into IPA. eSpeak prints a mnemonic
    where its tables give no IPA (Kyrgyz, Mandarin, a few of the rest), and a wrong letter for two
    Russian sounds (y for ɨ, ɭ for ɫ). Doubtful distinctions of a few words go: the long p of
    Spanish "Egipto", the long consonants of Turkish. Marks of a variant (- ^) that the table does
    not know are left out.
7.  A sound that is drawn out ("wii", "waaaay") is the long or the plain one.
8.  Diphthongs are one phone, as eSpeak has them. A vowel with ɹ, l or a schwa after it, and a
    Mandarin final with a medial glide, are the two phones they are.

Nothing is ever normalised to NFKC, which would turn tʰ into th. Letters with marks are written in
NFD: a nasal vowel is a base letter and U+0303. The r-coloured schwa is ə and U+02DE, which panphon
knows, not U+025A, which it does not.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from parp_espnet.errors import UserError
from parp_espnet.phones.characters import decomposed
from parp_espnet.phones.espeak import LANGUAGES, SEPARATOR
from parp_espnet.phones.languages import meant

_INVENTORIES = Path(__file__).parent / "inventories"
_SWITCH = re.compile(r"\(([a-z-]*)\)")
_LEFT_OUT = re.compile("[ˈˌ\u0329\u0361\u035c]")
_TONE = re.compile("[1-5ɜ]+$")
_LONG = re.compile("ː+")
_LANGUAGES: dict[str, str] = {"cmn": "zh", "en-us": "en"}
"""eSpeak NG's names of languages, where they are not the project's codes."""
_TONAL = frozenset(
    {
        *("vi", "vi-vn-x-central", "vi-vn-x-south", "th", "shn", "my", "hak", "yue", "zh-yue"),
        *("yue-latn-jyutping", "cmn-latn-pinyin"),
    }
)
"""Languages beyond the project's in which ɜ at the end is how eSpeak NG prints the tone 3."""
_OTHER_TONE = re.compile("[1-9]+$")
_OTHER_TONE_3 = re.compile("[1-9ɜ]+$")

# eSpeak's mnemonics, by language; a value of several phones has spaces between them.
_IPA: dict[str, dict[str, str]] = {
    "en": {
        "ᵻ": "ɨ",
        "ɚ": "ə˞",
        "iə": "i ə",
        "əl": "ə l",
        "ɔːɹ": "ɔː ɹ",
        "ɑːɹ": "ɑː ɹ",
        "ʊɹ": "ʊ ɹ",
        "ɛɹ": "ɛ ɹ",
        "ɪɹ": "ɪ ɹ",
        "aɪə": "aɪ ə",
        "aɪɚ": "aɪ ə˞",
        "ææ": "æ",
        "ɐɐ": "ɐ",
    },
    # No language of the project, but one whose words others borrow.
    "de": {"ɜ": "ɐ"},
    "es": {"pː": "p"},
    "it": {"ss": "sː", "t̪": "t", "t̪ː": "tː", "d̪": "d"},
    "ky": {
        "t[": "t̪",
        "d[": "d̪",
        "tS": "tʃ",
        "dZ": "dʒ",
        "S": "ʃ",
        "N": "ŋ",
        "X": "χ",
        "l-": "ɫ",
        "oe": "œ",
        "oeː": "œː",
    },
    "ru": {"y": "ɨ", "ɭ": "ɫ", "ɭʲ": "lʲ", 'u"': "ʉ", "ja": "j a", "ju": "j u"},
    "sv": {"sx": "ɧ"},
    "tr": {
        "ɯɯ": "ɯː",
        "pː": "p",
        "tː": "t",
        "kː": "k",
        "dː": "d",
        "ɡː": "ɡ",
        "tʃː": "tʃ",
        "dʒː": "dʒ",
        "bː": "b",
    },
    "tt": {"ɯɯ": "ɯː"},
    "zh": {
        "ph": "pʰ",
        "th": "tʰ",
        "kh": "kʰ",
        "tsh": "tsʰ",
        "tɕh": "tɕʰ",
        "ts.": "ʈʂ",
        "ts.h": "ʈʂʰ",
        "s.": "ʂ",
        "i.": "ɨ",
        "i̪": "ɨ",
        "o-": "ɤ",
        "onɡ": "ʊ ŋ",
        "ər": "ə˞",
        "iɛ": "j ɛ",
        "iɑ": "j ɑ",
        "io": "o",
        "iou": "j ou",
        "ua": "w a",
        "uɑ": "w ɑ",
        "uo": "w o",
        "uə": "w ə",
        "uai": "w ai",
        "uei": "w ei",
        "yi": "y",
        "yɛ": "ɥ ɛ",
        "yæ": "ɥ æ",
        "yə": "ɥ ə",
    },
}


def clean(language: str, clauses: Iterable[str]) -> tuple[str, ...]:
    """Return the IPA phones of eSpeak NG's phoneme strings, one string a clause, by the rules
    above.
    """
    phones: list[str] = []
    for group in clean_each(language, clauses):
        phones += group
    return tuple(phones)


def clean_each(language: str, clauses: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the same, those of each phoneme apart: mostly one, and two or none of some.

    Phonemes that are printed as nothing are left out.
    """
    groups: list[tuple[str, ...]] = []
    for clause in clauses:
        # One group in the pattern: what is said, a language, what is said in it, a language, …
        first, *switched = _SWITCH.split(clause)
        spoken = [(_with_rules(language), first)]
        for name, part in zip(switched[::2], switched[1::2], strict=True):
            back = name.lower() == language
            spoken.append((_with_rules(language) if back else _LANGUAGES.get(name, name), part))
        for code, part in spoken:
            for phoneme in part.replace(" ", SEPARATOR).split(SEPARATOR):
                if phoneme:
                    groups.append(_phones(code, phoneme))
    return groups


def switches_language(clauses: Iterable[str]) -> bool:
    """Whether eSpeak NG spoke a part of the text by another language's rules."""
    return any(_SWITCH.search(clause) for clause in clauses)


def says_own(clauses: Iterable[str]) -> bool:
    """Whether eSpeak NG spoke a part of the text by the rules of its own language."""
    for clause in clauses:
        first, *switched = _SWITCH.split(clause)
        # What follows every second switch is its own again.
        if any(part.strip(f" {SEPARATOR}") for part in (first, *switched[3::4])):
            return True
    return False


def _with_rules(language: str) -> str:
    """The language whose mnemonics it has: its own, or that which it is a kind of (es-419)."""
    base = language.partition("-")[0]
    return base if language not in LANGUAGES and base in _IPA and base != "zh" else language


@cache
def load_inventory(language: str) -> tuple[str, ...]:
    """Return the phones of a language (a code of `VOICES`, or mb for Mboshi), in the order of the
    file.

    Raises `UserError` when there is no inventory for the language.
    """
    path = _INVENTORIES / f"{language}.txt"
    try:
        return tuple(path.read_text(encoding="utf-8").split())
    except FileNotFoundError:
        known = sorted(other.stem for other in _INVENTORIES.glob("*.txt"))
        raise UserError(
            f"no phone inventory for the language {language!r}; there are inventories for "
            f"{' '.join(known)}{meant(language, known)}"
        ) from None


@cache
def _phones(language: str, phoneme: str) -> tuple[str, ...]:
    bare = _LEFT_OUT.sub("", decomposed(phoneme)).replace(":", "ː")
    bare = _LONG.sub("ː", bare)
    if language == "zh":
        bare = _TONE.sub("", bare)
    elif language not in LANGUAGES:
        bare = (_OTHER_TONE_3 if language in _TONAL else _OTHER_TONE).sub("", bare)
    table = _IPA.get(language, {})
    if bare not in table:
        bare = bare.rstrip("-^")
    return tuple(table.get(bare, bare).split())
