"""Mboshi (Bantu C25, Congo-Brazzaville): real speech of a language with few resources, and its
phones.

Recordings and transcriptions of field linguists, in the layout of
github.com/besacier/mboshi-french-parallel-corpus (Godard et al., "A Very Low Resource Language
Speech Corpus for Computational Language Documentation Experiments", LREC 2018, arXiv 1710.03501):
`DIR/full_corpus_newsplit/{train,dev}/<speaker>_<date>_…_<n>.wav` with an `.mb` beside each. Train
is the corpus's train; the corpus's dev is divided into dev and test, by a hash of the sentence, so
that a sentence which was recorded twice is in one of them only.

Phones come from the linguists' spelling, which is close to the phonology, by this rule:

1.  Lower case, NFD; the marks of tone (acute, and grave, circumflex, caron, macron if there are
    any) are dropped, and so is punctuation. An apostrophe stands for an elided vowel and is dropped
    with it; words stay apart.
2.  The letters of `_LETTERS` become phones, the longest first: `mb nd ng ndz mbv mv nz` are one
    prenasalised consonant, `ny bh gh` are ɲ β ɣ, `bv pf dz ts` affricates, `ky gy kw` single
    consonants. ε and ω are the open vowels ɛ and ɔ. A w or y after any other consonant is the glide
    w or j.
3.  The same vowel letter twice is one long vowel (aː), whatever the tones; three are a long and a
    short one.
"""

import hashlib
import unicodedata
from pathlib import Path

from parp_espnet.data.kaldi import Utterance
from parp_espnet.errors import UserError
from parp_espnet.files import text_of
from parp_espnet.phones.characters import decomposed
from parp_espnet.sound.reader import open_sound

SPLITS = ("train", "dev", "test")
LANGUAGE = "mb"

_SAMPLE_RATE = 16000
_TONES = frozenset("\u0300\u0301\u0302\u0304\u030c")
_PUNCTUATION = frozenset("'’ʼ‘.,;:?!…\"«»“”()-–")

_VOWELS = {"a": "a", "e": "e", "i": "i", "o": "o", "u": "u", "ε": "ɛ", "ɛ": "ɛ", "ω": "ɔ", "ɔ": "ɔ"}
_LETTERS = {
    **_VOWELS,
    **{vowel * 2: f"{phone}ː" for vowel, phone in _VOWELS.items()},
    # Prenasalised consonants.
    **{"mb": "mb", "nd": "nd", "ng": "ŋɡ", "ndz": "ndz", "mbv": "mbv", "mv": "mv", "nz": "nz"},
    # Affricates, and fricatives and nasals of two letters.
    **{"bv": "bv", "pf": "pf", "dz": "dz", "ts": "ts", "bh": "β", "gh": "ɣ", "ny": "ɲ"},
    **{"ky": "kʲ", "gy": "ɡʲ", "kw": "kʷ"},
    **{letter: letter for letter in "bdfhklmnprstvwz"},
    **{"g": "ɡ", "y": "j"},
}
_LONGEST = max(map(len, _LETTERS))


def read(root: Path, split: str) -> list[Utterance]:
    """Return the utterances of a set (one of `SPLITS`) of the corpus at `root`, sorted by id.

    Raises `UserError` when the directory is not the corpus, a transcription has no recording or the
    other way round, a recording is not 16 kHz mono, or a transcription has a character that the
    rule does not know.
    """
    if split not in SPLITS:
        raise UserError(f"--set {split}: expected one of {' '.join(SPLITS)}")
    folder = root / "full_corpus_newsplit" / ("train" if split == "train" else "dev")
    if not folder.is_dir():
        raise UserError(
            f"--mboshi {root}: no {folder.relative_to(root)} in it; expected a clone of "
            "github.com/besacier/mboshi-french-parallel-corpus"
        )
    recorded = {path.stem for path in folder.glob("*.wav")}
    written = {path.stem for path in folder.glob("*.mb")}
    for stem in sorted(recorded ^ written):
        lacks = "recording (.wav)" if stem in written else "transcription (.mb)"
        raise UserError(f"{folder}: utterance {stem} has no {lacks}")
    if not recorded:
        raise UserError(f"{folder}: no recording in it; expected *.wav and *.mb")
    utterances = []
    for stem in sorted(recorded):
        utterance = _utterance(folder, stem)
        if split == "train" or _half(utterance.phones) == split:
            utterances.append(utterance)
    return utterances


def phones_of(text: str) -> tuple[str, ...]:
    """Return the phones of a text in the linguists' spelling, by the rule above.

    Raises `ValueError` with the character when there is one that the rule does not know.
    """
    marked = decomposed(text.lower())
    toneless = unicodedata.normalize("NFC", marked.translate(dict.fromkeys(map(ord, _TONES))))
    spelling = toneless.translate(dict.fromkeys(map(ord, _PUNCTUATION), " "))
    phones: list[str] = []
    for word in spelling.split():
        phones += _phones_of_word(word)
    return tuple(phones)


def _phones_of_word(word: str) -> list[str]:
    phones = []
    while word:
        letters = word[:_LONGEST]
        while letters and letters not in _LETTERS:
            letters = letters[:-1]
        if not letters:
            raise ValueError(word[0])
        phones.append(_LETTERS[letters])
        word = word[len(letters) :]
    return phones


def _utterance(folder: Path, stem: str) -> Utterance:
    wav, transcription = folder / f"{stem}.wav", folder / f"{stem}.mb"
    text = " ".join(text_of(transcription).split())
    speaker, _, rest = stem.partition("_")
    try:
        phones = phones_of(text)
    except ValueError as error:
        character = str(error)
        raise UserError(
            f"{transcription}: utterance {stem}: {character!r} (U+{ord(character):04X}) is no "
            f"letter of the "
            f"Mboshi spelling; mend {text!r}, or add the letter to parp_espnet/corpora/mboshi.py"
        ) from None
    with open_sound(wav) as sound:
        duration = sound.frames() / sound.rate
    if (sound.rate, sound.channels) != (_SAMPLE_RATE, 1):
        raise UserError(
            f"{wav}: expected 16 kHz mono, found {sound.rate} Hz and {sound.channels} channels"
        )
    return Utterance(
        id=f"{speaker}-{rest}",
        speaker=speaker,
        language=LANGUAGE,
        wav=str(wav.resolve()),
        phones=phones,
        text=text,
        duration=duration,
    )


def _half(phones: tuple[str, ...]) -> str:
    """Which half of the corpus's dev a sentence belongs to."""
    digest = hashlib.sha256(" ".join(phones).encode()).digest()
    return ("dev", "test")[digest[0] % 2]
