"""Orthographies stay what they are."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parp_espnet.phones.letters import describe_dropped, letters_of, spell


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        # Marks belong to their base, and a tie joins two.
        ("ɔ̃ a̱ k͡p á ñ", "ɔ̃ _ a̱ _ k͡p _ á _ ñ"),
        ("t͡ʃ͜k e\u0301\u0331", "t͡ʃ͜k _ e\u0331\u0301"),
        # Tones.
        ("nda̠ku²³", "n d a̠ k u ² ³"),
        ("ɓe˩˥", "ɓ e ˩ ˥"),
        ("Ma3 ʔa55ma213", "m a 3 _ ʔ a 5 5 m a 2 1 3"),
        ("a꜓ H₂o", "a ꜓ _ h ₂ o"),
        # Apostrophes.
        ("yak' 'a", "y a k ' _ ' a"),
        ("it’s 'fine'", "i t ' s _ f i n e"),
        ("‘Okina, Hawai‘i", "' o k i n a _ h a w a i ' i"),
        ("kʼa kꞌi ʻo", "k ʼ a _ k ꞌ i _ ʻ o"),
        ("'he said yes.' ''so''", "h e _ s a i d _ y e s _ s o"),
        ("Xk'ulub' ri' ja'", "x k ' u l u b ' _ r i ' _ j a '"),
        # Length.
        ("kana:ta: so", "k a n a : t a : _ s o"),
        ("kaː ka꞉ ka·", "k a ː _ k a ꞉ _ k a ·"),
        # Glottal stops and clicks.
        ("ba?a ba?", "b a ? a _ b a ?"),
        ("sḵwx̱wú7mesh", "s ḵ w x̱ w ú 7 m e s h"),
        ("!xóõ |ui ||ani ǃKung!", "! x ó õ _ | u i _ | | a n i _ ǃ k u n g"),
        # Scripts.
        ("किताब क्ष", "कि ता ब _ क् ष"),
        ("ሰላም፡ዓለም።", "ሰ ላ ም _ ዓ ለ ም"),
        ("ᏣᎳᎩ", "Ꮳ Ꮃ Ꭹ"),
        ("ߒ߫ߞߏ߲", "ߒ߫ ߞ ߏ߲"),
        ("ꓡꓲꓢꓴꓸ ꓐꓽ꓿", "ꓡ ꓲ ꓢ ꓴ ꓸ _ ꓐ ꓽ"),
        ("བསྒྲུབས་པ།", "བ སྒྲུ བ ས _ པ"),
        ("กำลังดี", "ก ำ ลั ง ดี"),
        ("צ׳יפס צה״ל־", "צ ׳ י פ ס _ צ ה ״ ל"),
        ("می\u200cخواهم", "م ی خ و ا ه م"),
        ("\u200fسلـام\u200f", "س ل ا م"),
        ("ភាសា\u200bខ្មែរ", "ភា សា _ ខ្ មែ រ"),
        ("二〇年", "二 〇 年"),
        ("İstanbul ẞ ﬁ", "i s t a n b u l _ ß _ ﬁ"),
    ],
)
def test_letters_of_orthographies(text: str, letters: str) -> None:
    expected = [unicodedata.normalize("NFC", letter) for letter in letters.split()]
    assert [letter.replace("<space>", "_") for letter in letters_of(text)] == expected
    decomposed = letters_of(unicodedata.normalize("NFD", text))
    assert decomposed == letters_of(text)


@pytest.mark.parametrize(
    "text", ["in 1990", "ma34567", "covid2019", "2nd", "½", "ka^55", "ma９", "٣ كتب", "Ⅳ"]
)
def test_numbers_are_to_be_written_out(text: str) -> None:
    with pytest.raises(ValueError, match="expected words, found digits"):
        letters_of(text)


def test_what_is_left_out_is_counted_and_shown() -> None:
    spelling = spell("(a) – b, 'c', «d»!? x\u200by \u0303")
    assert spelling.letters == tuple(" <space> ".join("abcdxy").split(" "))
    assert spelling.dropped == Counter({"'": 2, ",": 2, **dict.fromkeys("()–«»!?\u0303", 1)})
    assert describe_dropped(Counter({".": 3, ",": 2, "\u200f": 1})) == (
        "6 characters left out of the text (. 3, U+002C 2, U+200F 1)"
    )
    assert describe_dropped(Counter()) == ""
    assert describe_dropped(Counter({chr(0x2030 + number): 1 for number in range(14)})).endswith(
        "2 others)"
    )


@given(st.text())
def test_nothing_is_lost_without_being_counted(text: str) -> None:
    try:
        spelling = spell(text)
    except ValueError:
        return
    kept = "".join(letter for word in spelling.words for letter in word)
    assert all(letter and not letter.isspace() for word in spelling.words for letter in word)
    assert not any(
        unicodedata.category(letter[0]).startswith("M")
        for word in spelling.words
        for letter in word
    )
    assert spelling.letters == letters_of(text)
    assert len(kept) + sum(len(mark) * times for mark, times in spelling.dropped.items()) > 0


@pytest.mark.parametrize("mark", ["՞", "՛"])
def test_armenian_punctuation_within_a_word_does_not_part_it(mark: str) -> None:
    spelling = spell(f"ինչո{mark}ւ")
    assert spelling.letters == tuple("ինչու")
    assert spelling.dropped == Counter({mark: 1})


def test_a_character_that_was_lost_is_no_punctuation() -> None:
    with pytest.raises(
        ValueError, match=r"found a character that was lost \(U\+FFFD\) in 'caf\ufffd'"
    ):
        spell("caf\ufffd")
